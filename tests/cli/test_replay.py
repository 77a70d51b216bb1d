"""`ewspush replay`: files are posted as the server posts, in order, and the answers are told."""

import json
import re
import socket

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from ewspush.core.subscription import SubscriptionStatus
from ewspush.push.courier import HEADERS
from support.acks import ack
from support.raw_responder import answer, reset
from support.samples import SAMPLES, printed, readable
from support.schemas import ROOT

EVENT, HEARTBEAT = SAMPLES / "send-notification.xml", SAMPLES / "status-event.xml"
ERROR = ROOT / "tests" / "data" / "golden" / "account-disabled.xml"
QUERY = "/push?key=s3cret"
ACK = answer(200, ack())


@pytest.fixture
def replay(run):
    """Runs the command while responders of this process answer."""

    async def replay(*arguments, **kwargs):
        told = await deferToThread(lambda: run("replay", *arguments, **kwargs))
        assert told.err == ""
        assert "s3cret" not in told.out
        return told

    return replay


def lines(told):
    """Without their times and folders."""
    return [
        re.sub(r" in \d+\.\d ms$", "", line.rpartition("/")[2]) for line in told.out.splitlines()
    ]


@pytest_twisted.ensureDeferred
async def test_files_are_posted_in_order_as_the_server_would(replay, responder):
    far_end = responder(ACK)
    told = await replay(EVENT, ERROR, EVENT, "--to", far_end.url(QUERY))
    assert told.status == 0
    assert lines(told) == [
        "send-notification.xml  1 event after ygwAAAAAAAA=  -> OK (HTTP 200)",
        "account-disabled.xml  error (ErrorAccountDisabled: The mailbox was disabled.)"
        "  -> OK (HTTP 200)",
        "send-notification.xml  1 event after ygwAAAAAAAA=  -> OK (HTTP 200)",
    ]
    sent = [request.body for request in far_end.requests]
    assert sent == [EVENT.read_bytes(), ERROR.read_bytes(), EVENT.read_bytes()]
    for request in far_end.requests:
        assert request.head[0] == f"POST {QUERY} HTTP/1.1"
        assert set(HEADERS) <= set(request.head)
        assert any(line.startswith("User-Agent: ewspush/") for line in request.head)


@pytest_twisted.ensureDeferred
async def test_a_declaration_that_no_parser_reads_is_replaced(replay, responder, elsewhere):
    (elsewhere / "dump.xml").write_bytes(b"\xef\xbb\xbf\n" + readable("send-notification"))
    (elsewhere / "late.xml").write_bytes(b'\n<?xml version="1.0"?>' + printed("send-notification"))
    far_end = responder(ACK)
    told = await replay(HEARTBEAT, "late.xml", "--to", far_end.url())
    assert told.status == 0
    assert far_end.requests[0].body == readable("status-event")
    assert far_end.requests[1].body.endswith(printed("send-notification"))
    assert far_end.requests[1].body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "line"),
    [
        (answer(500, b"for s3cret"), '-> HTTP 500; it begins "for ..." in '),
        (answer(200, b""), "-> HTTP 200 with an empty body, which acknowledges nothing in "),
        (answer(302, b"", "Location: /?a=s3cret"), "/?a=...; redirects are not followed"),
        (answer(200, ack(SubscriptionStatus.UNSUBSCRIBE)), "-> acknowledged with Unsubscribe"),
        (reset, "-> the connection ended before the answer did"),
    ],
    ids=["500", "no ack", "redirect", "Unsubscribe", "reset"],
)
async def test_what_is_not_ok_is_told_and_does_not_stop_the_rest(
    replay,
    responder,
    behaviour,
    line,
):
    far_end = responder(behaviour, ACK)
    told = await replay(EVENT, EVENT, "--to", far_end.url(QUERY))
    assert told.status == 1
    first, second = told.out.splitlines()
    assert line in first
    assert "-> OK" in second


@pytest_twisted.ensureDeferred
async def test_it_may_stop_at_the_first_that_is_not_ok(replay, responder):
    far_end = responder(ACK, answer(503, b""), ACK)
    told = await replay(EVENT, EVENT, EVENT, "--stop", "--to", far_end.url())
    assert (told.status, len(told.out.splitlines())) == (1, 2)
    assert len(far_end.requests) == 2


@pytest_twisted.ensureDeferred
async def test_what_is_no_notification_is_not_sent(replay, responder, elsewhere):
    (elsewhere / "broken.xml").write_bytes(b"<a><b></a>")
    (elsewhere / "large.xml").write_bytes(b"<!-- -->" * 1000)
    (elsewhere / "dtd.xml").write_bytes(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")
    far_end = responder(ACK)
    told = await replay(
        SAMPLES / "ack-ok.xml",
        "broken.xml",
        "large.xml",
        "dtd.xml",
        EVENT,
        "--to",
        far_end.url(),
        change="from ewspush.cli import replay; replay._FILE_LIMIT = 7000",
    )
    assert told.status == 1
    ack_line, broken, large, dtd, event = lines(told)
    assert ack_line == "ack-ok.xml  -> not sent: not a notification (no Notification in it)"
    assert broken.startswith("broken.xml  -> not sent: not a notification (not XML: ")
    assert large == "large.xml  -> not sent: it has more than 7000 bytes"
    assert dtd == "dtd.xml  -> not sent: not a notification (not XML: a DTD is not allowed)"
    assert event.endswith("-> OK (HTTP 200)")
    assert len(far_end.requests) == 1


@pytest_twisted.ensureDeferred
async def test_json_has_the_same(replay, responder, elsewhere):
    (elsewhere / "broken.xml").write_bytes(b"")
    far_end = responder(ACK, answer(503, b""))
    told = await replay(EVENT, EVENT, "broken.xml", "--to", far_end.url(), "--json")
    assert told.status == 1
    good, bad, broken = json.loads(told.out)
    assert good.pop("total_ms") > 0
    assert good == {
        "file": str(EVENT),
        "what": "1 event after ygwAAAAAAAA=",
        "outcome": "OK",
        "http_status": 200,
        "detail": "",
    }
    assert (bad["outcome"], bad["http_status"], bad["detail"]) == ("status", 503, "HTTP 503")
    assert (broken["outcome"], broken["what"], broken["total_ms"]) == ("not-sent", None, None)


def test_nobody_listening_is_told(run):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        told = run("replay", EVENT, "--to", f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert (told.status, told.err) == (1, "")
    assert "-> it cannot be connected to (" in told.out


def test_a_url_that_may_not_be_called_is_an_error(ewspush):
    told = ewspush("replay", EVENT, "--to", "http://10.0.0.1/?key=s3cret")
    assert (told.status, told.out) == (1, "")
    assert "10.0.0.1 is a private address" in told.err
    assert "s3cret" not in told.err
