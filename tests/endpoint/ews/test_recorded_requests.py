"""What real clients send is answered as they need it."""

import pytest
from lxml import etree

from ewspush.core import watermark
from ewspush.core.ids import Kind
from ewspush.operations import mail
from ewspush.wire import ids
from support import samples
from support.ews import NOW_S, subscribe_to_pull, subscribe_to_streaming
from support.items import sync_folder_items
from support.schemas import ROOT

REQUESTS = ROOT / "tests" / "data" / "requests"
STREAMED = REQUESTS / "exchangelib-getstreamingevents.xml"
SERVED = sorted(set(REQUESTS.glob("*.xml")) - {STREAMED})


def subscribe_for(path):
    """A request for a subscription of the kind that a recorded request is about."""
    if path.stem.endswith("-getevents"):
        return subscribe_to_pull()
    if path == STREAMED:
        return subscribe_to_streaming()
    return samples.printed("subscribe-request")


def delivered(ews):
    """The ItemId of a message in the Inbox."""
    with ews.database.write() as tx:
        mail.deliver(tx, ews.mailbox.address, b"Subject: one\r\n\r\n", NOW_S)
    return ews.ask(sync_folder_items("inbox")).one("t:ItemId")


def translated(ews, path):
    """The request, the ids and watermarks of the recording's server replaced by our own."""
    message = delivered(ews)
    ours = {
        b"ygwAAAAAAAA=": watermark.encode(ews.mailbox.watermark_base, 0),
        b"aW5ib3g=": ids.encode(Kind.FOLDER, ews.mailbox.id, 3),
        b"c3Vic2NyaXB0aW9uLTE=": ews.ask(subscribe_for(path)).text("m:SubscriptionId"),
        b"aXRlbS0x": message.get("Id"),
        b"AQAAAA==": message.get("ChangeKey"),
        b"c3luYy0x": ews.ask(sync_folder_items("inbox")).text("m:SyncState"),
    }
    request = path.read_bytes()
    for theirs, our in ours.items():
        request = request.replace(theirs, our.encode())
    return request


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_recorded_request_is_served(ews, path):
    answer = ews.ask(translated(ews, path))
    assert answer.status == 200
    if path.stem == "exchangelib-convertid":  # a probe, with an id that is none
        assert answer.codes == ["ErrorInvalidIdMalformed"]
        return
    # exchangelib asks for every folder that it knows in one request.
    assert set(answer.codes) - {"ErrorFolderNotFound"} == {"NoError"}


def test_a_recorded_request_for_a_stream_begins_one(ews):
    reply = ews.application.handle(ews.mailbox, translated(ews, STREAMED))
    assert (reply.status, reply.stream.timeout_s, reply.stream.invalid) == (200, 60, ())


def test_the_guides_own_request_is_answered_like_its_own_response(ews):
    def form(element):
        return (element.tag, sorted(element.attrib), [form(child) for child in element])

    answer = ews.ask(samples.printed("subscribe-request"))
    assert form(answer.root) == form(etree.fromstring(samples.readable("subscribe-response")))
