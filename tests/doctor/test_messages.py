"""What the doctor posts is what a server would: the schema and careful clients accept it."""

import pytest

from ewspush.doctor.messages import GARBAGE, compose
from ewspush.push.courier import HEADERS
from ewspush.wire import received
from support import notifications

SENT = dict(line.split(": ", 1) for line in (*HEADERS, "User-Agent: ewspush/1.0"))
NOW_S = 1_790_000_000


def composed(batch=100, subscription_id=None, now_s=NOW_S):
    return compose(batch, now_s, subscription_id, "Exchange2010_SP2")


def read(body):
    return notifications.read(SENT, body)


@pytest.mark.parametrize("batch", [1, 2, 3, 100, 10_000])
def test_each_message_follows_on_the_one_before(batch):
    messages = composed(batch)
    read_ones = [
        read(each)
        for each in (messages.status, messages.event, messages.batch, messages.last_status)
    ]
    assert [len(each.events) for each in read_ones] == [1, 1, batch, 1]
    ends = [each.events[-1][1] for each in read_ones]
    assert [each.previous for each in read_ones[1:]] == ends[:-1]
    assert read_ones[0].names == read_ones[3].names == ["StatusEvent"]
    assert read_ones[1].names == ["NewMailEvent"]


def test_a_batch_is_of_messages_that_arrive():
    names = read(composed(batch=4).batch).names
    assert names == ["CreatedEvent", "NewMailEvent", "ModifiedEvent", "CreatedEvent"]


def test_the_error_message_is_that_of_a_disabled_mailbox():
    assert read(composed().error).code == "ErrorAccountDisabled"


def test_all_are_of_the_subscription_that_is_given():
    messages = composed(subscription_id="c3Vi")
    bodies = (messages.status, messages.event, messages.batch, messages.error, messages.last_status)
    assert {read(each).subscription for each in bodies} == {"c3Vi"}


def test_watermarks_of_a_later_examination_are_later():
    earlier, later = composed(10_000), composed(1, now_s=NOW_S + 1)
    watermarks = {mark for _, mark in read(earlier.batch).events}
    assert read(later.status).previous not in watermarks


def test_garbage_is_no_xml():
    with pytest.raises(received.NotANotification, match="not XML"):
        received.parse(GARBAGE)
