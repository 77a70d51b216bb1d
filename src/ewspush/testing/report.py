"""What the emulator did, in a few lines, for the report of a test that failed."""

from ewspush.testing.client import EwsServer
from ewspush.testing.connection import EmulatorError
from ewspush.testing.records import Attempt, Fault, Subscription

_PATIENCE_S = 5.0
_SHOWN = 12  # attempts of each subscription
_MOST_SUBSCRIPTIONS = 10


def tell(url: str) -> str:
    """The story of the emulator at `url`: its time, subscriptions, attempts and faults."""
    server = EwsServer(url, _PATIENCE_S)
    try:
        return "\n".join(_lines(server))
    except EmulatorError as error:
        return str(error)


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
    if not attempts:
        lines.append("  nothing was sent")
    elif len(attempts) > _SHOWN:
        lines.append(f"  {len(attempts) - _SHOWN} earlier attempts")
    return lines + [f"  {_of_attempt(attempt)}" for attempt in attempts[-_SHOWN:]]


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
    what = "heartbeat" if attempt.kind == "status" else f"{attempt.events} events"
    status = f" (HTTP {attempt.http_status})" if attempt.http_status else ""
    detail = f": {attempt.detail}" if attempt.detail and not attempt.is_acknowledged else ""
    return f"{attempt.at:%Y-%m-%d %H:%M:%S} {what} -> {attempt.outcome}{status}{detail}"


def _of_fault(fault: Fault) -> str:
    left = "until it is removed" if fault.left is None else f"{fault.left} times more"
    return f"fault {fault.kind}: happened {fault.used} times, {left}"
