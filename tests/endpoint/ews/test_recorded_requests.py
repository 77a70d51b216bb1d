"""What real clients send is answered as they need it."""

import pytest
from lxml import etree

from ewspush.core import watermark
from ewspush.core.ids import Kind
from ewspush.wire import ids
from support import samples
from support.schemas import ROOT

REQUESTS = ROOT / "tests" / "data" / "requests"
SERVED = sorted(REQUESTS.glob("*.xml"))
LATER = sorted((REQUESTS / "later").glob("*.xml"))


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_recorded_request_is_served(ews, path):
    """With the ids and watermarks of the recording's server replaced by our own."""
    ours = {
        b"ygwAAAAAAAA=": watermark.encode(ews.mailbox.watermark_base, 0),
        b"aW5ib3g=": ids.encode(Kind.FOLDER, ews.mailbox.id, 3),
        b"c3Vic2NyaXB0aW9uLTE=": ews.ask(samples.printed("subscribe-request")).text(
            "m:SubscriptionId"
        ),
    }
    request = path.read_bytes()
    for theirs, our in ours.items():
        request = request.replace(theirs, our.encode())
    answer = ews.ask(request)
    assert answer.status == 200
    # exchangelib asks for every folder that it knows in one request.
    assert set(answer.codes) - {"ErrorFolderNotFound"} == {"NoError"}


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.stem)
def test_what_does_not_exist_yet_is_a_fault(ews, path):
    answer = ews.ask(path.read_bytes())
    assert (answer.status, answer.codes) == (500, ["ErrorInvalidOperation"])
    assert ews.stored() == []


def test_the_guides_own_request_is_answered_like_its_own_response(ews):
    def form(element):
        return (element.tag, sorted(element.attrib), [form(child) for child in element])

    answer = ews.ask(samples.printed("subscribe-request"))
    assert form(answer.root) == form(etree.fromstring(samples.readable("subscribe-response")))
