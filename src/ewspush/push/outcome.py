"""How an attempt ended: what the responder's answer, or its absence, means."""

from typing import NamedTuple

import structlog
from twisted.python.failure import Failure

from ewspush.core.subscription import SubscriptionStatus
from ewspush.push.exchange import one_line
from ewspush.push.sender import Answer, FailureKind, NoAnswer, Times
from ewspush.wire import ack

log = structlog.get_logger()

_SUCCESS = 2  # the class of HTTP status

_STATUS = "status"
_NOT_AN_ACK = "not-an-ack"
INTERNAL_ERROR = "internal-error"
NAMES = (  # all that an outcome can have
    *(status.value for status in SubscriptionStatus),
    _STATUS,
    _NOT_AN_ACK,
    *(kind.value for kind in FailureKind),
    INTERNAL_ERROR,
)


class Outcome(NamedTuple):
    """How an attempt ended. `status` None: it failed."""

    status: SubscriptionStatus | None
    name: str  # for logs: "OK", "Unsubscribe", or the class of the failure
    detail: str = ""
    http_status: int | None = None
    times: Times | None = None  # None: nothing was handed to the sender, or it broke
    retry_after_s: int | None = None  # what the responder asked for, a day at most
    answer: bytes = b""  # the body of a complete answer


def of_result(result: Answer | Failure) -> Outcome:
    """What came of posting, whatever it was. Never raises."""
    try:
        return of_failure(result) if isinstance(result, Failure) else of_answer(result)
    except Exception:  # one subscription's trouble backs off and does not stop the others
        return of_bug(Failure())


def of_answer(answer: Answer) -> Outcome:
    """Any 2xx answer with a SubscriptionStatus counts; all else is a failed attempt."""
    if answer.status // 100 != _SUCCESS:
        return _of(answer, None, _STATUS, f"HTTP {answer.status}")
    try:
        status = ack.parse(answer.body)
    except ack.NotAnAcknowledgement as error:
        # The reader of XML quotes names, which the far end chose.
        return _of(answer, None, _NOT_AN_ACK, one_line(str(error)))
    return _of(answer, status, status.value)


def _of(answer: Answer, status: SubscriptionStatus | None, name: str, detail: str = "") -> Outcome:
    return Outcome(
        status, name, detail, answer.status, answer.times, answer.retry_after, answer.body
    )


def of_failure(failure: Failure) -> Outcome:
    """No answer came, which NoAnswer tells."""
    failure.trap(NoAnswer)
    error = failure.value
    assert isinstance(error, NoAnswer)
    return Outcome(None, error.kind.value, error.detail, times=error.times)


def of_bug(failure: Failure) -> Outcome:
    """The attempt failed for a mistake of our own, which is logged."""
    log.error("delivery.internal_error", traceback=failure.getTraceback())
    return Outcome(None, INTERNAL_ERROR, type(failure.value).__name__)
