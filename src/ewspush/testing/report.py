"""What the emulator did, in a few lines, for the report of a test that failed."""

from collections import Counter

from ewspush.testing.client import EwsServer
from ewspush.testing.connection import EmulatorError
from ewspush.testing.records import Attempt, Fault, Subscription
from ewspush.wire import received

_PATIENCE_S = 5.0
_SHOWN = 12  # attempts of each subscription
_MOST_SUBSCRIPTIONS = 10
_BY_A_FAULT = "by a fault of the emulator"
_UNDER_WAY = "notification"  # what is next for a subscription then


def tell(server: EwsServer) -> str:
    """The story of an emulator: its time, subscriptions, attempts and faults."""
    unused = [_of_removed(fault) for fault in server.faults.removed() if _is_unused(fault)]
    try:
        return "\n".join(_lines(EwsServer(server.url, _PATIENCE_S)) + unused)
    except EmulatorError as error:
        return str(error)
    except Exception as error:  # pytest would end with it, and not tell of the test
        return f"What the emulator did cannot be told: {error!r}"


def _lines(server: EwsServer) -> list[str]:
    time = server.time
    lines = [f"It is {time.now:%Y-%m-%d %H:%M:%S}{' and time is frozen' if time.frozen else ''}."]
    subscriptions = server.subscriptions()
    if not subscriptions:
        lines.append("Nobody has subscribed.")
    for one in subscriptions[:_MOST_SUBSCRIPTIONS]:
        lines += _of_subscription(server, one)
    if len(subscriptions) > _MOST_SUBSCRIPTIONS:
        lines.append(f"{len(subscriptions) - _MOST_SUBSCRIPTIONS} more subscriptions.")
    return lines + [_of_fault(fault) for fault in server.faults.list()]


def _of_subscription(server: EwsServer, one: Subscription) -> list[str]:
    attempts = server.subscription(one.id).attempts()
    lines = [f"{one.mailbox} -> {one.url} is {one.phase}{_outlook(one)}"]
    if not attempts and one.next != _UNDER_WAY:
        lines.append("  nothing was sent")
    elif len(attempts) > _SHOWN:
        lines.append(f"  {len(attempts) - _SHOWN} earlier attempts")
    lines += [f"  {_of_attempt(attempt)}" for attempt in attempts[-_SHOWN:]]
    if any(map(_is_silence, attempts)):
        lines.append(
            "  A responder on the test's event loop cannot answer while a call blocks that loop."
        )
    if one.next == _UNDER_WAY:
        since = "" if attempts else f" since {one.created_at:%Y-%m-%d %H:%M:%S}"
        lines.append(f"  an attempt is under way{since}: the responder has not answered yet")
    return lines


def _outlook(one: Subscription) -> str:
    """What lies ahead, if it does not just wait for events."""
    parts = []
    if one.behind:
        parts.append(f"{one.behind} events of the mailbox since its last acknowledgement")
    if one.failures and one.next_at is not None:
        parts.append(f"next attempt at {one.next_at:%H:%M:%S}")
    if one.gives_up_at is not None:
        parts.append(f"gives up at {one.gives_up_at:%H:%M:%S}")
    return "".join(f", {part}" for part in parts)


def _of_attempt(attempt: Attempt) -> str:
    what = "heartbeat" if attempt.kind == "status" else _of_events(attempt)
    status = f" (HTTP {attempt.http_status})" if attempt.http_status else ""
    detail = f": {attempt.detail}" if attempt.detail and not attempt.is_acknowledged else ""
    return f"{attempt.at:%Y-%m-%d %H:%M:%S} {what} -> {attempt.outcome}{status}{detail}"


def _of_events(attempt: Attempt) -> str:
    """`3 events: Created, NewMail, Modified`, as far as what was sent is kept."""
    told = "1 event" if attempt.events == 1 else f"{attempt.events} events"
    try:
        sent = received.parse((attempt.request or "").encode())
    except received.NotANotification:
        return told
    counts = Counter(event.name.removesuffix("Event") for event in sent.events)
    types = [name if count == 1 else f"{count} {name}" for name, count in counts.items()]
    return f"{told}: {', '.join(types)}"


def _is_silence(attempt: Attempt) -> bool:
    """Whether the responder did not answer in time, and not because a test wanted that."""
    return attempt.outcome == "timeout" and not attempt.detail.endswith(_BY_A_FAULT)


def _is_unused(fault: Fault) -> bool:
    return fault.used < (1 if fault.times is None else fault.times)


def _of_removed(fault: Fault) -> str:
    times = "" if fault.times is None else f" of {fault.times}"
    return f"fault {fault.kind}: was removed after it had happened {fault.used}{times} times"


def _of_fault(fault: Fault) -> str:
    left = "until it is removed" if fault.left is None else f"{fault.left} times more"
    return f"fault {fault.kind}: happened {fault.used} times, {left}"
