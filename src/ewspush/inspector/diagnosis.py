"""Why a client gets nothing: what happened, what that means, and what to do, in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor import logged
from ewspush.doctor.answers import Terms
from ewspush.doctor.findings import Judgement
from ewspush.store.attempts import Attempt
from ewspush.wire import ack

_UNSUBSCRIBE = "Unsubscribe"
_NOT_AN_ACK = "not-an-ack"
_EXPECTED = f"An acknowledgement is `{ack.render(SubscriptionStatus.OK).decode()}`"
_SUBSCRIBE_AGAIN = (
    "Have the client subscribe again with the last watermark that it has: it then gets everything"
    " since, as far as the events are kept."
)
_DOCTOR = "`ewspush doctor URL` examines the responder step by step."


class Told(NamedTuple):
    """One part of a diagnosis: `at` is a time (RFC 3339) that the page shows after the text."""

    text: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`tone` is "good", "wait" or "bad", which the page shows by a sign and a colour, too."""

    tone: str
    headline: str
    happened: Told
    means: Told
    advice: Sequence[str]


def diagnose(
    record: Mapping[str, Any], newest: Attempt | None, terms: Terms, keep_days: int
) -> Diagnosis:
    """Of a subscription as `control.subscription_records` has it, and its newest attempt."""
    judged = _judge(newest, terms)
    if record["over_at"] is not None:
        if record["phase"] == "parked":
            return _parked(record, newest, judged, keep_days)
        return _ended(record, newest)
    if record["mailbox_disabled_at"] is not None:
        return _disabled(record)
    if record["paused_at"] is not None:
        return _paused(record)
    if record["phase"] == "retrying":
        return _retrying(record, newest, judged)
    return _idle(record, newest, judged, terms)


def _judge(newest: Attempt | None, terms: Terms) -> Judgement | None:
    if newest is None:
        return None
    return logged.of_attempt(
        newest.outcome, newest.http_status, newest.detail, newest.answer, terms
    )


def _parked(
    record: Mapping[str, Any], newest: Attempt | None, judged: Judgement | None, keep_days: int
) -> Diagnosis:
    window = _count(record["status_frequency_min"], "minute")
    return Diagnosis(
        "bad",
        "The server has given up: nothing is sent any more",
        _happened("In the last attempt", judged, "No attempt of it is in the log any more."),
        Told(
            f"Nothing was acknowledged for the StatusFrequency of {window}. The subscription is"
            " over, and its id is no longer valid. Its events are kept for"
            f" {_count(keep_days, 'day')} from when they happened. Over since",
            record["over_at"],
        ),
        [*_advice(newest, judged), _SUBSCRIBE_AGAIN],
    )


def _ended(record: Mapping[str, Any], newest: Attempt | None) -> Diagnosis:
    by_responder = newest is not None and newest.outcome == _UNSUBSCRIBE
    happened = (
        "The responder answered the last notification with Unsubscribe."
        if by_responder
        else "Its client called Unsubscribe, or an operator ended it, or its mailbox was deleted."
    )
    advice = ["If that was not meant, have the client subscribe again."]
    if by_responder:
        advice.insert(
            0,
            "A responder answers Unsubscribe when it does not know the SubscriptionId: does it"
            " store the id before the first notification comes?",
        )
    return Diagnosis(
        "wait",
        "It was ended: nothing is sent any more",
        Told(happened),
        Told("The subscription is over since", record["over_at"]),
        advice,
    )


def _disabled(record: Mapping[str, Any]) -> Diagnosis:
    return Diagnosis(
        "wait",
        "Its mailbox is disabled: nothing is sent",
        Told("An administrator disabled the mailbox", record["mailbox_disabled_at"]),
        Told("Nothing is lost: when the mailbox is restored, the subscription goes on at once."),
        ["Restore the mailbox, if it should be used."],
    )


def _paused(record: Mapping[str, Any]) -> Diagnosis:
    behind = _events(record["behind"])
    return Diagnosis(
        "wait",
        "It is paused: nothing is sent",
        Told("An operator paused it", record["paused_at"]),
        Told(
            f"Nothing is lost: {behind} since the last acknowledgement"
            f" {_are(record['behind'])} kept for it."
        ),
        ["Resume it."],
    )


def _retrying(
    record: Mapping[str, Any], newest: Attempt | None, judged: Judgement | None
) -> Diagnosis:
    failures = record["failures"]
    return Diagnosis(
        "bad",
        "Notifications are not acknowledged, and sent again",
        _happened("In the last attempt", judged, "The last attempt failed."),
        Told(
            f"{_count(failures, 'attempt')} failed in a row. Waits double from one to the next, and"
            f" nothing is lost meanwhile{_waiting(record['behind'])}. The last attempt begins, and"
            " the server gives up if it fails too,",
            record["gives_up_at"],
        ),
        [
            *_advice(newest, judged),
            "Once the responder is mended, press Retry now: nobody has to wait.",
            _DOCTOR,
        ],
    )


def _under_way(terms: Terms) -> Diagnosis:
    return Diagnosis(
        "wait",
        "A notification is being sent",
        Told("It is under way, or about to be: there is no answer yet."),
        Told(f"Nothing failed so far. The answer has {terms.timeout_s:g} s (delivery.timeout_s)."),
        [
            "If this stays so, the responder takes the notification and does not answer. It should"
            " acknowledge first and work afterwards."
        ],
    )


def _idle(
    record: Mapping[str, Any], newest: Attempt | None, judged: Judgement | None, terms: Terms
) -> Diagnosis:
    if record["next"] is not None and record["next_at"] is None:
        return _under_way(terms)
    if newest is None or judged is None:
        return Diagnosis(
            "wait",
            "No attempt is in the log",
            Told("Nothing was sent yet, or the attempts are no longer kept."),
            Told("The first notification follows right after Subscribe."),
            ["Press Heartbeat to see what the responder answers."],
        )
    kept = (
        "If the application sees nothing all the same, somebody else may be answering at this URL:"
        " look at the last answer.",
        "Only events of the folders and types below are sent; subfolders are not implied.",
    )
    acknowledged = Told("The responder acknowledged the last notification.")
    if not record["behind"]:
        means = Told("It has everything that happened in the mailbox.")
        return Diagnosis("good", "Everything is delivered", acknowledged, means, kept)
    return Diagnosis(
        "good",
        "Everything that is wanted is delivered, or on its way",
        acknowledged,
        Told(
            f"{_events(record['behind'])} {_are(record['behind'])} newer than what was"
            " acknowledged: about to be sent, or not wanted by this subscription."
        ),
        kept,
    )


def _happened(when: str, judged: Judgement | None, otherwise: str) -> Told:
    return Told(f"{when}: {judged.text}." if judged else otherwise)


def _advice(newest: Attempt | None, judged: Judgement | None) -> list[str]:
    advice = [judged.advice] if judged and judged.advice else []
    if newest is not None and newest.outcome == _NOT_AN_ACK:
        advice.append(_EXPECTED)
    return advice


def _waiting(events: int) -> str:
    return f": {_events(events)} wait" if events else ""


def _events(count: int) -> str:
    return _count(count, "event")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
