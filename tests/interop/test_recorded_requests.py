"""What real clients send is answered over HTTP as they need it."""

import re
from itertools import count

import pytest

from support import samples
from support.ews import get_folder, subscribe_to_pull, subscribe_to_streaming, unsubscribe
from support.items import sync_folder_items
from support.responders import Responder
from support.running_server import EwsClient
from support.schemas import ROOT
from support.streaming_client import StreamingClient

REQUESTS = ROOT / "tests" / "data" / "requests"
STREAMED = REQUESTS / "exchangelib-getstreamingevents.xml"
SERVED = sorted(set(REQUESTS.glob("*.xml")) - {STREAMED})
URL = re.compile(rb"(?<=<t:URL>)[^<]+")
VERSION = re.compile(rb"""RequestServerVersion[^>]* Version=["'](\w+)["']""")

_numbers = count(1)

# exchangelib asks for every folder that it knows in one request.
SOME_FOLDERS_MISSING = {"exchangelib-getfolder-well-known"}


@pytest.fixture(scope="module")
def mailbox(server):
    return server.add_mailbox(f"recorded{next(_numbers)}@example.com")


@pytest.fixture(scope="module")
def client(server, mailbox):
    return EwsClient(server, mailbox)


@pytest.fixture(scope="module")
def inbox(client):
    return client.ask(get_folder("inbox")).one("t:FolderId").get("Id")


@pytest.fixture(scope="module")
def message(server, client, mailbox):
    """The ItemId of a message in the Inbox."""
    server.deliver(mailbox)
    return client.ask(sync_folder_items()).one("t:ItemId")


@pytest.fixture
def made():
    """The ids of subscriptions that were made for a test."""
    return []


@pytest.fixture
def translate(client, mailbox, inbox, message, responder, made):
    """Puts our own values in the place of those that tests/data/README.md lists."""
    subscribed = client.ask(
        samples.printed("subscribe-request").replace(
            b"https://YOUR_PUSH_RESPONDER_URL", responder.url("/base").encode()
        )
    )
    made.append(subscribed.text("m:SubscriptionId"))
    for kind in (subscribe_to_pull, subscribe_to_streaming):
        made.append(client.ask(kind()).text("m:SubscriptionId"))
    pushed, pulled, streamed = made
    ours = {
        "user@example.com": mailbox.address,
        "ygwAAAAAAAA=": subscribed.text("m:Watermark"),
        "aW5ib3g=": inbox,
        "aXRlbS0x": message.get("Id"),
        "AQAAAA==": message.get("ChangeKey"),
        "c3luYy0x": client.ask(sync_folder_items()).text("m:SyncState"),
    }

    def translate(request):
        own = {b":GetEvents>": pulled, b":GetStreamingEvents>": streamed}
        id = next((id for operation, id in own.items() if operation in request), pushed)
        for theirs, our in {**ours, "c3Vic2NyaXB0aW9uLTE=": id}.items():
            request = request.replace(theirs.encode(), our.encode())
        return URL.sub(responder.url("/recorded").encode(), request)

    yield translate
    made.extend(push.received.subscription for push in responder.pushes)
    for id in set(made):
        client.ask(unsubscribe(id))


def test_there_are_recorded_requests():
    assert len(SERVED) > 50


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_it_is_served(client, responder: Responder, translate, made, path):
    request = translate(path.read_bytes())
    answer = client.ask(request)
    assert answer.status == 200
    if path.stem == "exchangelib-convertid":  # a probe, with an id that is none
        assert answer.codes == ["ErrorInvalidIdMalformed"]
        return
    allowed = {"ErrorFolderNotFound"} if path.stem in SOME_FOLDERS_MISSING else set()
    assert set(answer.codes) - allowed == {"NoError"}
    if "-subscribe-push" not in path.stem:
        made.extend(found.text for found in answer.all("m:SubscriptionId"))
        return
    responder.wait_until(lambda: any(push.path == "/recorded" for push in responder.pushes))
    first = next(push for push in responder.pushes if push.path == "/recorded")
    assert first.received.subscription == answer.text("m:SubscriptionId")
    assert first.received.previous == answer.text("m:Watermark")
    assert VERSION.search(first.body)[1] == VERSION.search(request)[1]


def test_a_request_for_a_stream_begins_one(server, mailbox, translate):
    request = translate(STREAMED.read_bytes())
    with StreamingClient(server, mailbox, request=request) as streaming:
        assert streaming.head.startswith("http/1.1 200 ok\r\n")
        assert streaming.next().status == "OK"
