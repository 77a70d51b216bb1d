"""What an attempt is called in the end, from the far end's socket to the outcome."""

import pytest
import pytest_twisted
from twisted.python.failure import Failure

from ewspush.core.subscription import SubscriptionStatus
from ewspush.push import outcome as outcomes
from ewspush.push.exchange import Answer, retry_after_of
from support.acks import ack, took
from support.raw_responder import answer, endless, raw, reset, silence, then_close
from support.sending import ENVELOPE, HEADERS, certificate

ATTEMPT_S = 0.2  # where running out of time is what happens
DAY_S = 86_400
HEAD = b"HTTP/1.1 200 OK\r\n"
OK = SubscriptionStatus.OK


def attempt(sender, url):
    """A post, and the outcome that is made of it."""
    posting = sender.post(url, HEADERS, ENVELOPE)
    return posting.addCallbacks(outcomes.of_answer, outcomes.of_failure)


def with_length(length, body):
    return raw(HEAD + b"Content-Length: %d\r\n\r\n" % length + body)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("body", "status"),
    [(ack(status), status) for status in SubscriptionStatus],
    ids=[status.value for status in SubscriptionStatus],
)
async def test_an_acknowledgement_has_the_name_of_its_status(sender, responder, body, status):
    got = await attempt(sender, responder(answer(200, body)).url())
    assert (got.status, got.name, got.http_status, got.answer) == (status, status.value, 200, body)
    assert got.retry_after_s is None
    assert got.times is not None


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "name", "http_status", "body"),
    [
        (answer(503, b"later"), "status", 503, b"later"),
        (answer(302, ack()), "status", 302, ack()),
        (answer(200, b"hello"), "not-an-ack", 200, b"hello"),
        (answer(200, b""), "not-an-ack", 200, b""),
        (with_length(len(ack()) - 1, ack()), "not-an-ack", 200, ack()[:-1]),
    ],
    ids=["status", "redirect with an ack", "no ack", "nothing", "length short of an ack"],
)
async def test_a_failed_answer_tells_its_status_and_body(
    sender, responder, behaviour, name, http_status, body
):
    got = await attempt(sender, responder(behaviour).url())
    assert (got.status, got.name, got.http_status) == (None, name, http_status)
    assert got.answer == body
    assert got.times.first_byte_us is not None


@pytest.mark.parametrize(
    "body",
    [b"<a:" + b"q" * 40_000 + b"/>", b"<a\x00b/>"],
    ids=["long", "of two lines"],
)
def test_what_is_wrong_with_an_answer_is_told_in_one_line(body):
    detail = outcomes.of_answer(Answer(200, body, took(), None)).detail
    assert detail.startswith("the answer is not XML: ")
    assert len(detail) <= 200
    assert detail.isprintable()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "name"),
    [
        (silence, "timeout"),
        (raw(HEAD + b"Content-Length: 999\r\n\r\n" + ack()), "timeout"),
        (then_close(HEAD + b"Content-Length: 999\r\n\r\n" + ack()), "reset"),
        (then_close(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % 999 + ack()), "reset"),
        (reset, "reset"),
        (endless(HEAD + b"\r\n" + ack(), b" " * 4096), "answer-too-large"),
        (with_length(10**12, ack()), "answer-too-large"),
        (with_length(-1, ack()), "protocol"),
        (raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + ack()), "protocol"),
        (then_close(b"220 mail.example ESMTP\r\n"), "protocol"),
    ],
    ids=[
        "silence",
        "a stall mid-answer",
        "an end before the length",
        "an end before the last chunk",
        "reset",
        "endless body",
        "endless length",
        "negative length",
        "two lengths",
        "no HTTP",
    ],
)
async def test_without_a_whole_answer_nothing_is_acknowledged(
    make_sender, responder, behaviour, name
):
    far_end = responder(behaviour)
    sender = make_sender(timeout=ATTEMPT_S) if name == "timeout" else make_sender()
    got = await attempt(sender, far_end.url())
    assert (got.status, got.name, got.http_status, got.answer) == (None, name, None, b"")
    assert got.times.total_us > 0
    assert len(far_end.requests) == 1


@pytest_twisted.ensureDeferred
async def test_what_keeps_a_post_from_arriving_names_the_outcome(make_sender, responder):
    far_end = responder()
    far_end.doomed.add(1)
    with_tls = far_end.url().replace("http", "https")
    refusing = make_sender(lambda _address: "not allowed")
    assert (await attempt(refusing, far_end.url())).name == "address-refused"
    sender = make_sender()
    assert (await attempt(sender, with_tls)).name == "tls"
    await far_end.stop()
    assert (await attempt(sender, far_end.url())).name == "connect"
    assert (await attempt(sender, "http://nowhere.invalid/")).name == "dns"
    assert (await attempt(sender, "http:")).name == "unsendable"


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_changed_for_a_bad_one_stops_later_connections(
    make_sender, responder, authority, ca_file
):
    good, bad = certificate(authority, "localhost"), certificate(authority, "other.example")
    far_end = responder(answer(200, ack()), tls=good)
    sender = make_sender(ca_file=ca_file)
    assert (await attempt(sender, far_end.url(host="localhost"))).status is OK
    await far_end.stop()
    changed = responder(answer(200, ack()), tls=bad, port=far_end.port)
    got = await attempt(sender, changed.url(host="localhost"))
    assert (got.status, got.name) == (None, "tls")
    assert changed.requests == []
    await changed.stop()
    restored = responder(answer(200, ack()), tls=good, port=far_end.port)
    assert (await attempt(sender, restored.url(host="localhost"))).status is OK


@pytest_twisted.ensureDeferred
async def test_what_follows_an_answer_acknowledges_nothing_else(sender, responder):
    """The far end says less than it sends: the rest must not be the next post's answer."""
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(ack()) + ack()
    far_end = responder(raw(whole + whole), answer(503, b""))
    assert (await attempt(sender, far_end.url())).status is OK
    assert (await attempt(sender, far_end.url())).name == "status"
    assert far_end.connections == 2


@pytest_twisted.ensureDeferred
async def test_a_kept_connection_that_closes_as_a_post_goes_out_costs_no_attempt(sender, responder):
    far_end = responder(answer(200, ack()))
    await attempt(sender, far_end.url())
    far_end.doomed.add(1)
    assert (await attempt(sender, far_end.url())).status is OK
    assert far_end.connections == 2


RETRY_AFTER = [
    ("120", 120),
    ("0", None),
    ("-5", None),
    ("", None),
    ("soon", None),
    ("Fri, 01 Jan 1999 00:00:00 GMT", None),
]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("status", [503, 429, 500])
@pytest.mark.parametrize(("says", "seconds"), RETRY_AFTER)
async def test_a_failed_answer_says_when_to_retry(sender, responder, status, says, seconds):
    far_end = responder(answer(status, b"", f"Retry-After: {says}"))
    assert (await attempt(sender, far_end.url())).retry_after_s == seconds


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("says", ["86401", "Fri, 31 Dec 9999 00:00:00 GMT"])
async def test_nobody_may_ask_for_more_than_a_day(sender, responder, says):
    far_end = responder(answer(503, b"", f"Retry-After: {says}"))
    assert 0 < (await attempt(sender, far_end.url())).retry_after_s <= DAY_S


@pytest.mark.parametrize(("says", "seconds"), [(DAY_S + 1, DAY_S), (2**62, DAY_S), (-1, None)])
def test_the_bounds_are_kept_whatever_libcurl_makes_of_it(says, seconds):
    class Easy:
        def getinfo(self, _what):
            return says

    assert retry_after_of(Easy()) == seconds


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("body", [ack(), b"no ack"])
async def test_a_success_does_not_say_when_to_retry(sender, responder, body):
    far_end = responder(answer(200, body, "Retry-After: 120"))
    assert (await attempt(sender, far_end.url())).retry_after_s is None


def test_a_mistake_of_our_own_has_no_times():
    got = outcomes.of_bug(Failure(ZeroDivisionError()))
    assert (got.name, got.times, got.answer) == ("internal-error", None, b"")
