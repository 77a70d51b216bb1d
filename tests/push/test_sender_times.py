"""How far an attempt got, and when."""

import pytest
import pytest_twisted
import trustme

from ewspush.push.sender import FailureKind
from support.raw_responder import answer, raw, reset, silence, then_close
from support.sending import ENVELOPE, HEADERS, Clock, certificate, failure_of

ATTEMPT_S = 1.0  # where running out of time is what happens, after some other things did
HALF_AN_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"


class TickingClock:
    """A second later at every look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def reached(times):
    """Which of the times are there; they must be in order."""
    known = [(name, at_us) for name, at_us in times._asdict().items() if at_us is not None]
    in_order = [at_us for _, at_us in known]
    assert in_order == sorted(in_order)
    assert min(in_order) >= 0
    return [name.removesuffix("_us") for name, _ in known]


@pytest_twisted.ensureDeferred
async def test_a_kept_connection_has_no_times_of_connecting(sender, responder):
    far_end = responder(answer())
    first = await sender.post(far_end.url(), HEADERS, ENVELOPE)
    second = await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert reached(first.times) == ["connect", "first_byte", "total"]
    assert reached(second.times) == ["first_byte", "total"]


@pytest_twisted.ensureDeferred
async def test_tls_has_a_time_of_its_own(make_sender, responder, authority, ca_file):
    far_end = responder(answer(), tls=certificate(authority, "localhost"))
    sender = make_sender(ca_file=ca_file)
    first = await sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE)
    second = await sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE)
    assert reached(first.times) == ["connect", "tls", "first_byte", "total"]
    assert reached(second.times) == ["first_byte", "total"]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "far", "timeout_s"),
    [
        (silence, ["connect", "total"], ATTEMPT_S),
        (reset, ["connect", "total"], 30.0),
        (then_close(b"SSH-2.0-OpenSSH_9.2\r\n"), ["connect", "total"], 30.0),
        (raw(HALF_AN_ANSWER), ["connect", "first_byte", "total"], ATTEMPT_S),
        (then_close(HALF_AN_ANSWER), ["connect", "first_byte", "total"], 30.0),
    ],
    ids=["silence", "reset", "no HTTP", "a stall mid-answer", "an end mid-answer"],
)
async def test_a_failure_tells_how_far_the_attempt_got(
    make_sender, responder, behaviour, far, timeout_s
):
    sender = make_sender(timeout=timeout_s)
    error = await failure_of(sender.post(responder(behaviour).url(), HEADERS, ENVELOPE))
    assert reached(error.times) == far


@pytest_twisted.ensureDeferred
async def test_a_handshake_that_fails_leaves_the_time_to_connect(make_sender, responder, ca_file):
    far_end = responder(answer(), tls=certificate(trustme.CA(), "localhost"))
    post = make_sender(ca_file=ca_file).post(far_end.url(host="localhost"), HEADERS, ENVELOPE)
    assert reached((await failure_of(post)).times) == ["connect", "total"]


@pytest_twisted.ensureDeferred
async def test_what_reached_nobody_has_a_total_only(sender, responder):
    far_end = responder(answer())
    await far_end.stop()
    for url in (far_end.url(), "http://nowhere.invalid/", "http:", ""):
        error = await failure_of(sender.post(url, HEADERS, ENVELOPE))
        assert reached(error.times) == ["total"], error


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("url", ["http://host.example/\0", "http:"])
async def test_nothing_is_left_over_from_the_post_before(sender, responder, url):
    await sender.post(responder(answer()).url(), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(url, HEADERS, ENVELOPE))
    assert (error.kind, reached(error.times)) == (FailureKind.UNSENDABLE, ["total"])


@pytest_twisted.ensureDeferred
async def test_a_silent_kept_connection_has_a_total_only(make_sender, responder):
    far_end = responder(answer(), silence)
    sender = make_sender(timeout=ATTEMPT_S)
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert reached(error.times) == ["total"]


@pytest_twisted.ensureDeferred
async def test_the_total_is_on_the_clock_of_the_sender(make_sender, responder):
    clock = Clock()
    far_end = responder(lambda transport: (setattr(clock, "now", 101.5), answer()(transport)))
    got = await make_sender(clock=clock).post(far_end.url(), HEADERS, ENVELOPE)
    assert got.times.total_us == 1_500_000


@pytest_twisted.ensureDeferred
async def test_waiting_for_the_name_lookup_of_another_does_not_count(make_sender, responder):
    clock = Clock()
    url = responder(answer()).url(host="localhost")
    sender = make_sender(clock=clock, timeout=100.0)
    first, second = [sender.post(url, HEADERS, ENVELOPE) for _ in range(2)]
    clock.now += 50.0
    assert (await first).times.total_us == 50_000_000
    assert (await second).times.total_us == 0


@pytest_twisted.ensureDeferred
async def test_a_repeated_post_counts_from_its_first_start(make_sender, responder):
    """Only the second try connected; without the first it would take less than a second."""
    far_end = responder(answer())
    sender = make_sender(clock=TickingClock(), timeout=100_000.0)
    held = []
    far_end.behaviours[:0] = [held.append] * 20
    posts = [sender.post(far_end.url(), HEADERS, ENVELOPE) for _ in range(20)]
    await far_end.requests_arrived(20)
    for transport in held:
        answer()(transport)
    for post in posts:
        await post
    far_end.doomed.update(range(1, 21))
    times = (await sender.post(far_end.url(), HEADERS, ENVELOPE)).times
    assert reached(times) == ["connect", "first_byte", "total"]
    assert times.connect_us > 1_000_000
