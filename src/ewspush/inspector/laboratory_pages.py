"""The panels for time and faults, and what their forms do. All of it in the reactor's thread."""

import math
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from ewspush.inspector.laboratory import Laboratory
from ewspush.inspector.pictures import duration
from ewspush.inspector.requests import NotFound, Refused
from ewspush.inspector.surroundings import Page

OF_NOTIFICATIONS = {
    "connect": "cannot be connected to",
    "timeout": "times out",
    "lost": "gets lost after the responder answered",
    "delay": "is delayed",
    "batch": "has few events, and says that more come",
    "error": "is an error-class message",
}
OF_REQUESTS = {
    "response-code": "is answered with a ResponseCode",
    "soap-fault": "is answered with a SOAP fault",
    "busy": "is answered with ErrorServerBusy",
    "http-503": "is answered with HTTP 503",
    "drop": "has its connection dropped",
}
_MOST_DAYS = 3650
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_TEXTS = ("url", "subscription", "mailbox", "operation", "response_code")
_NUMBERS = {"times": int, "delay_s": float, "batch": int, "back_off_ms": int}
_LONGEST = 2083  # characters of a field

Form = Mapping[str, str]


def page(laboratory: Laboratory) -> Page:
    """Time, and the faults there are."""
    values: dict[str, Any] = {
        "faults": [_row(each) for each in laboratory.faults()],
        "of_notifications": OF_NOTIFICATIONS,
        "of_requests": OF_REQUESTS,
    }
    return Page("laboratory.html", values, follows={})


def _row(fault: Mapping[str, object]) -> dict[str, object]:
    kind = str(fault["kind"])
    is_of_requests = kind in OF_REQUESTS
    rest = {
        name: value
        for name, value in fault.items()
        if name not in ("id", "kind", "left", "used", "times") and value is not None
    }
    return {
        "id": fault["id"],
        "what": "EWS request" if is_of_requests else "notification",
        "words": OF_REQUESTS.get(kind) or OF_NOTIFICATIONS.get(kind) or kind,
        "details": [(name.replace("_", " "), str(value)) for name, value in rest.items()],
        "left": fault.get("left"),
        "used": fault.get("used", 0),
    }


async def act(laboratory: Laboratory, action: str, form: Form) -> Page:
    """Carry out an action; what came of it, in words. Raises Refused."""
    if action not in _ACTIONS:
        raise NotFound
    text = await _ACTIONS[action](laboratory, form)
    return Page("said.html", {"is_good": True, "text": text, "back": "/laboratory"})


async def _freeze(laboratory: Laboratory, _: Form) -> str:
    laboratory.freeze()
    return "Time stands still."


async def _resume(laboratory: Laboratory, _: Form) -> str:
    laboratory.resume()
    return "Time goes on."


async def _advance(laboratory: Laboratory, form: Form) -> str:
    seconds = _number(form.get("by", ""), float) * _UNITS.get(form.get("unit", "s"), 1)
    if not 0 < seconds <= _MOST_DAYS * _UNITS["d"]:
        raise _bad(f"Time is advanced by more than nothing and at most {_MOST_DAYS} days.")
    try:
        await laboratory.advance(seconds)
    except ValueError as error:
        raise Refused(HTTPStatus.CONFLICT, f"Not advanced: {error}.") from None
    return f"Time was advanced by {duration(seconds)}; all that was due has happened."


async def _reset(laboratory: Laboratory, _: Form) -> str:
    await laboratory.reset()
    return "Everything is as it was when the server was started."


async def _add_fault(laboratory: Laboratory, form: Form) -> str:
    fault: dict[str, object] = {"kind": form.get("kind", "")}
    for name in _TEXTS:
        if value := form.get(name, "").strip()[:_LONGEST]:
            fault[name] = value
    for name, convert in _NUMBERS.items():
        if value := form.get(name, "").strip():
            fault[name] = _number(value, convert)
    if form.get("for_ever"):
        fault["times"] = None
    try:
        laboratory.add_fault(fault)
    except ValueError as error:
        raise _bad(f"Not added: {error}") from None
    return "The fault was added."


async def _remove_fault(laboratory: Laboratory, form: Form) -> str:
    try:
        laboratory.remove_fault(form.get("id", ""))
    except KeyError:
        return "The fault is gone already."
    return "The fault was removed."


async def _clear_faults(laboratory: Laboratory, _: Form) -> str:
    laboratory.clear_faults()
    return "There are no faults any more."


_ACTIONS: dict[str, Callable[[Laboratory, Form], Awaitable[str]]] = {
    "add-fault": _add_fault,
    "advance": _advance,
    "clear-faults": _clear_faults,
    "freeze": _freeze,
    "remove-fault": _remove_fault,
    "reset": _reset,
    "resume": _resume,
}


def _number(text: str, convert: type[int] | type[float]) -> float:
    try:
        number = convert(text[:30])
    except ValueError:
        number = convert(-1)
    if not math.isfinite(number) or number < 0:
        raise _bad(f"{text[:30]!r} is no number.")
    return number


def _bad(text: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, text)
