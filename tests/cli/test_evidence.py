"""What makes the demo fail: each thing that it promises, broken."""

from dataclasses import replace

import pytest

from ewspush.cli.evidence import DidNotHappen, Evidence, new_mails
from ewspush.core.subscription import SubscriptionStatus
from ewspush.testing.push_responder import Handled
from ewspush.wire.received import ReceivedEvent, ReceivedNotification

OK, UNSUBSCRIBE = SubscriptionStatus.OK, SubscriptionStatus.UNSUBSCRIBE


def handled(notification, status=OK):
    answer = status.value if status else "HTTP 503"
    return Handled(1, b"", notification, status, answer)


def heartbeat():
    status = ReceivedEvent("StatusEvent", "w0", None, None, None)
    return ReceivedNotification("id", "w0", False, (status,))


def message(number):
    """The notification of a message, whose watermarks follow those of the one before."""
    first = 3 * number - 2
    marks = [f"w{first + n}" for n in range(3)]
    names = ("CreatedEvent", "NewMailEvent", "ModifiedEvent")
    subjects = (f"item {number}", f"item {number}", "folder 1")
    events = (
        ReceivedEvent(name, mark, "t", subject, None)
        for name, mark, subject in zip(names, marks, subjects, strict=True)
    )
    return ReceivedNotification("id", f"w{first - 1}", False, tuple(events))


GOOD = Evidence(
    watermark="w0",
    handled=(
        handled(heartbeat()),
        handled(message(1)),
        handled(message(2), None),
        handled(message(2)),
        handled(message(3), UNSUBSCRIBE),
    ),
    told=3,
    delivered=4,
    phase="ended",
)


def with_handled(**changes):
    """The good evidence with some of what came changed, by its place."""
    changed = [changes.get(f"at{n}", one) for n, one in enumerate(GOOD.handled)]
    return replace(GOOD, handled=tuple(one for one in changed if one is not None))


def test_what_happens_as_promised_is_found_good():
    GOOD.check()
    assert (GOOD.failures, GOOD.heartbeats, GOOD.events) == (1, 1, 9)
    assert new_mails(GOOD.handled) == {"item 1", "item 2", "item 3"}


def without_an_event(notification):
    return replace(notification, events=notification.events[1:])


def from_another_watermark(notification):
    return replace(notification, previous_watermark="w99")


@pytest.mark.parametrize(
    ("evidence", "what"),
    [
        (replace(GOOD, handled=()), "a heartbeat right after Subscribe"),
        (with_handled(at0=None), "a heartbeat right after Subscribe"),
        (replace(GOOD, watermark="w1"), "each PreviousWatermark is the last watermark before it"),
        (with_handled(at1=None), "each PreviousWatermark is the last"),
        (with_handled(at1=handled(from_another_watermark(message(1)))), "each PreviousWatermark"),
        (with_handled(at2=None), "notifications that failed"),
        (with_handled(at2=handled(message(3), None)), "what failed is sent again, from the same"),
        (with_handled(at2=handled(without_an_event(message(2)), None)), "what failed is sent"),
        (with_handled(at1=handled(without_an_event(message(1)))), "three events for each message"),
        (replace(GOOD, told=4), "news of 4 messages; there was news of 3"),
        (replace(GOOD, told=2), "news of 2 messages; there was news of 3"),
        (with_handled(at4=handled(message(3))), "silence after Unsubscribe"),
        (replace(GOOD, handled=(*GOOD.handled, handled(message(4)))), "silence after Unsubscribe"),
        (replace(GOOD, handled=(*GOOD.handled, GOOD.handled[-1])), "each PreviousWatermark is"),
        (with_handled(at3=handled(message(2), UNSUBSCRIBE)), "silence after Unsubscribe"),
        (replace(GOOD, phase="idle"), "the subscription is ended; it is idle"),
    ],
)
def test_what_did_not_happen_is_said(evidence, what):
    with pytest.raises(DidNotHappen, match=f"^{what}"):
        evidence.check()
