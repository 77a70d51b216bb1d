"""What the models have in common: their strictness, and the kinds of values."""

import re
from base64 import b64decode
from datetime import UTC, datetime
from math import ceil
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from ewspush.core import times
from ewspush.emulator.api.patterns import LINE, TEXT

MOST = 1000  # of anything, in one answer
GREATEST = (1 << 63) - 1
_CLOSE_MS = 1e-3  # times of day have no more than so much of exactness
LONGEST_BODY = 10_000_000  # characters


class Given(BaseModel):
    """What a client sends. Nothing is taken for something else, and nothing is ignored."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        regex_engine="python-re",
        defer_build=True,  # until it is used: an emulator is to be ready soon
    )


class Told(BaseModel):
    """What a client is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, defer_build=True)


class Nothing(Given):
    """No field at all."""


class Error(Told):
    """Why a request was refused."""

    error: Annotated[str, Field(description="One sentence.")]
    field: Annotated[str | None, Field(description="Which value is wrong, if one is.")]


# Times


def moment(at_s: float) -> str:
    """Seconds since the epoch as RFC 3339 with milliseconds."""
    return _in_text(round(at_s * 1000))


def moment_from(at_s: float) -> str:
    """The same, not before that: who lets time pass until then is there."""
    return _in_text(ceil(at_s * 1000 - _CLOSE_MS))


def _in_text(at_ms: int) -> str:
    seconds, rest = divmod(at_ms, 1000)
    return f"{times.to_text(seconds).removesuffix('Z')}.{rest:03}Z"


def in_milliseconds(text: str | None) -> str | None:
    """A time as EWS writes it, in the same form."""
    return text and f"{text.removesuffix('Z')}.000Z"


def moment_ms(at_ms: int) -> str:
    """The same of milliseconds."""
    return moment(at_ms / 1000)


Moment = Annotated[
    str,
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-21T15:00:00.000Z"]),
]


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("should be a time of the years 1 to 9999") from None


# Not strict, or a time that was looked at already would not be read as JSON any more.
GivenMoment = Annotated[
    AwareDatetime, Field(strict=False), AfterValidator(_in_utc), PlainSerializer(str)
]

# Texts

Text = Annotated[str, Field(pattern=TEXT, max_length=LONGEST_BODY)]
Line = Annotated[str, Field(pattern=LINE, max_length=1000)]
Name = Annotated[str, Field(pattern=LINE, min_length=1, max_length=255)]
Id = Annotated[str, Field(pattern=LINE, min_length=1, max_length=64)]
MailAddress = Annotated[
    str, Field(pattern=LINE, min_length=3, max_length=320, examples=["user@example.com"])
]
FolderGiven = Annotated[
    str,
    Field(
        pattern=LINE,
        min_length=1,
        max_length=64,
        description="The distinguished name of a folder, or its id.",
        examples=["inbox"],
    ),
]


def _check_base64(text: str) -> str:
    try:
        b64decode(text, validate=True)
    except ValueError:
        raise ValueError("should be base64") from None
    return text


Base64 = Annotated[
    str, AfterValidator(_check_base64), Field(json_schema_extra={"contentEncoding": "base64"})
]

# Values of a query, which are all text

_INTEGER = re.compile("[0-9]{1,19}")


def _as_integer(value: Any) -> Any:
    is_number = isinstance(value, str) and _INTEGER.fullmatch(value)
    return int(value) if is_number else value


QueryInteger = Annotated[int, BeforeValidator(_as_integer)]
Limit = Annotated[QueryInteger, Field(ge=1, le=MOST)]
After = Annotated[QueryInteger, Field(ge=0, le=GREATEST)]

AnyJson = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
