"""Faults on demand: what goes wrong with notifications and requests, because a test says so."""

from collections import deque
from collections.abc import Sequence
from http.client import NOT_FOUND
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ewspush.testing.connection import Connection, EmulatorError
from ewspush.testing.durations import Duration, seconds
from ewspush.testing.records import Fault, read
from ewspush.testing.subscription import EwsSubscription

if TYPE_CHECKING:
    from ewspush.testing.mailbox import EwsMailbox

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

_MOST_KNOWN = 1000  # faults, as the emulator has
_OF_SENDING = ("connect", "timeout", "lost", "delay", "error")
_OF_TIME = ("timeout", "delay")


class InjectedFault:
    """A fault in force. As a context manager it is removed at the end of the block."""

    def __init__(self, connection: Connection, fault: Fault) -> None:
        self._connection = connection
        self._last = fault  # as it was known to be
        self._is_removed = False
        self.id = fault.id

    def __repr__(self) -> str:
        one = self._last
        given = [
            f"{name}={value!r}"
            for name, value in (("url", one.url), ("subscription", one.subscription))
            if value is not None
        ]
        return f"<InjectedFault {' '.join((one.kind, *given))} times={one.times} used={one.used}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    @property
    def used(self) -> int:
        """How often it happened, also when it was removed; as `show`."""
        return self.show().used

    @property
    def left(self) -> int | None:
        """How often it would still happen; None: always. As `show`."""
        return self.show().left

    def remove(self) -> None:
        """Nothing more goes wrong by it. It may have been removed before, by a reset perhaps."""
        try:
            self.show()
            self._connection.delete("faults", self.id)
        except EmulatorError as error:
            if error.status != NOT_FOUND:
                raise
        self._is_removed = True

    def show(self) -> Fault:
        """How often it was used until now, or until it was removed.

        Raises EmulatorError if somebody else has removed it, or a reset.
        """
        if self._is_removed:
            return self._last
        found = self._connection.get("faults")["faults"]
        record = next((each for each in found if each["id"] == self.id), None)
        if record is None:
            raise EmulatorError(f"the fault {self.id} was removed", NOT_FOUND)
        self._last = read(Fault, record)
        return self._last

    @property
    def removed(self) -> Fault | None:
        """It as it was when it was removed; None if it is in force."""
        return self._last if self._is_removed else None


class Faults:
    """All methods raise EmulatorError for what the emulator refuses.

    `times` says how often it happens; None: until the fault is removed, the block of `with` ends,
    or the server is reset. Those of notifications concern all, or those to one `url`, or of one
    `subscription`; those of requests all, or those of one `mailbox` or `operation` of EWS.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._injected: deque[InjectedFault] = deque(maxlen=_MOST_KNOWN)

    def list(self) -> list[Fault]:
        """All that were not removed, those that are used up too."""
        return [read(Fault, record) for record in self._connection.get("faults")["faults"]]

    def clear(self) -> None:
        """Remove them all."""
        for fault in self._injected:
            fault.remove()
        self._connection.delete("faults")

    def removed(self) -> Sequence[Fault]:
        """Those that were injected and removed here, as they were then."""
        return [one for each in self._injected if (one := each.removed) is not None]

    def forget(self) -> None:
        """The server was reset: there are no faults."""
        self._injected.clear()

    def hold_first_notification(self, url: str) -> bool:
        """Whether the first notification to `url` would wait for time to pass."""
        first = next((each for each in self.list() if _meets(each, url)), None)
        return first is not None and first.kind in _OF_TIME

    # Notifications

    def fail_to_connect(
        self,
        times: int | None = None,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """The responder cannot be reached, as if it were down."""
        return self._notify("connect", times, url, subscription)

    def time_out(
        self,
        times: int | None = None,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """The responder does not answer within `delivery.timeout_s`; it is not told anything."""
        return self._notify("timeout", times, url, subscription)

    def lose_answers(
        self,
        times: int | None = None,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """The responder answers and the answer is lost, so the same events come again."""
        return self._notify("lost", times, url, subscription)

    def delay(
        self,
        by: Duration,
        times: int | None = None,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """Notifications are so long on their way."""
        return self._notify("delay", times, url, subscription, delay_s=seconds(by))

    def small_batches(
        self,
        batch: int = 1,
        times: int | None = None,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """Notifications have `batch` events at most, and MoreEvents if there are more."""
        return self._notify("batch", times, url, subscription, batch=batch)

    def send_error(
        self,
        response_code: str | None = None,
        times: int | None = 1,
        *,
        url: str | None = None,
        subscription: EwsSubscription | str | None = None,
    ) -> InjectedFault:
        """An error message comes in the place of a notification."""
        return self._notify("error", times, url, subscription, response_code=response_code)

    def _notify(
        self,
        kind: str,
        times: int | None,
        url: str | None,
        subscription: EwsSubscription | str | None,
        **given: object,
    ) -> InjectedFault:
        of = subscription.id if isinstance(subscription, EwsSubscription) else subscription
        return self._inject(kind, times, None, url=url, subscription=of, **given)

    # Requests of EWS clients

    def answer_requests_with(
        self,
        response_code: str,
        times: int | None = None,
        *,
        operation: str | None = None,
        mailbox: "EwsMailbox | str | None" = None,
    ) -> InjectedFault:
        """EWS requests get this ResponseCode, as in ErrorInternalServerTransientError."""
        return self._inject(
            "response-code",
            times,
            response_code=response_code,
            operation=operation,
            mailbox=mailbox,
        )

    def answer_requests_with_fault(
        self,
        response_code: str,
        times: int | None = None,
        *,
        operation: str | None = None,
        mailbox: "EwsMailbox | str | None" = None,
    ) -> InjectedFault:
        """EWS requests get a SOAP fault with this ResponseCode."""
        return self._inject(
            "soap-fault", times, response_code=response_code, operation=operation, mailbox=mailbox
        )

    def be_busy(
        self,
        times: int | None = None,
        *,
        back_off_ms: int | None = None,
        operation: str | None = None,
        mailbox: "EwsMailbox | str | None" = None,
    ) -> InjectedFault:
        """EWS requests get ErrorServerBusy, with BackOffMilliseconds."""
        return self._inject(
            "busy", times, back_off_ms=back_off_ms, operation=operation, mailbox=mailbox
        )

    def be_unavailable(
        self,
        times: int | None = None,
        *,
        back_off_ms: int | None = None,
        operation: str | None = None,
        mailbox: "EwsMailbox | str | None" = None,
    ) -> InjectedFault:
        """EWS requests get HTTP 503, with Retry-After."""
        return self._inject(
            "http-503", times, back_off_ms=back_off_ms, operation=operation, mailbox=mailbox
        )

    def drop_connections(
        self,
        times: int | None = None,
        *,
        operation: str | None = None,
        mailbox: "EwsMailbox | str | None" = None,
    ) -> InjectedFault:
        """Connections end without an answer to EWS requests."""
        return self._inject("drop", times, operation=operation, mailbox=mailbox)

    def _inject(
        self,
        kind: str,
        times: int | None,
        mailbox: "EwsMailbox | str | None" = None,
        **given: object,
    ) -> InjectedFault:
        if mailbox is not None and not isinstance(mailbox, str):
            mailbox = mailbox.address
        given["mailbox"] = mailbox
        some = {key: each for key, each in given.items() if each is not None}
        body = {"kind": kind, "times": times, **some}
        record = self._connection.post_json(("faults",), body)
        injected = InjectedFault(self._connection, read(Fault, record))
        self._injected.append(injected)
        return injected


def _meets(fault: Fault, url: str) -> bool:
    """Whether it happens to what is sent to a URL next. Perhaps, if it is for what is below one."""
    is_for_all = fault.subscription is None and fault.url is None
    is_for_url = fault.url is not None and url.startswith(fault.url.rstrip("/"))
    return fault.kind in _OF_SENDING and fault.left != 0 and (is_for_all or is_for_url)
