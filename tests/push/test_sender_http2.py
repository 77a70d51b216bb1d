"""The sender against a far end that speaks HTTP/2."""

import pytest
import pytest_twisted
from h2.errors import ErrorCodes
from twisted.internet.defer import DeferredList, gatherResults

from ewspush.push.sender import FailureKind
from support.http2_responder import Http2Responder
from support.raw_responder import answer
from support.sending import ENVELOPE, HEADERS, certificate, failure_of

PROTOCOLS = (b"h2", b"http/1.1")
ATTEMPT_S = 1.0  # where running out of time is what happens, after some other things did


@pytest_twisted.async_yield_fixture
async def http2_responder(authority):
    """Starts responders, and stops them in the end."""
    tls = certificate(authority, "localhost", protocols=PROTOCOLS)
    started = []

    def start(*behaviours, **kwargs):
        started.append(Http2Responder(*behaviours, tls=tls, **kwargs))
        return started[-1]

    yield start
    for each in started:
        await each.stop()


@pytest.fixture
def sender(make_sender, ca_file):
    return make_sender(ca_file=ca_file)


def hold(_stream):
    """No answer yet."""


def post_many(sender, far_end, count):
    return [sender.post(far_end.url(f"/{n}"), HEADERS, ENVELOPE) for n in range(count)]


def echo(stream):
    """Answer with what was asked for, so that nobody gets another's answer."""
    stream.answer(200, stream.headers[":path"].encode())


async def bodies(posts):
    return [each.body for each in await gatherResults(posts)]


def echoes(count):
    return [b"/%d" % n for n in range(count)]


@pytest_twisted.ensureDeferred
async def test_posts_at_once_share_one_connection(sender, http2_responder):
    far_end = http2_responder(hold)
    posts = post_many(sender, far_end, 50)
    await far_end.requests_arrived(50)
    for stream in far_end.requests:
        echo(stream)
    assert await bodies(posts) == echoes(50)
    assert far_end.connections == 1
    assert {bytes(stream.body) for stream in far_end.requests} == {ENVELOPE}


@pytest_twisted.ensureDeferred
async def test_a_later_post_uses_the_connection_there_is(sender, http2_responder):
    far_end = http2_responder(echo)
    for _ in range(3):
        assert await bodies(post_many(sender, far_end, 10)) == echoes(10)
    assert far_end.connections == 1


@pytest_twisted.ensureDeferred
async def test_only_who_opened_the_connection_has_times_of_connecting(sender, http2_responder):
    answers = await gatherResults(post_many(sender, http2_responder(echo), 5))
    connected = [each.times for each in answers if each.times.connect_us is not None]
    [times] = connected
    assert times.connect_us <= times.tls_us <= times.first_byte_us <= times.total_us
    for each in answers:
        assert each.times.first_byte_us <= each.times.total_us


@pytest_twisted.ensureDeferred
async def test_an_origin_that_offers_http_1_only_gets_it(sender, responder, authority):
    tls = certificate(authority, "localhost", protocols=[b"http/1.1"])
    far_end = responder(answer(), tls=tls)
    posts = [sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE) for _ in range(5)]
    assert await bodies(posts) == [b"ok"] * 5
    assert {request.head[0] for request in far_end.requests} == {"POST / HTTP/1.1"}


@pytest_twisted.ensureDeferred
async def test_posts_beyond_the_limit_on_streams_are_all_answered(sender, http2_responder):
    far_end = http2_responder(echo, streams=2)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    assert await bodies(post_many(sender, far_end, 20)) == echoes(20)
    assert far_end.refused == 0  # the limit is known


@pytest_twisted.ensureDeferred
async def test_streams_refused_for_a_limit_not_known_yet_are_sent_again(sender, http2_responder):
    far_end = http2_responder(echo, hold, hold, echo, streams=2)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    sender.drop_connections()
    posts = post_many(sender, far_end, 20)
    await far_end.requests_arrived(1 + 20)
    for stream in far_end.requests:
        echo(stream)
    assert await bodies(posts) == echoes(20)
    assert far_end.refused > 0
    assert far_end.connections <= 4


@pytest_twisted.ensureDeferred
async def test_a_refused_stream_is_sent_again(sender, http2_responder):
    refuse = lambda stream: stream.reset(ErrorCodes.REFUSED_STREAM)  # noqa: E731
    far_end = http2_responder(echo, refuse, echo)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    assert await bodies(post_many(sender, far_end, 5)) == echoes(5)


@pytest_twisted.ensureDeferred
async def test_streams_that_a_goaway_left_out_are_sent_again(sender, http2_responder):
    """RFC 9113, 6.8: what is beyond the last stream was not processed."""
    far_end = http2_responder(*[hold] * 6, echo)
    posts = post_many(sender, far_end, 6)
    await far_end.requests_arrived(6)
    taken, left_out = far_end.requests[:2], far_end.requests[2:6]
    taken[-1].is_last_of_connection()
    for stream in taken:
        echo(stream)
    assert await bodies(posts) == echoes(6)
    again = far_end.requests[6:]
    paths = sorted(stream.headers[":path"] for stream in again)
    assert paths == sorted(stream.headers[":path"] for stream in left_out)
    assert {stream.connection for stream in again}.isdisjoint({1})


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "breaking",
    [
        lambda stream: stream.reset(ErrorCodes.INTERNAL_ERROR),
        lambda stream: stream.reset(ErrorCodes.CANCEL),
        lambda stream: stream.end_connection(),
        lambda stream: stream.abort_connection(),
    ],
    ids=["internal error", "cancelled", "connection closed", "connection reset"],
)
async def test_a_stream_that_breaks_is_a_failed_attempt(sender, http2_responder, breaking):
    far_end = http2_responder(breaking)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.RESET
    assert error.times.first_byte_us is None


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "breaking",
    [
        lambda stream: stream.reset(ErrorCodes.INTERNAL_ERROR),
        lambda stream: stream.end_connection(),
    ],
    ids=["internal error", "connection closed"],
)
async def test_an_answer_that_breaks_off_is_none(sender, http2_responder, breaking):
    def begin_and_break(stream):
        stream.begin_answer()
        breaking(stream)

    far_end = http2_responder(echo, begin_and_break)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.RESET
    assert len(far_end.requests) == 2


@pytest_twisted.ensureDeferred
async def test_a_silent_stream_runs_out_of_time_alone(make_sender, ca_file, http2_responder):
    far_end = http2_responder(echo, hold, echo)
    sender = make_sender(ca_file=ca_file, timeout=ATTEMPT_S)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    silent = sender.post(far_end.url("/silent"), HEADERS, ENVELOPE)
    await far_end.requests_arrived(2)
    assert await bodies(post_many(sender, far_end, 5)) == echoes(5)
    assert (await failure_of(silent)).kind is FailureKind.TIMEOUT
    assert await bodies(post_many(sender, far_end, 5)) == echoes(5)
    assert far_end.connections == 1


@pytest_twisted.ensureDeferred
async def test_an_answer_that_stalls_runs_out_of_time(make_sender, ca_file, http2_responder):
    far_end = http2_responder(lambda stream: stream.begin_answer())
    sender = make_sender(ca_file=ca_file, timeout=ATTEMPT_S)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.TIMEOUT
    assert error.times.first_byte_us < error.times.total_us


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "breaking",
    [lambda stream: stream.end_connection(), lambda stream: stream.abort_connection()],
    ids=["closed", "reset"],
)
async def test_a_kept_connection_that_goes_as_posts_come_costs_no_attempt(
    sender, http2_responder, breaking
):
    far_end = http2_responder(echo, breaking, echo)
    await sender.post(far_end.url("/first"), HEADERS, ENVELOPE)
    assert await bodies(post_many(sender, far_end, 10)) == echoes(10)
    assert far_end.connections == 2


@pytest_twisted.ensureDeferred
async def test_garbage_in_place_of_frames_runs_out_of_time(make_sender, ca_file, http2_responder):
    far_end = http2_responder(echo, lambda stream: stream.say_nonsense(), echo)
    sender = make_sender(ca_file=ca_file, timeout=ATTEMPT_S)
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.TIMEOUT
    assert (await sender.post(far_end.url(), HEADERS, ENVELOPE)).status == 200
    assert far_end.connections == 2


@pytest_twisted.ensureDeferred
async def test_a_connection_whose_far_end_is_gone_is_given_up(
    make_sender, ca_file, http2_responder
):
    """HTTP/1 closes a connection on which a post ran out of time; HTTP/2 takes it for the next."""
    far_end = http2_responder(lambda stream: (echo(stream), stream.lose_touch()), echo)
    sender = make_sender(ca_file=ca_file, timeout=ATTEMPT_S)
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.TIMEOUT
    for _ in range(5):  # the kernel gives it up a little later than libcurl the post
        later = DeferredList([sender.post(far_end.url(), HEADERS, ENVELOPE)], consumeErrors=True)
        [(was_answered, _)] = await later
        if was_answered:
            break
    assert was_answered
    assert far_end.connections == 2
