"""The envelopes of the WorkMail guide, and what this server makes of them."""

import re
from difflib import ndiff

import pytest
from lxml import etree

from support import samples
from support.responders import acknowledging
from support.strict_reader import PREFIXES, Chain

HOLDER = b"https://YOUR_PUSH_RESPONDER_URL"

# Everything in which our envelopes differ from the guide's in more than values, and why.
MEANT = {
    "send-notification": {
        "+ soap:Envelope/soap:Body/m:SendNotification/m:ResponseMessages"
        "/m:SendNotificationResponseMessage/m:Notification/t:ModifiedEvent/t:UnreadCount": (
            "the schema and Exchange's own samples have it beside a FolderId, and every client"
            " library reads it"
        ),
    },
}


def outline(document):
    """Every element and attribute with the way to it, in order; a set of attributes has none."""

    def lines(element, above):
        name = etree.QName(element)
        path = f"{above}{PREFIXES.get(name.namespace, name.namespace)}:{name.localname}"
        yield path
        yield from (f"{path}@{attribute}" for attribute in sorted(element.attrib))
        for child in element.iterchildren("*"):
            yield from lines(child, f"{path}/")

    return list(lines(etree.fromstring(document), ""))


def differences(sample, ours):
    compared = ndiff(outline(samples.readable(sample)), outline(ours))
    return {line for line in compared if line[0] in "+-"}


def request(responder, **only):
    return samples.printed("subscribe-request").replace(HOLDER, responder.url("/").encode())


def only_modified_events(envelope):
    return re.sub(rb"<t:EventType>(?!ModifiedEvent)\w+</t:EventType>", b"", envelope)


def test_its_request_is_answered_in_its_form(client, responder):
    answer = client.ask(request(responder))
    assert answer.status == 200
    assert differences("subscribe-response", answer.reply.body) == set()


def test_its_status_event_is_our_first_notification(client, responder):
    client.ask(request(responder))
    (first,) = responder.wait_for(1)
    assert differences("status-event", first.body) == set()


def test_its_notification_of_a_changed_folder_is_ours(server, mailbox, client, responder):
    client.ask(only_modified_events(request(responder)))
    responder.wait_for(1)
    server.deliver(mailbox)
    _, second = responder.wait_for(2)
    assert differences("send-notification", second.body) == set(MEANT["send-notification"])


@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-8", "application/json", None])
def test_its_acknowledgements_are_understood_as_printed(
    server, mailbox, client, responder, content_type
):
    responder.otherwise = acknowledging(samples.printed("ack-ok"), content_type)
    answer = client.ask(request(responder))
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    responder.otherwise = acknowledging(samples.printed("ack-unsubscribe"), content_type)
    server.deliver(mailbox)
    responder.wait_for_new_mails(2)
    id = answer.text("m:SubscriptionId")
    ended = server.log.wait_for(
        "delivery.attempted",
        lambda line: line["subscription"] == id and line["phase"] == "ended",
    )
    assert ended["outcome"] == "Unsubscribe"
    assert responder.followed(Chain.of_subscribe_response(answer.reply.body)).problems == []
