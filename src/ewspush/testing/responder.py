"""A push responder in the test's own process, which does as the test says and remembers all."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, get_args, overload

from ewspush.settings import Address
from ewspush.testing.chain import Chain, gaps
from ewspush.testing.notifications import EventType, Notification, NotifiedEvent
from ewspush.testing.push_responder import Behaviour, Handled, PushResponder

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

_ANY_PORT = Address("127.0.0.1", 0)
_LEAST, _LEAST_FAILURE, _GREATEST = 200, 300, 599  # HTTP statuses
_SHOWN = 10  # notifications that a failed expectation tells of


class EwsResponder:
    """Acknowledges what comes to `url`, in threads of its own, until it is told otherwise.

    Use it as a context manager, or call `close` in the end.
    """

    def __init__(self, listen: Address = _ANY_PORT) -> None:
        """Raises OSError if the address cannot be had."""
        self._news = threading.Condition()
        self._notifications: list[Notification] = []
        self._unexpected: list[Notification] = []  # that `expect_notification` did not return yet
        self._events: list[NotifiedEvent] = []
        self._open: list[NotifiedEvent] = []  # that `expect` did not return yet; heartbeats too
        self._chains: dict[str, Chain] = {}
        self._responder = PushResponder(listen, Behaviour(), self._handled)
        self._responder.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        with self._news:
            count = len(self._notifications)
        return f"<EwsResponder {self.url} notifications={count}>"

    @property
    def url(self) -> str:
        """What to subscribe with."""
        return self._responder.url

    def close(self) -> None:
        """Stop for good."""
        self._responder.stop()

    def down(self) -> None:
        """Refuse connections until `up`; the port stays its own. What is under way fails."""
        self._responder.down()

    def up(self) -> None:
        """Listen again after `down`, at the same URL."""
        self._responder.up()

    # What it answers

    def acknowledge(self) -> None:
        """Answer OK from now on, as in the beginning."""
        self._behave(Behaviour())

    def answer(self, status: int) -> None:
        """Answer with this HTTP status and without an acknowledgement from now on."""
        self._behave(Behaviour(fail_always=True, status=_http_status(status)))

    def fail(self, times: int = 1, status: int = 503) -> None:
        """Answer the next `times` notifications with this HTTP status, then acknowledge."""
        if times < 1:
            raise ValueError(f"times has to be 1 or more, not {times}")
        if not _LEAST_FAILURE <= status <= _GREATEST:
            range_ = f"between {_LEAST_FAILURE} and {_GREATEST}"
            raise ValueError(f"a failure has an HTTP status {range_}, not {status}")
        self._behave(Behaviour(fail=times, status=status))

    def hang(self) -> None:
        """Take what comes and answer nothing, until it is told something else.

        The server waits for its `delivery.timeout_s` in real time. The fault `time_out` of the
        server does not take any.
        """
        self._behave(Behaviour(hang=True))

    def unsubscribe(self) -> None:
        """Answer Unsubscribe from now on."""
        self._behave(Behaviour(unsubscribe_after=0))

    def answer_with(self, body: bytes | str) -> None:
        """Answer with HTTP 200 and this body from now on, whatever it is. A text is in UTF-8.

        Raises TypeError for what is neither.
        """
        content = body.encode() if isinstance(body, str) else body
        if not isinstance(content, bytes):
            raise TypeError(f"an answer is bytes or a text, not {body!r}")
        self._behave(Behaviour(body=content))

    def _behave(self, new: Behaviour) -> None:
        self._responder.behaviour = new

    # What came

    @property
    def notifications(self) -> list[Notification]:
        """All that came, acknowledged or not, oldest first."""
        with self._news:
            return list(self._notifications)

    @property
    def events(self) -> list[NotifiedEvent]:
        """What was acknowledged: each event once, in order, without heartbeats."""
        with self._news:
            return list(self._events)

    @property
    def last_watermark(self) -> str | None:
        """That of the last notification that was acknowledged, to subscribe anew with."""
        with self._news:
            acknowledged = (one for one in reversed(self._notifications) if one.is_acknowledged)
            return next((one.watermark for one in acknowledged), None)

    @property
    def missed(self) -> list[str]:
        """What is wrong with the watermarks, in words; empty if nothing is missing.

        What lies between a subscription and the one before it, of the same mailbox, too.
        """
        with self._news:
            return [*self._broken(), *gaps([*self._chains.values()])]

    def check(self, *, from_now_on: bool = False) -> None:
        """Every PreviousWatermark is the watermark before it, so nothing is missing.

        Events that came again, because their acknowledgement was lost, are all right. A
        subscription has to begin with the watermark at which the one before it, of the same
        mailbox, ended, unless `from_now_on` says that it may leave out what happened in between.
        Raises AssertionError.
        """
        with self._news:
            missed = self._broken()
            between = [] if from_now_on else [*gaps([*self._chains.values()])]
        if between:
            between.append("If they are to begin from now on: check(from_now_on=True)")
        if missed or between:
            raise AssertionError("\n".join((*missed, *between)))

    def _broken(self) -> list[str]:
        return [missed for chain in self._chains.values() for missed in chain.missed]

    def clear(self) -> None:
        """Forget all that came, as is right after a snapshot was restored."""
        with self._news:
            for remembered in (self._notifications, self._unexpected, self._events, self._open):
                remembered.clear()
            self._chains.clear()

    @overload
    def expect(
        self,
        event_type: EventType | None = ...,
        *,
        item_id: str | None = ...,
        folder_id: str | None = ...,
        timeout_s: float = ...,
    ) -> NotifiedEvent: ...
    @overload
    def expect(
        self,
        event_type: EventType | None = ...,
        *,
        count: int,
        item_id: str | None = ...,
        folder_id: str | None = ...,
        timeout_s: float = ...,
    ) -> list[NotifiedEvent]: ...
    def expect(
        self,
        event_type: EventType | None = None,
        *,
        count: int | None = None,
        item_id: str | None = None,
        folder_id: str | None = None,
        timeout_s: float = 5.0,
    ) -> NotifiedEvent | list[NotifiedEvent]:
        """Wait for the next event that fits, or the next `count` of them, and return it or them.

        An event that was acknowledged fits if it has the type (without one: any but StatusEvent)
        and the ids that are given, and was not returned before. `timeout_s` are real seconds.
        Raises AssertionError, which tells what came instead, and ValueError for a type that EWS
        does not have.
        """
        if event_type is not None and event_type not in get_args(EventType):
            raise ValueError(f"EWS has no {event_type!r}, but {', '.join(get_args(EventType))}")

        def fitting() -> list[NotifiedEvent]:
            return [one for one in self._open if _fits(one, event_type, item_id, folder_id)]

        wanted = 1 if count is None else count
        with self._news:
            self._await(lambda: len(fitting()) >= wanted, timeout_s)
            found = fitting()[:wanted]
            if len(found) < wanted:
                what = _wanted(event_type, item_id, folder_id)
                raise AssertionError(self._instead(what, len(found), wanted, timeout_s))
            self._open = [one for one in self._open if not any(one is each for each in found)]
        return found[0] if count is None else found

    def expect_notification(self, *, timeout_s: float = 5.0) -> Notification:
        """Wait for the next notification that this did not return before, and return it.

        Whatever it is, heartbeat or error, and however it was answered. `timeout_s` are real
        seconds. Raises AssertionError.
        """
        with self._news:
            if not self._await(lambda: bool(self._unexpected), timeout_s):
                raise AssertionError(self._instead("other notification", 0, 1, timeout_s))
            return self._unexpected.pop(0)

    def _await(self, happened: Callable[[], bool], timeout_s: float) -> bool:
        return self._news.wait_for(happened, timeout_s)

    def _instead(self, what: str, found: int, wanted: int, timeout_s: float) -> str:
        so_many = f"no {what}" if not found else f"{found} instead of {wanted} times {what}"
        came = self._notifications
        if not came:
            return f"{so_many} came to {self.url} within {timeout_s:g} s, nor anything else"
        left_out = len(came) - _SHOWN
        lines = [f"  {one}" for one in came[-_SHOWN:]]
        if left_out > 0:
            lines.insert(0, f"  {left_out} more before these")
        heading = f"{so_many} came to {self.url} within {timeout_s:g} s. What came, in all:"
        return "\n".join((heading, *lines))

    def _handled(self, handled: Handled) -> None:
        notification = Notification.of(handled)
        with self._news:
            self._notifications.append(notification)
            self._unexpected.append(notification)
            if notification.error is None:
                self._take(notification)
            self._news.notify_all()

    def _take(self, notification: Notification) -> None:
        chain = self._chains.setdefault(notification.subscription_id, Chain(notification))
        chain.hear(notification)
        if not notification.is_acknowledged:
            return
        new: Sequence[NotifiedEvent] = chain.add(notification)
        self._events.extend(new)
        self._open.extend(notification.events if notification.is_heartbeat else new)


def _fits(
    event: NotifiedEvent, event_type: str | None, item_id: str | None, folder_id: str | None
) -> bool:
    return (
        (not event.is_status if event_type is None else event.type == event_type)
        and item_id in (None, event.item_id)
        and folder_id in (None, event.folder_id)
    )


def _wanted(event_type: str | None, item_id: str | None, folder_id: str | None) -> str:
    of = (f"of {kind} {id}" for kind, id in (("item", item_id), ("folder", folder_id)) if id)
    return " ".join((event_type or "event", *of))


def _http_status(status: int) -> int:
    if not _LEAST <= status <= _GREATEST:
        raise ValueError(f"an HTTP status is between {_LEAST} and {_GREATEST}, not {status}")
    return status
