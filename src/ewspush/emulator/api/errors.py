"""What the control API refuses, and how it says so."""

import re
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ewspush.control import CommandError
from ewspush.core import errors as ews
from ewspush.core.errors import EwsError
from ewspush.core.management import Code, ManagementError
from ewspush.emulator.api.patterns import MEANINGS
from ewspush.emulator.emulator import Interrupted
from ewspush.emulator.faults import TooManyFaults

_LONGEST_SHOWN = 64


class ApiError(Exception):
    """A request that is refused, and changed nothing. `field` is where in it, if that is known."""

    def __init__(self, status: HTTPStatus, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.field = field


class FieldError(ValueError):
    """A value that is wrong beside others. `str()` says what it should be."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def not_found(what: str, field: str | None = None) -> ApiError:
    """There is no such thing."""
    return ApiError(HTTPStatus.NOT_FOUND, f"there is no {what}", field)


def shown(text: str) -> str:
    """What was given, as a message repeats it."""
    return repr(text[:_LONGEST_SHOWN])


# Exchange's errors by what they are here; all others are of a bad value.
_NOT_FOUND = (ews.FolderNotFound, ews.ItemNotFound, ews.SubscriptionNotFound)
_CONFLICT = (
    ews.AccountDisabled,
    ews.CannotEmptyFolder,
    ews.DeleteDistinguishedFolder,
    ews.ExceededSubscriptionCount,
    ews.FolderExists,
    ews.MoveCopyFailed,
    ews.MoveDistinguishedFolder,
    ews.QuotaExceeded,
)
_TOO_LARGE = (ews.DataSizeLimitExceeded, ews.MessageSizeExceeded)
_FIELDS: dict[type[EwsError], str] = {
    ews.FolderExists: "display_name",
    ews.FolderSavePropertyError: "display_name",
    ews.InvalidPushSubscriptionUrl: "url",
    ews.InvalidWatermark: "watermark",
}
_MANAGEMENT = {
    Code.MAILBOX_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.INVALID_VALUE: HTTPStatus.BAD_REQUEST,
    Code.WEAK_PASSWORD: HTTPStatus.BAD_REQUEST,
}
_MANAGEMENT_FIELDS = {"Email": "address", "LocalPart": "address", "Password": "password"}


def refusal_of(error: Exception) -> ApiError | None:
    """How an error of the operations is told; None if it is a bug."""
    match error:
        case ApiError():
            return error
        case EwsError():
            return ApiError(_status_of(error), _sentence(str(error)), _FIELDS.get(type(error)))
        case ManagementError():
            return _of_management(error)
        case CommandError() | Interrupted() | TooManyFaults():
            return ApiError(HTTPStatus.CONFLICT, _sentence(str(error)))
    return None


def _status_of(error: EwsError) -> HTTPStatus:
    if isinstance(error, _NOT_FOUND):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, _CONFLICT):
        return HTTPStatus.CONFLICT
    if isinstance(error, _TOO_LARGE):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPStatus.BAD_REQUEST


def _sentence(text: str) -> str:
    return text.removesuffix(".")


def _of_management(error: ManagementError) -> ApiError:
    status = _MANAGEMENT.get(error.code, HTTPStatus.CONFLICT)
    field = _MANAGEMENT_FIELDS.get((error.field or "").rpartition(".")[2])
    text = str(error)
    if field == "password" and error.allowed:
        text = f"{text}; {field} should be {error.allowed}"
    return ApiError(status, text, field)


# Errors of validation

_SUBJECT = re.compile(r"(?:Input|String|List|Value|Dictionary|Object) (?=should )")


def of_validation(error: ValidationError, model: Any) -> ApiError:
    """The first thing that is wrong with a body or a query of this type."""
    first: Any = error.errors(include_url=False)[0]
    place = first["loc"]
    if not isinstance(model, type):  # a choice of several by kind, which is told first
        place = place[1:] or ("kind",)
    given = first.get("ctx", {}).get("error")
    if isinstance(given, FieldError) and given.field:
        place = (*place, given.field)
    field = _path(place)
    return ApiError(HTTPStatus.BAD_REQUEST, _text(first, field, model), field or None)


def _path(place: tuple[str | int, ...]) -> str:
    """`attachments[0].content`."""
    path = ""
    for part in place:
        shown_part = str(part)[:_LONGEST_SHOWN]
        separator = "." if path else ""
        path += f"[{part}]" if isinstance(part, int) else f"{separator}{shown_part}"
    return path


def _text(error: Any, field: str, model: Any) -> str:
    if error["type"] == "json_invalid":
        return f"the body should be JSON: {error['ctx']['error']}"
    if error["type"] == "value_error" and str(error["ctx"]["error"]).endswith("."):
        return _sentence(str(error["ctx"]["error"]))
    return f"{field or 'the body'} {_what_is_wrong(error, model)}"


_PHRASES = {
    "missing": "is missing",
    "union_tag_not_found": "is missing",
}


def _what_is_wrong(error: Any, model: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"is not known{_known(error, model)}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_pattern_mismatch":
            return f"should {MEANINGS[error['ctx']['pattern']]}"
        case "union_tag_invalid":
            return f"should be one of {error['ctx']['expected_tags']}"
    if error["type"] in _PHRASES:
        return _PHRASES[error["type"]]
    return _SUBJECT.sub("", str(error["msg"]))


def _known(error: Any, model: Any) -> str:
    fields: dict[str, FieldInfo] = getattr(model, "model_fields", {})
    if len(error["loc"]) > 1 or not fields:
        return ""
    return f"; there are {', '.join(each.alias or name for name, each in fields.items())}"
