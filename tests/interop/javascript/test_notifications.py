"""ews-javascript-api subscribes: push (it has no listener of its own), pull and streaming."""

import pytest
from lxml import etree

from support.javascript import JavascriptError, check_stream
from support.responders import UNSUBSCRIBE
from support.strict_reader import NAMESPACES

TYPES = ["NewMail", "Created", "Deleted", "Modified", "Moved", "Copied", "FreeBusyChanged"]
DELIVERY = ["Created", "NewMail", "Modified"]


def kinds(events):
    return [event["type"] for event in events]


def new_items(pushes):
    """The ids of the items whose arrival was told."""
    return [
        id.get("Id")
        for push in pushes
        for id in etree.fromstring(push.body).iterfind(".//t:NewMailEvent/t:ItemId", NAMESPACES)
    ]


# Push


def test_the_whole_story(server, mailbox, account, responder):
    """Find the Inbox, subscribe, be told, read, answer, file, catch up, and end."""
    inbox = account.bindFolder(folder="Inbox")["Id"]
    known = account.syncItems(folder=inbox)["state"]
    subscription = account.subscribeToPush(
        folders=[inbox], url=responder.url(), frequency=5, types=["NewMail"]
    )
    customer = server.add_mailbox(f"customer.{mailbox.address}")
    server.deliver(
        mailbox,
        b"From: Customer <%s>\r\nTo: %s\r\nSubject: Order 1001\r\n\r\nThree of them.\r\n"
        % (customer.address.encode(), mailbox.address.encode()),
    )
    (id,) = new_items(responder.wait_for_new_mails(1))
    message = account.bind(id=id, properties={"body": "Text"})
    assert (message["Subject"], message["Body"]["Text"].strip()) == ("Order 1001", "Three of them.")
    account.reply(id=id, all=True, body="<p>On its way</p>", how="sendAndSaveCopy")
    account.update(id=id, read=True)
    folder = account.createFolder(name="Done", parent=inbox)
    account.copy(id=id, to="Drafts")
    moved = account.move(id=id, to=folder)
    account.remove(id=moved, mode="MoveToDeletedItems")
    assert account.syncItems(folder=inbox, state=known)["changes"] == []
    trash = account.syncItems(folder="DeletedItems")["changes"]
    assert [change["changed"]["Subject"] for change in trash] == ["Order 1001"]
    responder.otherwise = UNSUBSCRIBE
    server.deliver(mailbox)
    ended = server.log.wait_for(
        "delivery.attempted",
        lambda line: (
            line["subscription"] == subscription["id"] and line["outcome"] == "Unsubscribe"
        ),
    )
    assert ended["phase"] == "ended"


def test_all_folders_are_subscribed_to(server, mailbox, account, responder):
    account.subscribeToPush(url=responder.url(), frequency=5, types=TYPES)
    server.deliver(mailbox)
    (id,) = new_items(responder.wait_for_new_mails(1))
    account.move(id=id, to="JunkEmail")
    responder.wait_until(
        lambda: any("MovedEvent" in push.received.names for push in responder.pushes)
    )


def test_a_push_subscription_goes_on_from_a_watermark(server, mailbox, account, responder):
    start = account.subscribeToPush(
        folders=["Inbox"], url=responder.url("/first"), frequency=5, types=["NewMail"]
    )["watermark"]
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    again = account.subscribeToPush(
        folders=["Inbox"],
        url=responder.url("/again"),
        frequency=5,
        types=["NewMail"],
        watermark=start,
    )
    assert again["watermark"] == start
    responder.wait_until(
        lambda: new_items(push for push in responder.pushes if push.path == "/again")
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "http://10.0.0.1/"}, "ErrorInvalidPushSubscriptionUrl"),
        ({"watermark": "AAAAAAAAAAA="}, "ErrorInvalidWatermark"),
    ],
    ids=["url", "watermark"],
)
def test_a_refused_push_subscription_is_its_own_typed_error(account, responder, given, code):
    usual = {"folders": ["Inbox"], "url": responder.url(), "frequency": 5, "types": TYPES}
    with pytest.raises(JavascriptError) as refused:
        account.subscribeToPush(**{**usual, **given})
    assert refused.value.code == code


# Pull


def test_events_are_pulled(server, mailbox, account):
    id = account.subscribeToPull(folders=["Inbox"], types=TYPES)["id"]
    idle = account.getEvents(id=id)
    assert (idle["events"], idle["more"]) == ([], False)
    server.deliver(mailbox)
    told = account.getEvents(id=id)
    created, new_mail, modified = told["events"]
    assert kinds(told["events"]) == DELIVERY
    assert created["ItemId"] == new_mail["ItemId"]
    assert created["TimeStamp"] == modified["TimeStamp"]
    assert modified["FolderId"] == created["ParentFolderId"]
    assert modified["UnreadCount"] == 1
    assert account.getEvents(id=id)["events"] == []


def test_a_move_is_told_with_both_ids(server, mailbox, account):
    id = account.subscribeToPull(types=["Moved", "Copied"])["id"]
    server.deliver(mailbox)
    (item,) = account.find(folder="Inbox")["items"]
    copied = account.copy(id=item["Id"], to="Drafts")
    moved = account.move(id=item["Id"], to="JunkEmail")
    told = {event["type"]: event for event in account.getEvents(id=id)["events"]}
    assert (told["Copied"]["OldItemId"], told["Copied"]["ItemId"]) == (item["Id"], copied)
    assert (told["Moved"]["OldItemId"], told["Moved"]["ItemId"]) == (item["Id"], moved)


def test_many_events_are_pulled_a_few_at_a_time(server, mailbox, account):
    """It takes for the last event the last one of a type, and so hears of some twice."""
    id = account.subscribeToPull(folders=["Inbox"], types=TYPES)["id"]
    for _ in range(20):
        server.deliver(mailbox)
    first, second = account.getEvents(id=id), account.getEvents(id=id)
    assert (len(first["events"]), first["more"], second["more"]) == (50, True, False)
    told = {
        event["ItemId"]
        for event in first["events"] + second["events"]
        if event["type"] == "NewMail"
    }
    assert len(told) == 20


def test_a_pull_subscription_goes_on_from_a_watermark(server, mailbox, account):
    start = account.subscribeToPull(folders=["Inbox"], types=TYPES)["watermark"]
    server.deliver(mailbox)
    again = account.subscribeToPull(folders=["Inbox"], types=TYPES, watermark=start)
    assert kinds(account.getEvents(id=again["id"])["events"]) == DELIVERY


def test_an_unsubscribed_subscription_is_not_found(account):
    id = account.subscribeToPull(folders=["Inbox"], types=TYPES)["id"]
    account.unsubscribe(id=id)
    for step in (account.getEvents, account.unsubscribe):
        with pytest.raises(JavascriptError) as gone:
            step(id=id)
        assert gone.value.code == "ErrorSubscriptionNotFound"


# Streaming


def test_events_are_streamed(server, mailbox, account):
    id = account.subscribeToStreaming(folders=["Inbox"], types=TYPES)["id"]
    connection = account.openStream(ids=[id])
    server.deliver(mailbox)
    told = account.waitForEvents(connection=connection, count=3)
    assert [one["id"] for one in told["events"]] == [id] * 3
    events = [one["event"] for one in told["events"]]
    assert kinds(events) == DELIVERY
    (item,) = account.find(folder="Inbox")["items"]
    assert events[0]["ItemId"] == item["Id"]
    account.update(id=item["Id"], read=True)
    account.waitForEvents(connection=connection, count=5)
    closed = account.closeStream(connection=connection)
    assert (closed["isOpen"], closed["errors"]) == (False, [])
    check_stream(closed["streamed"])


def test_a_stream_goes_on_where_the_last_one_was_closed(server, mailbox, account):
    id = account.subscribeToStreaming(types=["NewMail"])["id"]
    account.closeStream(connection=account.openStream(ids=[id]))
    server.deliver(mailbox)
    connection = account.openStream(ids=[id])
    told = account.waitForEvents(connection=connection, count=1)
    assert kinds(one["event"] for one in told["events"]) == ["NewMail"]
    account.closeStream(connection=connection)


def test_several_subscriptions_share_a_stream(server, mailbox, account):
    ids = [
        account.subscribeToStreaming(folders=[folder], types=["Created"])["id"]
        for folder in ("Inbox", "Drafts")
    ]
    connection = account.openStream(ids=ids)
    server.deliver(mailbox)
    account.waitForEvents(connection=connection, count=1)
    account.write(how="save", subject="Draft", text="x")
    told = account.waitForEvents(connection=connection, count=2)
    assert [one["id"] for one in told["events"]] == ids
    account.closeStream(connection=connection)


def test_a_second_stream_takes_over(server, mailbox, account, open_account):
    id = account.subscribeToStreaming(types=["NewMail"])["id"]
    first = account.openStream(ids=[id])
    elsewhere = open_account(mailbox, version="Exchange2010_SP2")
    second = elsewhere.openStream(ids=[id])
    ended = account.waitForEnd(connection=first)
    assert [one["code"] for one in ended["errors"]] == ["ErrorNewEventStreamConnectionOpened"]
    check_stream(ended["streamed"])
    server.deliver(mailbox)
    assert len(elsewhere.waitForEvents(connection=second, count=1)["events"]) == 1
    elsewhere.closeStream(connection=second)


def test_unsubscribing_ends_the_stream(account):
    id = account.subscribeToStreaming(types=["NewMail"])["id"]
    connection = account.openStream(ids=[id])
    account.unsubscribe(id=id)
    ended = account.waitForEnd(connection=connection)
    assert [(one["id"], one["code"]) for one in ended["errors"]] == [
        (id, "ErrorInvalidSubscription")
    ]
    check_stream(ended["streamed"])
