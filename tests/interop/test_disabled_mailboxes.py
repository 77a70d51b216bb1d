"""A mailbox is disabled and restored while its subscriptions are live, over real connections."""

import pytest

from support.ews import get_events, subscribe, subscribe_to_pull
from support.responders import UNSUBSCRIBE, new_mails
from support.running_server import EwsClient
from support.strict_reader import Chain


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_push_subscription_goes_on_where_it_was(start_server, responder, is_restarted):
    server = start_server()
    mailbox = server.add_mailbox("user@example.com")
    answer = EwsClient(server, mailbox).ask(
        subscribe(url=responder.url("/"), frequency="<t:StatusFrequency>1</t:StatusFrequency>")
    )
    chain = Chain(answer.text("m:SubscriptionId"), answer.text("m:Watermark"))
    responder.wait_for(1)
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    responder.script(UNSUBSCRIBE)
    server.control.call("user.disable", user=mailbox.address)
    said = responder.wait_for(3)[-1]
    assert said.received.code == "ErrorAccountDisabled"
    assert said.received.subscription == chain.subscription_id
    server.log.wait_for("delivery.said_disabled")
    if is_restarted:
        assert server.terminate() == 0
        server.start(same_ports=True)
    server.control.call("user.enable", user=mailbox.address)
    status = responder.wait_for(4)[-1]
    assert status.received.names == ["StatusEvent"]
    server.deliver(mailbox)
    pushes = responder.wait_for_new_mails(2)
    assert len(new_mails(pushes)) == 2
    assert [push.received.code for push in pushes].count("ErrorAccountDisabled") == 1
    responder.pushes.remove(said)
    assert responder.followed(chain).problems == []


def test_a_pull_subscription_is_there_when_the_mailbox_is_restored(server, mailbox, client):
    answer = client.ask(subscribe_to_pull())
    id, watermark = answer.text("m:SubscriptionId"), answer.text("m:Watermark")
    server.deliver(mailbox)
    server.control.call("mailbox.delete", mailbox=mailbox.address)
    server.control.call("mailbox.restore", mailbox=mailbox.address)
    pulled = client.ask(get_events(id, watermark))
    assert pulled.text("m:ResponseCode") == "NoError"
    assert len(pulled.all("t:NewMailEvent")) == 1
