"""The scripted responder: what it answers, what it remembers, and what it says is missing."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from ewspush.core.errors import AccountDisabled
from ewspush.core.events import EventType
from ewspush.core.subscription import SubscriptionStatus
from ewspush.core.watermark import encode
from ewspush.settings import parse_address
from ewspush.testing.responder import EwsResponder
from ewspush.wire import ack, notification
from support.schemas import ROOT
from support.told import AT_S, SUBSCRIPTION, envelope, item, mark

GOLDEN = ROOT / "tests" / "data" / "golden"
NOT_LONG_S = 0.01  # for what is not going to come

OK = (200, ack.render(SubscriptionStatus.OK))


def test_a_notification_is_acknowledged_and_remembered_with_all_its_values(responder, tell):
    assert tell.post(envelope(4, [5, 6])) == OK
    (told,) = responder.notifications
    assert told.subscription_id == SUBSCRIPTION
    assert told.previous_watermark == mark(4)
    assert (told.number, told.is_acknowledged, told.more_events, told.error) == (
        1,
        True,
        False,
        None,
    )
    assert told.body == envelope(4, [5, 6])
    first, second = told.events
    assert (first.type, first.item_id, first.folder_id) == ("NewMailEvent", item(5), None)
    assert first.watermark == mark(5)
    assert first.timestamp == datetime.fromtimestamp(AT_S, UTC)
    assert second.item_id == item(6)


def test_the_ids_that_an_item_had_before_are_told(responder, tell):
    tell.post((GOLDEN / "moved-item.xml").read_bytes())
    (event,) = responder.events
    assert event.type == "MovedEvent"
    assert event.old_id
    assert event.old_parent_folder_id not in (None, event.parent_folder_id)


def test_the_unread_count_of_a_folder_is_a_number(responder, tell):
    tell.post((GOLDEN / "modified-folder.xml").read_bytes())
    (event,) = responder.events
    assert isinstance(event.unread_count, int)
    assert event.folder_id
    assert event.item_id is None


def test_a_heartbeat_is_no_event(responder, tell):
    tell(4, through=9)
    assert responder.notifications[0].is_heartbeat
    assert responder.events == []
    assert responder.expect("StatusEvent", timeout_s=NOT_LONG_S).watermark == mark(9)


def test_an_error_is_remembered_as_one(responder, tell):
    tell.post(notification.render_error(AccountDisabled(), SUBSCRIPTION, "Exchange2010_SP2"))
    tell.post(b"garbage")
    disabled, garbage = responder.notifications
    assert disabled.error.startswith("ErrorAccountDisabled")
    assert "not XML" in garbage.error
    assert not garbage.is_heartbeat


def test_a_value_that_is_none_makes_it_an_error(responder, tell):
    body = (GOLDEN / "modified-folder.xml").read_bytes()
    start = body.index(b"<t:UnreadCount>") + len(b"<t:UnreadCount>")
    tell.post(body[:start] + b"many" + body[start:])
    assert "many" in responder.notifications[0].error


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        (lambda r: r.fail(2, 500), [500, 500, 200]),
        (lambda r: r.fail(), [503, 200]),
        (lambda r: r.answer(404), [404, 404, 404]),
        (lambda r: (r.answer(404), r.acknowledge()), [200]),
    ],
)
def test_it_answers_as_it_is_told(responder, tell, script, answers):
    script(responder)
    assert [tell(4, [5]) for _ in answers] == answers
    assert [told.is_acknowledged for told in responder.notifications] == [
        answer == 200 for answer in answers
    ]


def test_it_answers_unsubscribe(responder, tell):
    responder.unsubscribe()
    _, body = tell.post(envelope(4, [5]))
    assert ack.parse(body) is SubscriptionStatus.UNSUBSCRIBE
    assert responder.notifications[0].is_acknowledged


@pytest.mark.parametrize(
    ("body", "is_acknowledged"),
    [(b"thank you", False), (b"", False), (ack.render(SubscriptionStatus.OK), True)],
)
def test_it_answers_any_body(responder, tell, body, is_acknowledged):
    responder.answer_with(body)
    assert tell.post(envelope(4, [5])) == (200, body)
    assert responder.notifications[0].is_acknowledged is is_acknowledged


@pytest.mark.parametrize("status", [0, 100, 600])
def test_a_status_that_http_does_not_have_is_refused(responder, status):
    with pytest.raises(ValueError, match="between 200 and 599"):
        responder.answer(status)


@pytest.mark.parametrize("status", [200, 204, 600])
def test_a_status_that_is_no_failure_is_refused(responder, status):
    with pytest.raises(ValueError, match="between 300 and 599, not"):
        responder.fail(status=status)


def test_a_text_is_answered_in_utf_8_and_anything_else_refused(responder, tell):
    responder.answer_with("schön")
    assert tell.post(envelope(4, [5])) == (200, "schön".encode())
    with pytest.raises(TypeError, match="bytes or a text, not 5"):
        responder.answer_with(5)


def test_a_responder_tells_where_it_is_and_what_came(responder, tell):
    tell(4)
    assert repr(responder) == f"<EwsResponder {responder.url} notifications=1>"


def test_to_fail_no_times_is_refused(responder):
    with pytest.raises(ValueError, match="1 or more"):
        responder.fail(0)


def test_it_hangs_until_it_is_told_something_else(responder, tell):
    responder.hang()
    tell.begin(envelope(4, [5]))
    responder.acknowledge()
    assert tell.finish() == OK


def test_a_responder_that_is_closed_does_not_hang(tell, responder):
    responder.hang()
    tell.begin(envelope(4, [5]))
    responder.close()
    with pytest.raises((OSError, http.client.HTTPException)):
        tell.finish()


def test_down_refuses_connections_and_breaks_those_there_are(responder, tell):
    assert tell(4, [5]) == 200
    responder.down()
    with pytest.raises((OSError, http.client.HTTPException)):
        tell(5, [6])
    with pytest.raises(ConnectionRefusedError):
        tell(5, [6])
    assert len(responder.notifications) == 1


def test_up_listens_at_the_same_url_again_as_often_as_one_likes(responder, tell):
    url = responder.url
    for round in range(3):
        responder.down()
        responder.down()
        responder.up()
        responder.up()
        tell.hang_up()
        assert tell(round, [round + 1]) == 200
    assert responder.url == url


def test_an_address_that_somebody_has_is_refused(responder):
    address = parse_address(urlsplit(responder.url).netloc)
    with pytest.raises(OSError, match="in use"):
        EwsResponder(address)


# Waiting


def test_expect_returns_what_is_there_already(responder, tell):
    tell(4, [5])
    assert responder.expect("NewMailEvent", timeout_s=0).item_id == item(5)


def test_expect_waits_for_what_comes(responder, tell):
    with ThreadPoolExecutor() as pool:
        expected = pool.submit(responder.expect, "NewMailEvent", item_id=item(6), timeout_s=30)
        tell(4, [5])
        tell(5, [6])
        assert expected.result().watermark == mark(6)


def test_expect_returns_each_event_once_in_order(responder, tell):
    tell(4, [5, 6, 7])
    assert [responder.expect().item_id for _ in range(3)] == [item(5), item(6), item(7)]
    with pytest.raises(AssertionError, match="no event came"):
        responder.expect(timeout_s=NOT_LONG_S)


def test_expect_passes_over_what_does_not_fit_and_keeps_it(responder, tell):
    tell(4, [5])
    tell(5, [6], type=EventType.CREATED)
    assert responder.expect("CreatedEvent").item_id == item(6)
    assert responder.expect("NewMailEvent").item_id == item(5)


def test_expect_can_want_several(responder, tell):
    tell(4, [5])
    tell(5, [6, 7])
    assert [each.item_id for each in responder.expect(count=2)] == [item(5), item(6)]
    with pytest.raises(AssertionError, match="1 instead of 2 times NewMailEvent"):
        responder.expect("NewMailEvent", count=2, timeout_s=NOT_LONG_S)


def test_what_was_not_acknowledged_was_not_told(responder, tell):
    responder.fail(1, 500)
    tell(4, [5])
    with pytest.raises(AssertionError, match=r"#1 NewMailEvent of item .*, answered with HTTP 500"):
        responder.expect("NewMailEvent", timeout_s=NOT_LONG_S)
    assert responder.expect_notification().previous_watermark == mark(4)


def test_a_failed_expectation_tells_what_came_instead(responder, tell):
    tell(4)
    tell(4, [5], type=EventType.DELETED)
    with pytest.raises(AssertionError) as failed:
        responder.expect("NewMailEvent", item_id="I", timeout_s=NOT_LONG_S)
    assert str(failed.value).splitlines() == [
        f"no NewMailEvent of item I came to {responder.url} within 0.01 s. What came, in all:",
        "  #1 a heartbeat, answered with OK",
        f"  #2 DeletedEvent of item {item(5)}, answered with OK",
    ]


def test_a_failed_expectation_tells_of_the_last_that_came(responder, tell):
    for _ in range(12):
        tell(4)
    with pytest.raises(AssertionError, match=r"\n  2 more before these\n  #3 "):
        responder.expect(timeout_s=NOT_LONG_S)


def test_a_failed_expectation_tells_that_nothing_came(responder):
    with pytest.raises(AssertionError, match=r"within 0\.01 s, nor anything else"):
        responder.expect_notification(timeout_s=NOT_LONG_S)


def test_an_event_type_that_ews_does_not_have_is_refused(responder):
    with pytest.raises(ValueError, match="EWS has no 'NewMail', but CopiedEvent, "):
        responder.expect("NewMail")


def test_expect_notification_returns_each_once(responder, tell):
    tell(4)
    tell(4, [5])
    assert responder.expect_notification().is_heartbeat
    assert responder.expect_notification().events[0].item_id == item(5)


# Nothing is missing


def test_a_chain_of_watermarks_has_nothing_missing(responder, tell):
    tell(4)
    tell(4, [5, 6])
    tell(6, through=9)
    tell(9, [12])
    responder.check()
    assert [event.item_id for event in responder.events] == [item(5), item(6), item(12)]


def test_a_watermark_that_never_came_says_that_something_is_missing(responder, tell):
    tell(4, [5])
    tell(7, [8])
    with pytest.raises(AssertionError) as failed:
        responder.check()
    assert repr(mark(7)) in str(failed.value)
    assert repr(mark(5)) in str(failed.value)
    assert [event.item_id for event in responder.events] == [item(5), item(8)]


def test_what_was_refused_is_not_missing_when_it_comes_again(responder, tell):
    tell(4, [5])
    responder.fail()
    tell(5, [6])
    tell(5, [6, 7])
    responder.check()
    assert [event.item_id for event in responder.events] == [item(5), item(6), item(7)]


def test_what_was_refused_and_does_not_come_again_is_missing(responder, tell):
    tell(4, [5])
    responder.fail()
    tell(5, [6])
    tell(6, [7])
    assert len(responder.missed) == 1


def test_repeated_events_count_once(responder, tell):
    tell(4, [5, 6])
    tell(4, [5, 6, 7])
    tell(4, [5])
    tell(7, [8])
    responder.check()
    assert [event.item_id for event in responder.events] == [item(n) for n in (5, 6, 7, 8)]
    assert len(responder.expect(count=4)) == 4


def test_a_repetition_that_leaves_something_out_is_noticed(responder, tell):
    tell(4, [5, 6])
    tell(4, [6])
    (missed,) = responder.missed
    assert item(6) in missed
    assert item(5) in missed


def test_each_subscription_has_a_chain_of_its_own(responder, tell):
    tell(4, [5], subscription="one")
    tell(70, [71], subscription="two")
    tell(5, [6], subscription="one")
    responder.check()


def test_a_later_subscription_without_the_watermark_of_the_one_before_has_a_gap(responder, tell):
    tell(4, [5], subscription="one")
    tell(8, subscription="two")
    with pytest.raises(AssertionError) as failed:
        responder.check()
    (missed,) = responder.missed
    assert str(failed.value).splitlines()[0] == missed
    assert "3 events of the mailbox" in missed
    assert repr(mark(5)) in missed
    assert repr(mark(8)) in missed
    responder.check(from_now_on=True)


def test_a_later_subscription_that_goes_on_where_the_one_before_ended_has_none(responder, tell):
    tell(4, [5], subscription="one")
    tell(5, [6], subscription="two")
    tell(2, [3, 4, 5, 6], subscription="three")
    responder.check()


def test_what_was_never_acknowledged_is_missed_by_a_later_subscription(responder, tell):
    responder.answer(503)
    tell(4, subscription="one")
    responder.acknowledge()
    tell(6, subscription="two")
    assert "2 events" in responder.missed[0]


def test_a_subscription_that_goes_on_beside_a_later_one_may_be_told_what_is_between(
    responder, tell
):
    tell(4, [5], subscription="one")
    tell(8, subscription="two")
    tell(5, [6], subscription="one")
    responder.check()


@pytest.mark.parametrize("foreign", [encode(1 << 40, 9), "none of ewspush", "AAAA"])
def test_a_subscription_of_another_mailbox_follows_on_nothing(responder, tell, foreign):
    tell(4, [5], subscription="one")
    tell.post(envelope(9, subscription="two").replace(mark(9).encode(), foreign.encode()))
    assert responder.notifications[-1].previous_watermark == foreign
    responder.check()


def test_the_last_watermark_is_that_of_the_last_acknowledgement(responder, tell):
    assert responder.last_watermark is None
    tell(4, [5, 6])
    tell(6, through=9)
    responder.fail()
    tell(9, [10])
    assert responder.last_watermark == mark(9)
    assert [each.watermark for each in responder.notifications] == [mark(6), mark(9), mark(10)]
    tell.post(b"garbage")
    assert responder.notifications[-1].watermark is None


def test_a_responder_that_was_cleared_begins_anew(responder, tell):
    tell(4, [5])
    responder.clear()
    assert responder.notifications == responder.events == []
    tell(70, [71])
    responder.check()


def test_it_can_be_asked_by_several_threads_while_it_answers(responder, tell):
    done = threading.Event()

    def ask():
        while not done.is_set():
            responder.check()

    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask)
        for number in range(50):
            tell(number, [number + 1])
        done.set()
        asking.result()
    assert len(responder.events) == 50
