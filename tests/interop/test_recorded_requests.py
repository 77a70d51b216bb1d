"""What real clients send is answered over HTTP as they need it."""

import re
from itertools import count

import pytest

from support import samples
from support.ews import get_folder, unsubscribe
from support.responders import Responder
from support.running_server import EwsClient
from support.schemas import ROOT

REQUESTS = ROOT / "tests" / "data" / "requests"
SERVED = sorted(REQUESTS.glob("*.xml"))
LATER = sorted((REQUESTS / "later").glob("*.xml"))
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


@pytest.fixture
def translate(client, mailbox, inbox, responder):
    """Puts our own values in the place of those that tests/data/README.md lists."""
    subscribed = client.ask(
        samples.printed("subscribe-request").replace(
            b"https://YOUR_PUSH_RESPONDER_URL", responder.url("/base").encode()
        )
    )
    made = [subscribed.text("m:SubscriptionId")]
    ours = {
        "user@example.com": mailbox.address,
        "c3Vic2NyaXB0aW9uLTE=": made[0],
        "ygwAAAAAAAA=": subscribed.text("m:Watermark"),
        "aW5ib3g=": inbox,
    }

    def translate(request):
        for theirs, our in ours.items():
            request = request.replace(theirs.encode(), our.encode())
        return URL.sub(responder.url("/recorded").encode(), request)

    yield translate
    made += [push.received.subscription for push in responder.pushes]
    for id in set(made):
        client.ask(unsubscribe(id))


def test_there_are_recorded_requests():
    assert len(SERVED) > 20
    assert len(LATER) > 20


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_it_is_served(client, responder: Responder, translate, path):
    request = translate(path.read_bytes())
    answer = client.ask(request)
    assert answer.status == 200
    allowed = {"ErrorFolderNotFound"} if path.stem in SOME_FOLDERS_MISSING else set()
    assert set(answer.codes) - allowed == {"NoError"}
    if "-subscribe-" not in path.stem:
        return
    responder.wait_until(lambda: any(push.path == "/recorded" for push in responder.pushes))
    first = next(push for push in responder.pushes if push.path == "/recorded")
    assert first.received.subscription == answer.text("m:SubscriptionId")
    assert first.received.previous == answer.text("m:Watermark")
    assert VERSION.search(first.body)[1] == VERSION.search(request)[1]


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.stem)
def test_what_is_not_offered_yet_is_a_fault(client, mailbox, path):
    answer = client.ask(path.read_bytes().replace(b"user@example.com", mailbox.address.encode()))
    assert (answer.status, answer.codes) == (500, ["ErrorInvalidOperation"])
