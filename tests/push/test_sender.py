"""The sender, with real libcurl, against one small server on loopback per situation."""

import datetime
import errno
import re
import socket
from types import SimpleNamespace

import pytest
import pytest_twisted
import trustme
from twisted.internet import reactor
from twisted.internet.defer import DeferredList, DeferredSemaphore, gatherResults
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from ewspush.push import curl_handle, curl_reactor
from ewspush.push.sender import Answer, FailureKind
from support.raw_responder import (
    answer,
    endless,
    raw,
    reset,
    silence,
    then_close,
    then_reset,
)
from support.sending import ENVELOPE, HEADERS, Clock, certificate, failure_of

LIMIT = 65_536
ATTEMPT_S = 0.2  # where running out of time is what happens


def curl_readers():
    return [reader for reader in reactor.getReaders() if reader.logPrefix() == "libcurl"]


@pytest_twisted.ensureDeferred
async def test_an_answer_comes_with_its_status_and_body(sender, responder):
    got = await sender.post(responder(answer()).url(), HEADERS, ENVELOPE)
    assert got == Answer(200, b"ok", got.times, None)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("status", [204, 302, 400, 401, 500])
async def test_an_answer_of_any_status_is_an_answer(sender, responder, status):
    far_end = responder(answer(status, b""))
    got = await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert (got.status, got.body) == (status, b"")


@pytest_twisted.ensureDeferred
async def test_a_redirect_is_not_followed(sender, responder):
    elsewhere = responder(answer())
    far_end = responder(answer(307, b"", f"Location: {elsewhere.url()}"))
    got = await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert (got.status, got.redirect) == (307, elsewhere.url())
    assert elsewhere.connections == 0


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("status", "location", "leads_to"),
    [
        (302, "/elsewhere?a=b", "{origin}/elsewhere?a=b"),
        (302, "/" + "x" * 5000, "{origin}/" + "x" * 5000),
        (302, "", None),
        (200, "/elsewhere", None),
    ],
)
async def test_where_a_redirect_leads_to_is_a_whole_url(
    sender, responder, status, location, leads_to
):
    far_end = responder(answer(status, b"", f"Location: {location}"))
    got = await sender.post(far_end.url(), HEADERS, ENVELOPE)
    expected = leads_to and leads_to.format(origin=far_end.url(""))[:2083]
    assert got.redirect == expected


@pytest_twisted.ensureDeferred
async def test_a_request_has_the_headers_as_given_and_nothing_extra(sender, responder):
    far_end = responder(answer())
    await sender.post(far_end.url("/notify?email=a%40b.example&x=1"), HEADERS, ENVELOPE)
    [request] = far_end.requests
    assert request.head[0] == "POST /notify?email=a%40b.example&x=1 HTTP/1.1"
    assert sorted(request.head[1:]) == sorted(
        [
            f"Host: 127.0.0.1:{far_end.port}",
            "User-Agent: ewspush/1.0",
            *HEADERS,
            f"Content-Length: {len(ENVELOPE)}",
        ]
    )
    assert request.body == ENVELOPE


@pytest_twisted.ensureDeferred
async def test_a_large_body_is_sent_without_asking_for_permission(sender, responder):
    far_end = responder(answer())
    await sender.post(far_end.url(), HEADERS, b"x" * 3_000_000)
    [request] = far_end.requests
    assert not [line for line in request.head if line.startswith("Expect")]


@pytest_twisted.ensureDeferred
async def test_nothing_is_carried_over_from_one_post_to_the_next(sender, responder):
    far_end = responder(answer(200, b"first", "Set-Cookie: a=b"), answer(200, b""))
    await sender.post(far_end.url("/one"), [*HEADERS, "X-One: 1"], ENVELOPE)
    second = await sender.post(far_end.url("/two"), HEADERS[:1], b"")
    assert second.body == b""
    request = far_end.requests[1]
    assert request.head[0] == "POST /two HTTP/1.1"
    names = {line.partition(":")[0] for line in request.head[1:]}
    assert names == {"Host", "User-Agent", "Accept", "Content-Type", "Content-Length"}
    assert request.body == b""
    assert request.connection == 1


@pytest_twisted.ensureDeferred
async def test_user_info_of_a_url_is_not_sent(sender, responder):
    far_end = responder(answer())
    await sender.post(f"http://user:secret@127.0.0.1:{far_end.port}/", HEADERS, ENVELOPE)
    assert not [line for line in far_end.requests[0].head if "uthorization" in line]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (silence, FailureKind.TIMEOUT),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), FailureKind.TIMEOUT),
    ],
    ids=["nothing", "half an answer"],
)
async def test_silence_is_a_timeout(make_sender, responder, behaviour, kind):
    far_end = responder(behaviour)
    sender = make_sender(timeout=ATTEMPT_S)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is kind
    assert error.times.total_us >= ATTEMPT_S * 1e6


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (reset, FailureKind.RESET),
        (then_close(b""), FailureKind.RESET),
        (then_reset(HEAD + b"Content-Length: 100\r\n\r\nhalf"), FailureKind.RESET),
        (then_close(HEAD + b"Content-Length: 100\r\n\r\nhalf"), FailureKind.RESET),
        (then_close(b"SSH-2.0-OpenSSH_9.2\r\n"), FailureKind.PROTOCOL),
        (then_close(b"\x16\x03\x01\x00\x05hello"), FailureKind.PROTOCOL),
        (endless(HEAD + b"\r\n", b"x" * 4096), FailureKind.ANSWER_TOO_LARGE),
        (endless(HEAD, b"X-Filler: " + b"x" * 4096 + b"\r\n"), FailureKind.ANSWER_TOO_LARGE),
        (endless(HEAD + b"X-Filler: ", b"x" * 4096), FailureKind.ANSWER_TOO_LARGE),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), FailureKind.ANSWER_TOO_LARGE),
    ],
    ids=[
        "reset at once",
        "closed at once",
        "reset mid-answer",
        "closed mid-answer",
        "another protocol",
        "binary garbage",
        "endless body",
        "endless headers",
        "endless header line",
        "endless interim answers",
    ],
)
async def test_what_is_no_whole_answer_is_none(sender, responder, behaviour, kind):
    far_end = responder(behaviour)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is kind
    assert far_end.connections == 1


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(("size", "fits"), [(LIMIT, True), (LIMIT + 1, False)])
@pytest.mark.parametrize("framing", ["length", "chunked", "until closed"])
async def test_an_answer_may_have_so_many_bytes_and_no_more(sender, responder, size, fits, framing):
    body = b"x" * size
    behaviour = {
        "length": answer(200, body),
        "chunked": raw(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, body)
        ),
        "until closed": then_close(HEAD + b"\r\n" + body),
    }[framing]
    posted = sender.post(responder(behaviour).url(), HEADERS, ENVELOPE)
    if fits:
        assert (await posted).body == body
    else:
        assert (await failure_of(posted)).kind is FailureKind.ANSWER_TOO_LARGE


@pytest_twisted.ensureDeferred
async def test_a_closed_port_is_a_failure_to_connect(sender, responder):
    far_end = responder(answer())
    await far_end.stop()
    error = await failure_of(sender.post(far_end.url("/?key=secret"), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.CONNECT
    assert "127.0.0.1" in error.detail
    assert "secret" not in str(error)


@pytest_twisted.ensureDeferred
async def test_an_unknown_name_is_a_failed_lookup_for_all_that_wait_for_it(sender):
    posts = [sender.post("http://nowhere.invalid/", HEADERS, ENVELOPE) for _ in range(30)]
    assert sender.in_flight == 30
    for post in posts:
        assert (await failure_of(post)).kind is FailureKind.DNS


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "url",
    [
        "http://h\u00f6st.example/?key=secret",
        "http://host.example/\0?key=secret",
        "http://host.example:99999/?key=secret",
        "http://host.example/ ?key=secret",
        "http:",
        "",
    ],
)
async def test_what_libcurl_does_not_take_fails_without_quoting_it(sender, url):
    error = await failure_of(sender.post(url, HEADERS, ENVELOPE))
    assert error.kind is FailureKind.UNSENDABLE
    assert "secret" not in str(error)


@pytest_twisted.ensureDeferred
async def test_other_schemes_are_not_spoken(sender, responder):
    far_end = responder(answer())
    url = far_end.url().replace("http", "ftp")
    assert (await failure_of(sender.post(url, HEADERS, b""))).kind is FailureKind.PROTOCOL
    assert far_end.connections == 0


async def connect(sender, far_end, connections):
    """Leaves so many kept-alive connections."""
    held = []
    far_end.behaviours[:0] = [held.append] * connections
    posts = [sender.post(far_end.url(), HEADERS, ENVELOPE) for _ in range(connections)]
    await far_end.requests_arrived(connections)
    for transport in held:
        answer()(transport)
    await gatherResults(posts)
    assert far_end.connections == connections


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("connections", [1, 20])
async def test_kept_alive_connections_closed_meanwhile_cost_no_attempt(
    sender, responder, connections
):
    """libcurl tries a handful of connections before it gives up, then the sender a fresh one."""
    far_end = responder(answer())
    await connect(sender, far_end, connections)
    far_end.doomed.update(range(1, connections + 1))
    assert (await sender.post(far_end.url("/again"), HEADERS, b"again")).status == 200
    [*_, last] = far_end.requests
    assert (last.head[0], last.body) == ("POST /again HTTP/1.1", b"again")
    assert last.connection == connections + 1
    assert len(far_end.requests) == connections + 1


@pytest_twisted.ensureDeferred
async def test_a_post_is_repeated_once_only(sender, responder):
    far_end = responder(answer())
    await connect(sender, far_end, 20)
    far_end.doomed.update(range(1, 100))
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.RESET
    assert far_end.connections == 21


@pytest_twisted.ensureDeferred
async def test_a_repeated_post_has_what_is_left_of_its_time(make_sender, responder):
    clock = Clock()
    far_end = responder(silence)
    sender = make_sender(clock=clock, timeout=100.0)
    await connect(sender, far_end, 20)
    far_end.doomed.update(range(1, 21))
    post = sender.post(far_end.url(), HEADERS, ENVELOPE)
    clock.now += 100.0 - ATTEMPT_S
    assert (await failure_of(post)).kind is FailureKind.TIMEOUT
    assert far_end.connections == 21


@pytest_twisted.ensureDeferred
async def test_a_post_is_not_repeated_when_an_answer_has_begun(sender, responder):
    far_end = responder(answer(), then_reset(HEAD + b"Content-Length: 100\r\n\r\nhalf"))
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.RESET
    assert far_end.connections == 1


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_address_is_not_connected_to(make_sender, responder, host):
    asked = []

    def refuse(address):
        asked.append(address)
        return "a loopback address"

    far_end = responder(answer())
    sender = make_sender(refuse)
    error = await failure_of(sender.post(far_end.url(host=host), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.ADDRESS_REFUSED
    assert error.detail in {"127.0.0.1: a loopback address", "::1: a loopback address"}
    assert "127.0.0.1" in asked
    assert far_end.connections == 0


@pytest_twisted.ensureDeferred
async def test_a_refused_address_leaves_the_others_of_a_name(make_sender, responder):
    far_end = responder(answer())
    sender = make_sender(lambda address: "not this one" if address == "::1" else None)
    assert (await sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE)).status == 200


@pytest_twisted.ensureDeferred
async def test_a_name_with_an_allowed_address_is_not_called_refused(make_sender, responder):
    far_end = responder()
    await far_end.stop()
    sender = make_sender(lambda address: "not this one" if address == "::1" else None)
    error = await failure_of(sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.CONNECT


@pytest_twisted.ensureDeferred
async def test_an_address_that_cannot_be_judged_is_refused(make_sender, responder):
    def broken(address):
        raise RuntimeError(address)

    far_end = responder(answer())
    error = await failure_of(make_sender(broken).post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.ADDRESS_REFUSED
    assert error.detail == "127.0.0.1: cannot be judged (RuntimeError)"
    assert far_end.connections == 0


@pytest_twisted.ensureDeferred
async def test_the_address_is_judged_again_at_every_connection(make_sender, responder):
    verdicts = iter([None, "no longer allowed"])
    far_end = responder(then_close(HEAD + b"Content-Length: 2\r\n\r\nok"))
    sender = make_sender(lambda _address: next(verdicts))
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    await far_end_closed(far_end)
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.ADDRESS_REFUSED


async def far_end_closed(far_end):
    await gatherResults([connection.lost for connection in far_end.open])


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_is_ignored(sender, responder, monkeypatch, variable):
    far_end, proxy = responder(answer()), responder(answer())
    monkeypatch.setenv(variable, proxy.url())
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert (far_end.connections, proxy.connections) == (1, 0)


@pytest_twisted.ensureDeferred
async def test_tls_is_verified_against_the_ca_file(make_sender, responder, authority, ca_file):
    far_end = responder(answer(), tls=certificate(authority, "localhost"))
    sender = make_sender(ca_file=ca_file)
    assert (await sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE)).status == 200


@pytest_twisted.ensureDeferred
async def test_tls_is_verified_against_the_system(
    make_sender, responder, authority, ca_file, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    far_end = responder(answer(), tls=certificate(authority, "localhost"))
    assert (await make_sender().post(far_end.url(host="localhost"), HEADERS, b"")).status == 200


LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
ANOTHER_AUTHORITY = trustme.CA()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("issuer", "name", "expires", "complaint"),
    [
        (ANOTHER_AUTHORITY, "localhost", None, "unable to get local issuer certificate"),
        (None, "other.example", None, "no alternative certificate subject name matches"),
        (None, "localhost", LONG_AGO, "certificate has expired"),
    ],
    ids=["unknown issuer", "wrong host name", "expired"],
)
async def test_a_bad_certificate_is_refused_before_anything_is_sent(
    make_sender, responder, authority, ca_file, issuer, name, expires, complaint
):
    tls = certificate(issuer or authority, name, not_before=LONG_AGO, not_after=expires)
    far_end = responder(answer(), tls=tls)
    sender = make_sender(ca_file=ca_file)
    error = await failure_of(sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.TLS
    assert complaint in error.detail
    assert far_end.requests == []


@pytest_twisted.ensureDeferred
async def test_the_environment_of_other_programs_does_not_widen_trust(
    sender, responder, authority, ca_file, monkeypatch
):
    """CURL_CA_BUNDLE is for the curl command."""
    monkeypatch.setenv("CURL_CA_BUNDLE", ca_file)
    far_end = responder(answer(), tls=certificate(authority, "localhost"))
    error = await failure_of(sender.post(far_end.url(host="localhost"), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.TLS


@pytest_twisted.ensureDeferred
async def test_a_port_without_tls_is_a_tls_failure(sender, responder):
    far_end = responder()
    far_end.doomed.add(1)
    url = far_end.url().replace("http", "https")
    assert (await failure_of(sender.post(url, HEADERS, ENVELOPE))).kind is FailureKind.TLS


@pytest_twisted.ensureDeferred
async def test_connections_are_kept_until_they_are_dropped(sender, responder):
    far_end = responder(answer())
    for _ in range(3):
        await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert far_end.connections == 1
    sender.drop_connections()
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    assert far_end.connections == 2


@pytest_twisted.ensureDeferred
async def test_dropping_connections_lets_a_post_under_way_end(sender, responder):
    held = []
    far_end = responder(held.append, answer())
    under_way = sender.post(far_end.url(), HEADERS, ENVELOPE)
    await far_end.requests_arrived(1)
    sender.drop_connections()
    assert (await sender.post(far_end.url(), HEADERS, ENVELOPE)).status == 200
    assert len(curl_readers()) == 2
    answer(200, b"late")(held[0])
    assert (await under_way).body == b"late"
    assert len(curl_readers()) == 1
    assert far_end.connections == 2


@pytest_twisted.ensureDeferred
async def test_closing_cancels_what_is_under_way(sender, responder):
    far_end = responder(silence)
    posts = [sender.post(far_end.url(), HEADERS, ENVELOPE) for _ in range(3)]
    posts.append(sender.post("http://nowhere.invalid/", HEADERS, ENVELOPE))
    await far_end.requests_arrived(1)
    closed = sender.close()
    for post in posts:
        assert (await failure_of(post)).kind in {FailureKind.CANCELLED, FailureKind.DNS}
    assert sender.in_flight == 0
    await closed
    await sender.close()


@pytest_twisted.ensureDeferred
async def test_a_closed_sender_sends_nothing(sender, responder):
    far_end = responder(answer())
    await sender.close()
    error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.CANCELLED
    assert far_end.connections == 0


@pytest_twisted.ensureDeferred
async def test_a_sender_may_be_closed_and_used_while_results_are_handed_out(sender, responder):
    far_end = responder(answer())
    closed = []

    def close(_answer):
        closed.append(sender.close())
        sender.drop_connections()
        return sender.post(far_end.url(), HEADERS, ENVELOPE)

    posts = [sender.post(far_end.url(), HEADERS, ENVELOPE) for _ in range(5)]
    posts[0].addCallback(close)
    results = await DeferredList(posts, consumeErrors=True)
    kinds = {result.value.kind for succeeded, result in results if not succeeded}
    assert kinds == {FailureKind.CANCELLED}
    await closed[0]


@pytest_twisted.ensureDeferred
async def test_200_posts_at_once_each_get_their_own_answer(sender, responder):
    def echo(transport):
        number = re.search(r"number=(\d+)", far_end.requests[-1].head[0])[1]
        answer(200, number.encode())(transport)

    far_end = responder(echo)
    posts = [sender.post(far_end.url(f"/?number={n}"), HEADERS, ENVELOPE) for n in range(200)]
    assert sender.in_flight == 200
    answers = await gatherResults(posts)
    assert [int(each.body) for each in answers] == list(range(200))
    assert sender.in_flight == 0


@pytest_twisted.ensureDeferred
async def test_there_are_no_more_connections_than_posts_at_once(sender, responder):
    far_end = responder(answer())
    turns = DeferredSemaphore(50)
    url = far_end.url()
    posts = [turns.run(sender.post, url, HEADERS, ENVELOPE) for _ in range(200)]
    assert sender.in_flight == 50
    assert {each.status for each in await gatherResults(posts)} == {200}
    assert len(far_end.requests) == 200
    assert far_end.connections <= 50


@pytest_twisted.ensureDeferred
async def test_a_step_of_the_wall_clock_does_not_stop_timeouts(make_sender, responder, monkeypatch):
    far_end = responder(silence)
    seconds = reactor.seconds
    post = make_sender(timeout=ATTEMPT_S).post(far_end.url(), HEADERS, ENVELOPE)
    await far_end.requests_arrived(1)
    monkeypatch.setattr(reactor, "seconds", lambda: seconds() - 3600)
    assert (await failure_of(post)).kind is FailureKind.TIMEOUT


@pytest_twisted.ensureDeferred
async def test_the_sender_keeps_the_timeout_when_libcurl_does_not(make_sender, responder):
    far_end = responder(silence, answer())
    clock = Clock()
    sender = make_sender(clock=clock, timeout=300.0)
    forgotten = sender.post(far_end.url(), HEADERS, ENVELOPE)
    await far_end.requests_arrived(1)
    clock.now += 302.0  # for libcurl no time has passed
    await sender.post(far_end.url(), HEADERS, ENVELOPE)
    error = await failure_of(forgotten)
    assert (error.kind, error.times.total_us) == (FailureKind.TIMEOUT, 302_000_000)


@pytest_twisted.ensureDeferred
async def test_when_the_reactor_gives_up_on_libcurl_the_sender_starts_anew(sender, responder):
    far_end = responder(silence, answer())
    lost = sender.post(far_end.url(), HEADERS, ENVELOPE)
    [reader] = curl_readers()
    await far_end.requests_arrived(1)
    reactor.removeReader(reader)
    reader.connectionLost(Failure(ConnectionLost()))
    assert (await failure_of(lost)).kind is FailureKind.INTERNAL
    assert (await sender.post(far_end.url(), HEADERS, ENVELOPE)).status == 200


def out_of_descriptors(*_args):
    raise OSError(errno.EMFILE, "Too many open files")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (curl_reactor, "epoll", out_of_descriptors),
        (
            curl_handle,
            "socket",
            SimpleNamespace(
                AF_INET=socket.AF_INET, AF_INET6=socket.AF_INET6, socket=out_of_descriptors
            ),
        ),
    ],
    ids=["for epoll", "for a connection"],
)
async def test_without_a_descriptor_a_post_fails_and_later_ones_do_not(
    sender, responder, monkeypatch, module, name, broken
):
    far_end = responder(answer())
    with monkeypatch.context() as patch:
        patch.setattr(module, name, broken)
        error = await failure_of(sender.post(far_end.url(), HEADERS, ENVELOPE))
    assert error.kind is FailureKind.INTERNAL
    assert "Too many open files" in error.detail
    assert (await sender.post(far_end.url(), HEADERS, ENVELOPE)).status == 200
