"""What a responder's answers mean, in words for its developer."""

from collections.abc import Collection
from dataclasses import dataclass

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor.findings import Judgement, Verdict, ok, problem, skipped, warning
from ewspush.doctor.redaction import Redaction, one_line
from ewspush.push.sender import Answer, FailureKind, NoAnswer
from ewspush.wire import ack

Result = Answer | NoAnswer

_SUCCESS, _REDIRECTION, _CLIENT_ERROR = 2, 3, 4  # classes of HTTP status
_REASON_LIMIT = 200  # characters
_SLOW = 0.5  # of the time allowed
SHOULD_ACKNOWLEDGE = "Answer with a 2xx status, and SubscriptionStatus OK in the body."
_LOOK_INTO_LOG = "Its own log should tell why."

# What to do about a status other than 2xx.
_STATUS_ADVICE = {
    400: "It does not like the request; its own log should tell why.",
    401: "The server sends no credentials: put a secret into the query of the URL instead.",
    403: "The server sends no credentials: put a secret into the query of the URL instead.",
    404: "Nothing answers at this path: is the URL the one of the responder?",
    405: "The responder must take POST at this URL.",
    411: "Notifications come with a Content-Length; something in front of the responder drops it.",
    413: "Let it take larger requests; delivery.batch makes notifications smaller.",
    415: "Take Content-Type text/xml, which SOAP 1.1 has.",
    429: "Too many requests for it: the server tries again, which delays everything that follows.",
    502: "A proxy answers for the responder, which does not: is it running?",
    503: "It is not ready, or a proxy in front of it finds nobody there.",
    504: "A proxy answers for the responder, which takes too long.",
}
# Whatever is posted, it is answered so.
_NOT_THE_RESPONDER = frozenset((401, 403, 404, 405, 410))


@dataclass(frozen=True, slots=True)
class Terms:
    """What the server demands of an answer, and what must not be shown of one."""

    timeout_s: float
    answer_limit: int  # bytes
    redaction: Redaction


def status_of(result: Result) -> SubscriptionStatus | None:
    """What it acknowledges with, or None if it does not."""
    if isinstance(result, NoAnswer) or result.status // 100 != _SUCCESS:
        return None
    try:
        return ack.parse(result.body)
    except ack.NotAnAcknowledgement:
        return None


def obstacle(result: Result) -> str | None:
    """Why there is no use in posting anything else, or None if there is."""
    if isinstance(result, NoAnswer):
        return "the StatusEvent got no answer"
    if result.status // 100 == _REDIRECTION:
        return "everything is redirected"
    if result.status in _NOT_THE_RESPONDER:
        return f"everything is answered with HTTP {result.status}"
    return None


def of_notification(result: Result, terms: Terms) -> Judgement:
    """The answer to what must be acknowledged."""
    if isinstance(result, NoAnswer):
        return _no_answer(result, terms)
    if result.status // 100 != _SUCCESS:
        return _other_status(result, terms)
    try:
        status = ack.parse(result.body)
    except ack.NotAnAcknowledgement as error:
        return _not_an_ack(result, str(error), terms)
    if status is SubscriptionStatus.UNSUBSCRIBE:
        return warning(
            "acknowledged with Unsubscribe, which ends a subscription: nothing comes after it",
            "That is right for a subscription that the responder does not know; --subscription-id"
            " gives it one that it knows.",
        )
    return ok(f"acknowledged in {_ms(result)}")


def of_duplicate(first: Result, second: Result, terms: Terms) -> Judgement:
    """The answer to a notification that was sent before."""
    if status_of(first) is None:
        return skipped("the event was not acknowledged the first time")
    return _still_acknowledged(
        second,
        terms,
        "acknowledged the first time, but not when it came again",
        "A notification comes again when its acknowledgement was lost: acknowledge it again.",
    )


def of_error_message(result: Result, terms: Terms) -> Judgement:
    """The answer to a message that tells of an error, which the server ignores."""
    if isinstance(result, Answer) and result.status // 100 == _SUCCESS:
        return ok(f"HTTP {result.status} in {_ms(result)}; whatever is answered counts for nothing")
    seen = (
        _no_answer(result, terms).text
        if isinstance(result, NoAnswer)
        else f"HTTP {result.status}{_excerpt(result, terms)}"
    )
    return warning(
        f"it cannot make anything of it: {seen}",
        "When a mailbox is disabled its responders are told so by such a message, once. It has no"
        " Notification: look at ResponseClass first.",
    )


def of_garbage(result: Result, terms: Terms) -> Judgement:
    """The answer to what is no XML."""
    if isinstance(result, NoAnswer):
        return warning(
            f"no answer to what is not XML: {_no_answer(result, terms).text}",
            "Answer HTTP 400 to what cannot be read.",
        )
    status = status_of(result)
    if status is not None:
        return warning(
            f"what is not XML is acknowledged with {status.value}",
            "A notification that it cannot read would be lost so. Answer HTTP 400: then it comes"
            " again.",
        )
    return ok(f"refused: HTTP {result.status}")


def of_status_after_garbage(first: Result, after: Result, terms: Terms) -> Judgement:
    """The answer to a StatusEvent that follows."""
    if status_of(first) is None:
        return skipped("a StatusEvent was not acknowledged before it either")
    return _still_acknowledged(
        after,
        terms,
        "it is no longer acknowledged",
        "What cannot be read must not stop the responder: whoever knows its URL can send that.",
    )


def _still_acknowledged(result: Result, terms: Terms, if_not: str, advice: str) -> Judgement:
    """The answer to what was acknowledged before."""
    judged = of_notification(result, terms)
    if judged.verdict is not Verdict.PROBLEM:
        return judged
    return problem(f"{if_not}: {judged.text}", advice)


def of_times(results: Collection[Result], terms: Terms) -> Judgement:
    """How long the answers took."""
    answers = [each for each in results if isinstance(each, Answer)]
    if not answers:
        return skipped("there was no answer")
    slowest = max(answers, key=lambda each: each.times.total_us)
    which = f"slowest of {len(answers)} answers" if len(answers) > 1 else "only answer"
    text = f"the {which} took {_ms(slowest)}"
    allowed = f"{terms.timeout_s:g} s are allowed (delivery.timeout_s)"
    if slowest.times.total_us > _SLOW * terms.timeout_s * 1e6:
        return warning(
            f"{text}, and {allowed}",
            "Acknowledge first and work afterwards: the next notification waits for the answer.",
        )
    return ok(f"{text}; {allowed}")


def _ms(answer: Answer) -> str:
    return f"{answer.times.total_us / 1000:.1f} ms"


def _no_answer(failure: NoAnswer, terms: Terms) -> Judgement:
    detail = failure.detail  # has nothing of the URL's query
    match failure.kind:
        case FailureKind.TIMEOUT:
            return problem(
                f"no complete answer within {terms.timeout_s:g} s (delivery.timeout_s)",
                "Acknowledge first and work afterwards.",
            )
        case FailureKind.RESET:
            return problem(
                f"the connection ended before the answer did ({detail})",
                f"It may have crashed on this message. {_LOOK_INTO_LOG}",
            )
        case FailureKind.CONNECT:
            return problem(f"it cannot be connected to ({detail})", "Is it still running?")
        case FailureKind.ANSWER_TOO_LARGE:
            return problem(
                f"the answer has more than {terms.answer_limit} bytes (delivery.answer_limit)",
                "Answer with the acknowledgement alone.",
            )
        case FailureKind.PROTOCOL:
            return problem(
                f"what came back is not HTTP ({detail})", "Does another service have this port?"
            )
        case _:
            return problem(f"{failure.kind.value}: {detail}")


def _other_status(answer: Answer, terms: Terms) -> Judgement:
    kind = answer.status // 100
    if kind == _REDIRECTION and answer.redirect:
        return problem(
            f"HTTP {answer.status}, a redirect to {terms.redaction.url(answer.redirect)};"
            " redirects are not followed",
            "Subscribe with that URL, if it is the responder's.",
        )
    later = f", asking to wait {answer.retry_after} s" if answer.retry_after else ""
    advice = SHOULD_ACKNOWLEDGE if kind <= _CLIENT_ERROR else f"It failed. {_LOOK_INTO_LOG}"
    return problem(
        f"HTTP {answer.status}{later}{_excerpt(answer, terms)}",
        _STATUS_ADVICE.get(answer.status, advice),
    )


def _not_an_ack(answer: Answer, why: str, terms: Terms) -> Judgement:
    if not answer.body:
        return problem(
            f"HTTP {answer.status} with an empty body, which acknowledges nothing",
            SHOULD_ACKNOWLEDGE,
        )
    # The reader of XML quotes names, which the far end chose.
    reason = one_line(terms.redaction.hide(why), _REASON_LIMIT)
    return problem(
        f"HTTP {answer.status}, but {reason}{_excerpt(answer, terms)}", SHOULD_ACKNOWLEDGE
    )


def _excerpt(answer: Answer, terms: Terms) -> str:
    excerpt = terms.redaction.excerpt(answer.body)
    return f'; it begins "{excerpt}"' if excerpt else ""
