"""How an attempt ended: what the responder's answer, or its absence, means."""

from dataclasses import dataclass

import structlog
from twisted.python.failure import Failure

from ewspush.core.subscription import SubscriptionStatus
from ewspush.push.sender import Answer, FailureKind, NoAnswer
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `status` None: it failed."""

    status: SubscriptionStatus | None
    name: str  # for logs: "OK", "Unsubscribe", or the class of the failure
    detail: str = ""
    http_status: int | None = None


def of_answer(answer: Answer) -> Outcome:
    """Any 2xx answer with a SubscriptionStatus counts; all else is a failed attempt."""
    if answer.status // 100 != _SUCCESS:
        return Outcome(None, _STATUS, f"HTTP {answer.status}", answer.status)
    try:
        status = ack.parse(answer.body)
    except ack.NotAnAcknowledgement as error:
        return Outcome(None, _NOT_AN_ACK, str(error), answer.status)
    return Outcome(status, status.value, "", answer.status)


def of_failure(failure: Failure) -> Outcome:
    """No answer came, which NoAnswer tells."""
    failure.trap(NoAnswer)
    error = failure.value
    assert isinstance(error, NoAnswer)
    return Outcome(None, error.kind.value, error.detail)


def of_bug(failure: Failure) -> Outcome:
    """The attempt failed for a mistake of our own, which is logged."""
    log.error("delivery.internal_error", traceback=failure.getTraceback())
    return Outcome(None, INTERNAL_ERROR, type(failure.value).__name__)
