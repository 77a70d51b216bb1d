"""Subscribing to pull and streaming, and GetEvents, from bytes to bytes."""

import pytest

from ewspush.core.ids import Kind
from ewspush.operations import mail
from ewspush.wire import ids
from support.ews import (
    NOW_S,
    Ews,
    get_events,
    get_folder,
    get_streaming_events,
    subscribe,
    subscribe_to_pull,
    subscribe_to_streaming,
    unsubscribe,
)
from support.strict_reader import NAMESPACES

ALL_OF_A_DELIVERY = ("NewMailEvent", "CreatedEvent", "ModifiedEvent")


def deliver(ews):
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", ews.now_s)


def pull(ews, **parts):
    answer = ews.ask(subscribe_to_pull(**parts))
    return answer.text("m:SubscriptionId"), answer.text("m:Watermark")


def events(answer):
    """The names of the events in a Notification."""
    notification = answer.one("m:Notification")
    return [child.tag.partition("}")[2] for child in notification[3:]]


def watermarks(answer):
    return [
        each.text for each in answer.one("m:Notification").iterfind("*/t:Watermark", NAMESPACES)
    ]


def test_a_pull_subscription_has_an_id_and_a_watermark(ews):
    answer = ews.ask(subscribe_to_pull())
    assert answer.codes == ["NoError"]
    assert answer.text("m:SubscriptionId")
    assert answer.text("m:Watermark")
    assert answer.reply.subscribed == ()  # nothing is pushed
    assert ews.stored() == []


def test_a_streaming_subscription_has_an_id_alone(ews):
    answer = ews.ask(subscribe_to_streaming())
    assert answer.codes == ["NoError"]
    assert answer.all("m:Watermark") == []
    assert answer.reply.subscribed == ()


def test_a_quiet_mailbox_answers_a_status_event(ews):
    id, mark = pull(ews)
    answer = ews.ask(get_events(id, mark))
    assert answer.codes == ["NoError"]
    assert events(answer) == ["StatusEvent"]
    assert watermarks(answer) == [mark]


def test_what_happened_is_answered_from_the_watermark_on(ews):
    id, mark = pull(ews, types=ALL_OF_A_DELIVERY)
    deliver(ews)
    answer = ews.ask(get_events(id, mark))
    assert answer.text("t:SubscriptionId") == id
    assert answer.text("t:PreviousWatermark") == mark
    assert answer.text("t:MoreEvents") == "false"
    assert events(answer) == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]
    again = ews.ask(get_events(id, mark))
    assert events(again) == events(answer)
    done = ews.ask(get_events(id, watermarks(answer)[-1]))
    assert events(done) == ["StatusEvent"]
    assert done.text("t:PreviousWatermark") == watermarks(answer)[-1]


def test_more_than_fifty_events_are_announced(ews):
    id, mark = pull(ews, types=ALL_OF_A_DELIVERY)
    for _ in range(20):
        deliver(ews)
    first = ews.ask(get_events(id, mark))
    assert (len(events(first)), first.text("t:MoreEvents")) == (50, "true")
    second = ews.ask(get_events(id, watermarks(first)[-1]))
    assert (len(events(second)), second.text("t:MoreEvents")) == (10, "false")


@pytest.mark.parametrize("name", ["t:Watermark", "m:Watermark"])
def test_a_pull_subscription_resumes_after_its_watermark(ews, name):
    _, mark = pull(ews)
    deliver(ews)
    id, again = pull(ews, watermark=f"<{name}>{mark}</{name}>")
    assert again == mark
    assert events(ews.ask(get_events(id, mark))) == ["NewMailEvent"]


def test_each_call_begins_the_timeout_anew(ews):
    id, mark = pull(ews, timeout=5)
    for _ in range(3):
        ews.now_s += 299
        assert ews.ask(get_events(id, mark)).codes == ["NoError"]
    ews.now_s += 300
    assert ews.ask(get_events(id, mark)).codes == ["ErrorSubscriptionNotFound"]


def test_the_number_of_subscriptions_is_bounded(tmp_path):
    ews = Ews(tmp_path, pull_limit=2)
    codes = [
        ews.ask(request()).codes for request in (subscribe_to_pull, subscribe_to_streaming) * 2
    ]
    assert codes == [["NoError"]] * 2 + [["ErrorExceededSubscriptionCount"]] * 2
    assert ews.ask(subscribe()).codes == ["NoError"]
    ews.database.close()


def test_the_wrong_id_is_refused_by_what_is_wrong_with_it(ews):
    _, mark = pull(ews)
    theirs = ews.ask(subscribe_to_pull(), ews.other).text("m:SubscriptionId")
    pushed = ews.ask(subscribe()).text("m:SubscriptionId")
    streamed = ews.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    folder = ews.ask(get_folder("inbox")).one("t:FolderId").get("Id")
    expected = {
        theirs: "ErrorSubscriptionAccessDenied",
        pushed: "ErrorInvalidPullSubscriptionId",
        streamed: "ErrorInvalidSubscription",
        folder: "ErrorSubscriptionNotFound",
        ids.encode(Kind.SUBSCRIPTION, 1, 1): "ErrorSubscriptionNotFound",
        "nonsense": "ErrorSubscriptionNotFound",
    }
    assert {id: ews.ask(get_events(id, mark)).codes for id in expected} == {
        id: [code] for id, code in expected.items()
    }


def test_a_wrong_watermark_is_refused(ews):
    id, _ = pull(ews)
    theirs = ews.ask(subscribe_to_pull(), ews.other).text("m:Watermark")
    for mark in (theirs, "nonsense", "AAAAAAA="):
        assert ews.ask(get_events(id, mark)).codes == ["ErrorInvalidWatermark"]


@pytest.mark.parametrize("request_", [subscribe_to_pull, subscribe_to_streaming])
def test_they_are_unsubscribed_and_told_of(ews, request_):
    id = ews.ask(request_()).text("m:SubscriptionId")
    assert ews.ask(unsubscribe(id), ews.other).codes == ["ErrorSubscriptionAccessDenied"]
    assert ews.ask(unsubscribe(id)).codes == ["NoError"]
    assert [told.number for told in ews.unsubscribed] == [ids.decode(id).number]
    assert ews.ask(unsubscribe(id)).codes == ["ErrorSubscriptionNotFound"]


# The beginning of a stream


def ask_for_stream(ews, *subscription_ids, minutes=1, mailbox=None):
    request = get_streaming_events(*subscription_ids, minutes=minutes)
    return ews.application.handle(mailbox or ews.mailbox, request)


def test_a_stream_is_handed_on_instead_of_an_answer(ews):
    made = [ews.ask(subscribe_to_streaming()).text("m:SubscriptionId") for _ in range(2)]
    reply = ask_for_stream(ews, *made, made[0], minutes=30)
    assert reply.status == 200
    assert reply.stream.mailbox == ews.mailbox
    assert [
        ids.encode(Kind.SUBSCRIPTION, id.mailbox, id.number) for id in reply.stream.subscriptions
    ] == made
    assert (reply.stream.timeout_s, reply.stream.invalid) == (1800, ())


def test_ids_that_cannot_be_streamed_are_named_as_they_were_given(ews):
    good = ews.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    bad = [
        "nonsense",
        ews.ask(subscribe_to_pull()).text("m:SubscriptionId"),
        ews.ask(subscribe()).text("m:SubscriptionId"),
        ews.ask(subscribe_to_streaming(), ews.other).text("m:SubscriptionId"),
        ews.ask(get_folder("inbox")).one("t:FolderId").get("Id"),
    ]
    assert ask_for_stream(ews, *bad[:2], good, *bad[2:]).stream.invalid == tuple(bad)
    assert ask_for_stream(ews, "nonsense").stream.invalid == ("nonsense",)


def test_a_stream_of_an_expired_subscription_is_invalid(ews):
    id = ews.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    ews.now_s = NOW_S + 1800
    assert ask_for_stream(ews, id).stream.invalid == (id,)


@pytest.mark.parametrize("minutes", [0, 31, "x"])
def test_a_connection_lasts_one_to_thirty_minutes(ews, minutes):
    id = ews.ask(subscribe_to_streaming()).text("m:SubscriptionId")
    answer = ews.ask(get_streaming_events(id, minutes=minutes))
    assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])


def test_more_subscriptions_than_a_connection_may_have_are_a_fault(ews):
    answer = ews.ask(get_streaming_events(*["nonsense"] * 1001))
    assert (answer.status, answer.codes) == (500, ["ErrorDataSizeLimitExceeded"])
    assert ask_for_stream(ews, *["nonsense"] * 1000).status == 200
