"""The emulator as a whole: its time, its state, snapshots."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from ewspush.emulator.api.errors import FieldError
from ewspush.emulator.api.models.common import Given, GivenMoment, Id, Moment, Told
from ewspush.emulator.api.patterns import DURATION

LONGEST_LEAP_S = 10 * 366 * 86_400

_MILLISECOND_S = 0.001
_LEAP = f"should be seconds from 0 to {LONGEST_LEAP_S}, or a duration of ISO 8601 such as PT7M"
_DURATION = re.compile(DURATION)
_UNITS = {"W": 604_800, "D": 86_400, "H": 3600, "M": 60, "S": 1}
_PART = re.compile(r"([0-9.]+)([WDHMS])")


def _leap(value: Any) -> float:
    if isinstance(value, str) and _DURATION.fullmatch(value):
        value = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LONGEST_LEAP_S:
        raise ValueError(_LEAP)
    return float(value)


def _given(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("should be a time such as 2026-11-21T15:00:00Z")
    return value


Leap = Annotated[
    float | None,
    PlainValidator(_leap),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": LONGEST_LEAP_S},
                {"type": "string", "pattern": DURATION},
            ],
            "description": "Seconds, or a duration of ISO 8601.",
            "examples": ["PT7M", 420],
        }
    ),
]
Destination = Annotated[
    GivenMoment | None,
    BeforeValidator(_given),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "Not in the past."}),
]


class Time(Told):
    """The emulator's time."""

    now: Moment
    epoch_s: Annotated[float, Field(description="The same in seconds since 1970.")]
    frozen: bool
    next_at: Annotated[
        Moment | None,
        Field(
            description="When the next heartbeat or retry is sent, of all push subscriptions. "
            "What waits because of a fault is not counted, nor retention."
        ),
    ]


class Status(Told):
    """The emulator, and where it listens."""

    version: str
    ews_url: str
    http: str
    lmtp: str
    data: str
    time: Time


def _describe_choice(schema: dict[str, Any]) -> None:
    for each in schema["properties"].values():
        del each["default"]
    schema["oneOf"] = [{"required": ["by"]}, {"required": ["to"]}]


class Advance(Given):
    """Where time is to go."""

    model_config = ConfigDict(json_schema_extra=_describe_choice)

    by: Leap = None
    to: Destination = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "Advance":
        if (self.by is None) == (self.to is None):
            raise FieldError("", "should have either by or to")
        return self

    def seconds_from(self, now_s: float) -> float:
        """How far that is. Raises FieldError if it is no way to go."""
        if self.by is not None:
            return self.by
        assert isinstance(self.to, datetime), "one of both is given"
        seconds = self.to.timestamp() - now_s
        if -_MILLISECOND_S < seconds < 0:  # what time it is is told in whole ones
            return 0.0
        if not 0 <= seconds <= LONGEST_LEAP_S:
            text = "to should not be in the past, nor more than ten years ahead"
            raise FieldError("to", text)
        return seconds


class Advanced(Told):
    """What it is now, and how many notifications were attempted on the way."""

    time: Time
    attempts: int


class NewSnapshot(Told):
    """A snapshot that was made."""

    id: Id


class Snapshots(Told):
    """The ids of all snapshots, the oldest first."""

    snapshots: list[Id]
