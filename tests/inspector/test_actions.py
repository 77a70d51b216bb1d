"""What the buttons do, and what is said of it."""

import pytest

from ewspush.core.subscription import ENDED, PARKED, Retrying
from ewspush.store import subscriptions
from ewspush.wire import ids
from support.checks_for_store import NOW_S, log_events, on_sqlite
from support.fake_engine import FAILED, NO_ANSWER, OK

pytestmark = on_sqlite


def stored(inspected, id):
    parsed = ids.decode(id)
    with inspected.database.read() as tx:
        return subscriptions.by_number(tx, parsed.mailbox, parsed.number)


@pytest.mark.parametrize(
    ("action", "said", "told"),
    [
        ("pause", "Paused: nothing is sent until it is resumed.", ("pause", 7)),
        ("end", "Ended: its client has to subscribe again.", ("end", 7)),
        ("heartbeat", "Sent a notification: acknowledged (HTTP 200, 12 ms).", ("heartbeat", 7)),
        ("retry-now", "Tried again: acknowledged (HTTP 200, 12 ms).", ("retry_now", 7)),
    ],
)
def test_a_button_does_what_the_command_does_in_the_name_of_who_pressed_it(
    inspected, action, said, told
):
    id = inspected.store(phase=Retrying(1, NOW_S))
    answer = inspected.press("/", f"/subscriptions/{id}/{action}")
    assert answer.status == 200
    assert answer.words == f"✓ {said}"
    assert answer.headers["HX-Trigger"] == "acted"
    assert inspected.engine.told == [told]
    audited = f"subscription.{action.replace('-', '_')}"
    assert inspected.audited() == [("root", "inspector, 127.0.0.1", audited)]


def test_what_is_paused_is_resumed(inspected):
    id = inspected.store(paused_at_s=NOW_S)
    answer = inspected.press("/", f"/subscriptions/{id}/resume")
    assert answer.words == "✓ Resumed: it goes on after the last acknowledgement."
    assert stored(inspected, id).paused_at_s is None


def test_what_is_ended_is_over(inspected):
    id = inspected.store()
    inspected.press("/", f"/subscriptions/{id}/end")
    assert stored(inspected, id).phase == ENDED


def test_the_last_events_are_sent_again(inspected):
    log_events(inspected.database, inspected.mailbox.id, *[NOW_S] * 10)
    id = inspected.store(acknowledged=10)
    inspected.log({"previous": 4, "through": 5})
    answer = inspected.press("/", f"/subscriptions/{id}/resend")
    assert answer.words == "✓ Sent again: acknowledged (HTTP 200, 12 ms)."
    assert inspected.engine.told == [("rewind", 7, 4)]


def test_what_follows_a_watermark_of_the_event_log_is_sent_again(inspected):
    log_events(inspected.database, inspected.mailbox.id, *[NOW_S] * 10)
    id = inspected.store(acknowledged=10)
    text = inspected.get(f"/mailboxes/{inspected.mailbox.address}/events").text
    watermark = text.split("<code>")[3].partition("<")[0]  # of the third newest
    inspected.press("/", f"/subscriptions/{id}/resend", watermark=f" {watermark} ")
    assert inspected.engine.told == [("rewind", 7, 8)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (FAILED, "✕ Sent a notification: HTTP error (HTTP 503, 7 ms)."),
        (NO_ANSWER, "✕ Sent a notification: not connected (3 ms, refused)."),
        ({**OK, "outcome": "waiting"}, "✕ Sent a notification: still under way (HTTP 200, 12 ms)."),
    ],
)
def test_an_attempt_that_failed_is_said_to_have_failed(inspected, answer, said):
    id = inspected.store()
    inspected.engine.answer = answer
    assert inspected.press("/", f"/subscriptions/{id}/heartbeat").words == said


@pytest.mark.parametrize(
    ("values", "action", "said"),
    [
        ({}, "resume", "✕ Not done: it is not paused."),
        ({"paused_at_s": NOW_S}, "pause", "✕ Not done: it is paused already."),
        ({"paused_at_s": NOW_S}, "heartbeat", "resume it first"),
        ({"phase": PARKED, "over_at_s": NOW_S}, "resend", "its client has to subscribe again"),
        ({}, "resend", "say from which watermark"),
    ],
)
def test_what_cannot_be_done_says_why(inspected, values, action, said):
    id = inspected.store(**values)
    assert said in inspected.press("/", f"/subscriptions/{id}/{action}").words
    assert inspected.audited() == []


def test_a_watermark_that_is_none_is_refused(inspected):
    id = inspected.store()
    for wrong in ("x", "<script>", "A" * 5000):
        answer = inspected.press("/", f"/subscriptions/{id}/resend", watermark=wrong)
        assert "is no watermark of this mailbox" in answer.words
        assert "<script>" not in answer.text
        assert len(answer.text) < 500


def test_without_htmx_the_result_is_a_page(inspected):
    id = inspected.store()
    answer = inspected.post(f"/subscriptions/{id}/pause", {"token": inspected.get("/").token})
    assert "Paused: nothing is sent until it is resumed." in answer.words
    assert f'<a href="/inspect/subscriptions/{id}">Back</a>' in answer.text


def test_in_an_emulator_nobody_has_a_name(emulated):
    id = emulated.store()
    emulated.press("/", f"/subscriptions/{id}/pause")
    assert emulated.audited() == [("operator", "inspector, 127.0.0.1", "subscription.pause")]
