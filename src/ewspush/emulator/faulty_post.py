"""What a fault makes of posting a notification."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

from twisted.internet.defer import Deferred, fail, maybeDeferred

from ewspush.core.errors import EwsError
from ewspush.emulator.fault_models import NotificationFault
from ewspush.push.clock import Call, Clock
from ewspush.push.courier import Post
from ewspush.push.sender import Answer, FailureKind, NoAnswer, Times
from ewspush.wire import notification
from ewspush.wire.addressee import Addressee

BY_A_FAULT = "by a fault of the emulator"

# What Exchange sends to a responder whose subscription it gives up.
_DEFAULT_CODE = "ErrorReadEventsFailed"


def ews_error(response_code: str) -> EwsError:
    """An error of the kind that a fault asks for, whichever it is."""
    kind: type[EwsError] = type(response_code, (EwsError,), {"response_code": response_code})
    return kind(f"{response_code}, {BY_A_FAULT}.")


class FaultyPost:
    """Posts as a fault says.

    `clock` is that of the emulator, on which waiting takes no real time. `timeout_s` is how long an
    answer may take.
    """

    def __init__(self, clock: Clock, post: Post, timeout_s: float) -> None:
        self._clock = clock
        self._post = post
        self._timeout_s = timeout_s
        self._waiting: dict[int, tuple[Call, Deferred[Answer]]] = {}
        self._numbers = count()

    @property
    def waiting(self) -> int:
        """Posts for which the next thing that happens is that time passes."""
        return len(self._waiting)

    def post(
        self,
        fault: NotificationFault,
        to: Addressee,
        url: str,
        headers: Sequence[str],
        body: bytes,
    ) -> Deferred[Answer]:
        """Post it and have the fault happen; the Deferred fails with NoAnswer only."""
        if fault.kind == "connect":
            return fail(_no_answer(FailureKind.CONNECT, "the connection was refused"))
        if fault.kind == "timeout":
            return self._after(self._timeout_s, self._time_out)
        if fault.kind == "lost":
            return self._post(url, headers, body).addCallback(_lost)
        if fault.kind == "error":
            error = ews_error(fault.response_code or _DEFAULT_CODE)
            told = notification.render_error(error, to.subscription_id, to.server_version)
            return self._post(url, headers, told).addCallback(_told, error)
        assert fault.kind == "delay", "a batch is made when a notification is composed"
        assert fault.delay_s is not None, "validated"
        return self._after(fault.delay_s, partial(self._post, url, headers, body))

    def cancel(self) -> None:
        """Fail what waits for time to pass as CANCELLED."""
        while self._waiting:
            _, (call, waited) = self._waiting.popitem()
            call.cancel()
            waited.errback(NoAnswer(FailureKind.CANCELLED, "the wait was cut short", _took(0)))

    def _after(self, seconds: float, post: Callable[[], Deferred[Answer]]) -> Deferred[Answer]:
        number, waited = next(self._numbers), Deferred[Answer]()
        call = self._clock.callLater(seconds, self._go_on, number, post)
        self._waiting[number] = call, waited
        return waited

    def _go_on(self, number: int, post: Callable[[], Deferred[Answer]]) -> None:
        _, waited = self._waiting.pop(number)
        maybeDeferred(post).chainDeferred(waited)

    def _time_out(self) -> Deferred[Answer]:
        return fail(_no_answer(FailureKind.TIMEOUT, "no answer came in time", self._timeout_s))


def _lost(answer: Answer) -> Answer:
    detail = f"the answer, which was HTTP {answer.status}, was lost, {BY_A_FAULT}"
    raise NoAnswer(FailureKind.RESET, detail, answer.times)


def _told(answer: Answer, error: EwsError) -> Answer:
    detail = (
        f"a message with {error.response_code} was sent instead, {BY_A_FAULT};"
        f" the answer was HTTP {answer.status}"
    )
    raise NoAnswer(FailureKind.INTERNAL, detail, answer.times)


def _no_answer(kind: FailureKind, what: str, after_s: float = 0) -> NoAnswer:
    return NoAnswer(kind, f"{what}, {BY_A_FAULT}", _took(after_s))


def _took(seconds: float) -> Times:
    return Times(None, None, None, int(seconds * 1e6))
