"""The outcomes of attempts in words."""

from typing import NamedTuple


class Words(NamedTuple):
    """What an outcome is called, and the acknowledgement's verdict in a sentence."""

    label: str
    verdict: str
    is_good: bool = False


_NO_ANSWER = "There was no answer to judge"
_WORDS = {
    "OK": Words("acknowledged", "Acknowledged: SubscriptionStatus is OK.", True),
    "Unsubscribe": Words(
        "unsubscribed", "Acknowledged with Unsubscribe, which ends the subscription.", True
    ),
    "status": Words("HTTP error", "No acknowledgement: the HTTP status is not 2xx."),
    "not-an-ack": Words(
        "not an acknowledgement", "No acknowledgement: there is no SubscriptionStatus to be read."
    ),
    "address-refused": Words(
        "address refused", f"{_NO_ANSWER}: this address may not be called, and nothing was sent."
    ),
    "dns": Words("host not found", f"{_NO_ANSWER}: the host of the URL was not found."),
    "connect": Words("not connected", f"{_NO_ANSWER}: nobody could be connected to."),
    "tls": Words("TLS failed", f"{_NO_ANSWER}: TLS was not set up."),
    "timeout": Words("timed out", f"{_NO_ANSWER}: it did not come in time."),
    "reset": Words("connection lost", f"{_NO_ANSWER}: the connection ended before it did."),
    "answer-too-large": Words("answer too large", f"{_NO_ANSWER}: it was larger than is read."),
    "protocol": Words("not HTTP", f"{_NO_ANSWER}: what came back is not HTTP."),
    "unsendable": Words("unsendable", f"{_NO_ANSWER}: nothing can be posted to this URL."),
    "cancelled": Words("cancelled", f"{_NO_ANSWER}: the server was stopped meanwhile."),
    "internal": Words("server trouble", f"{_NO_ANSWER}: the server could not make the attempt."),
    "internal-error": Words("server error", f"{_NO_ANSWER}: the server made a mistake."),
    "waiting": Words("still under way", "The attempt is still waiting, or under way."),
}
NAMES = tuple(_WORDS)


def words(outcome: str) -> Words:
    """The words for an outcome by its name in the attempt log."""
    return _WORDS.get(outcome) or Words(outcome, f"The outcome is {outcome}.")
