"""ews-javascript-api while days pass: it resumes, or is told why not."""

import pytest

from support.emulated import EmulatedServer, owned
from support.javascript import JavascriptError
from support.responders import FAILURE, OK, new_mails
from support.strict_reader import Chain

PUSH = {"folders": ["Inbox"], "frequency": 5, "types": ["NewMail"]}
DAY_S = 86_400


@pytest.fixture
def server(ews_server):
    ews_server.freeze()
    return EmulatedServer(ews_server)


@pytest.fixture
def mailbox(server, ews_mailbox):
    return owned(ews_mailbox)


def test_it_subscribes_anew_when_it_was_given_up(server, mailbox, ews_server, account, responder):
    old = account.subscribeToPush(url=responder.url(), **PUSH)
    server.deliver(mailbox)
    last = responder.wait_for_new_mails(1)[-1].received.events[-1][1]
    responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(300)
    assert ews_server.subscription(old["id"]).phase == "parked"
    responder.otherwise = OK
    new = account.subscribeToPush(url=responder.url(), watermark=last, **PUSH)
    ews_server.advance(0)
    followed = responder.followed(Chain(new["id"], new["watermark"]))
    assert (followed.problems, len(followed.seen)) == ([], 1)
    acknowledged = [push for push in responder.pushes if push.said is OK]
    assert len(set(new_mails(acknowledged))) == 2


def test_a_watermark_that_is_too_old_is_its_own_typed_error(
    server, mailbox, ews_server, account, responder
):
    start = account.subscribeToPush(url=responder.url(), **PUSH)
    responder.otherwise = FAILURE
    server.deliver(mailbox)
    ews_server.advance(31 * DAY_S)
    with pytest.raises(JavascriptError) as refused:
        account.subscribeToPush(url=responder.url(), watermark=start["watermark"], **PUSH)
    assert refused.value.code == "ErrorInvalidWatermark"


def test_a_pull_subscription_ends_after_its_timeout(server, mailbox, ews_server, account):
    id = account.subscribeToPull(folders=["Inbox"], types=["NewMail"], timeout=10)["id"]
    ews_server.advance(9 * 60)
    server.deliver(mailbox)
    assert len(account.getEvents(id=id)["events"]) == 1
    ews_server.advance(11 * 60)
    with pytest.raises(JavascriptError) as gone:
        account.getEvents(id=id)
    assert gone.value.code == "ErrorSubscriptionNotFound"


def test_a_stream_ends_at_its_time(server, mailbox, ews_server, account):
    id = account.subscribeToStreaming(folders=["Inbox"], types=["NewMail"])["id"]
    connection = account.openStream(ids=[id], minutes=1)
    server.deliver(mailbox)
    account.waitForEvents(connection=connection, count=1)
    ews_server.advance(60)
    assert account.waitForEnd(connection=connection)["errors"] == []
