"""What an attempt means that is in the attempt log, in words for the responder's developer."""

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor import answers
from ewspush.doctor.answers import Terms
from ewspush.doctor.findings import Judgement, ok, problem
from ewspush.push.sender import Answer, FailureKind, NoAnswer, Times

_SUCCESS, _REDIRECTION = 2, 3  # classes of HTTP status
_TIMES = Times(None, None, None, 0)
_OWN_LOG = "That is the server's own trouble: its log says more."

# What the doctor has other steps for: text and advice.
_WITHOUT_ANSWER = {
    FailureKind.ADDRESS_REFUSED: (
        "the server may not call this address ({})",
        "Give the responder an address that may be called, or allow its network by the setting"
        " delivery.callback_allow.",
    ),
    FailureKind.DNS: (
        "the host of its URL was not found ({})",
        "Is the name spelled right, and known to the name servers of this machine?",
    ),
    FailureKind.TLS: (
        "TLS was not set up ({})",
        "Look at its certificate with `ewspush doctor URL`; a certification authority of your own"
        " is trusted by the setting delivery.ca_file.",
    ),
    FailureKind.UNSENDABLE: (
        "nothing can be posted to this URL ({})",
        "Subscribe with another URL.",
    ),
    FailureKind.CANCELLED: ("the server was stopped meanwhile ({})", ""),
    FailureKind.INTERNAL: ("the attempt could not be made ({})", _OWN_LOG),
}


def of_attempt(
    outcome: str, http_status: int | None, detail: str, answer: bytes | None, terms: Terms
) -> Judgement:
    """What happened in an attempt, and what to do about it. `answer` None: it was not kept."""
    if http_status is None:
        return _of_failure(outcome, detail, terms)
    if outcome == SubscriptionStatus.OK.value:
        return ok("the responder acknowledged")
    if outcome == SubscriptionStatus.UNSUBSCRIBE.value:
        return ok("the responder answered Unsubscribe, which ends the subscription")
    if answer is None and http_status // 100 == _SUCCESS:
        return problem(
            f"HTTP {http_status}, but {detail or 'no acknowledgement'}", answers.SHOULD_ACKNOWLEDGE
        )
    if http_status // 100 == _REDIRECTION:  # where to is not in the log
        return problem(
            f"HTTP {http_status}, a redirect: redirects are not followed",
            "Subscribe with the URL that it leads to, if that is the responder's.",
        )
    return answers.of_notification(Answer(http_status, answer or b"", _TIMES, None), terms)


def _of_failure(outcome: str, detail: str, terms: Terms) -> Judgement:
    try:
        kind = FailureKind(outcome)
    except ValueError:  # a mistake of the server's own
        return problem(f"the server failed ({detail or outcome})", _OWN_LOG)
    if kind in _WITHOUT_ANSWER:
        text, advice = _WITHOUT_ANSWER[kind]
        return problem(text.format(detail or kind.value), advice)
    return answers.of_notification(NoAnswer(kind, detail or kind.value, _TIMES), terms)
