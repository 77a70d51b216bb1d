"""What the buttons do: the commands of operators, given by an administrator."""

from collections.abc import Callable, Mapping
from typing import Any

from ewspush.control import CommandError
from ewspush.control.steering import Steering
from ewspush.inspector import outcomes
from ewspush.inspector.requests import NotFound
from ewspush.inspector.surroundings import Page, Surroundings
from ewspush.operations.management.context import Actor

_LONGEST_WATERMARK = 100  # characters
_OK = "OK"


def act(around: Surroundings, actor: Actor, form: Mapping[str, str], id: str, action: str) -> Page:
    """Carry out an action; what came of it, in words. Blocks, perhaps for a responder."""
    steering = Steering(around.management, around.engine.describe, around.engine, lambda: actor)
    if action not in _ACTIONS:
        raise NotFound
    try:
        is_good, text = _ACTIONS[action](steering, id, form)
    except CommandError as error:
        is_good, text = False, f"Not done: {error}."
    return Page("said.html", {"is_good": is_good, "text": text, "back": f"/subscriptions/{id}"})


def _pause(steering: Steering, id: str, _: Mapping[str, str]) -> tuple[bool, str]:
    steering.pause(id)
    return True, "Paused: nothing is sent until it is resumed."


def _resume(steering: Steering, id: str, _: Mapping[str, str]) -> tuple[bool, str]:
    steering.resume(id)
    return True, "Resumed: it goes on after the last acknowledgement."


def _end(steering: Steering, id: str, _: Mapping[str, str]) -> tuple[bool, str]:
    steering.end(id)
    return True, "Ended: its client has to subscribe again."


def _retry_now(steering: Steering, id: str, _: Mapping[str, str]) -> tuple[bool, str]:
    return _told("Tried again", steering.retry_now(id))


def _heartbeat(steering: Steering, id: str, _: Mapping[str, str]) -> tuple[bool, str]:
    return _told("Sent a notification", steering.heartbeat(id))


def _resend(steering: Steering, id: str, form: Mapping[str, str]) -> tuple[bool, str]:
    watermark = form.get("watermark", "").strip()[:_LONGEST_WATERMARK] or None
    return _told("Sent again", steering.resend(id, watermark))


_ACTIONS: dict[str, Callable[[Steering, str, Mapping[str, str]], tuple[bool, str]]] = {
    "end": _end,
    "heartbeat": _heartbeat,
    "pause": _pause,
    "resend": _resend,
    "resume": _resume,
    "retry-now": _retry_now,
}


def _told(done: str, attempted: Mapping[str, Any]) -> tuple[bool, str]:
    words, status = outcomes.words(attempted["outcome"]), attempted["http_status"]
    parts = [status and f"HTTP {status}", f"{attempted['ms']} ms", attempted["detail"]]
    details = ", ".join(dict.fromkeys(part for part in parts if part))
    return attempted["outcome"] == _OK, f"{done}: {words.label} ({details})."
