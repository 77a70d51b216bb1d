"""The bounds of HTTP, over connections in memory."""

import http.client
from io import BytesIO

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ewspush.endpoint.http import BoundedSite, LimitedConnections
from ewspush.endpoint.web import Tree

LIMIT = 100


class Echo(Resource):
    """Answers a body with itself."""

    isLeaf = True

    def __init__(self):
        super().__init__()
        self.requests = []

    def render_GET(self, request):
        request.answer(200, b"got")
        return NOT_DONE_YET

    def render_POST(self, request):
        self.requests.append(request)
        if request.body_is_too_large:
            request.answer(413, b"too large")
        elif request.is_crowded_out:
            request.answer(503, b"not now")
        else:
            request.answer(200, request.body)
        return NOT_DONE_YET


class Slow(Resource):
    """Answers when the test says so."""

    isLeaf = True

    def __init__(self):
        super().__init__()
        self.requests = []

    def render_POST(self, request):
        self.requests.append(request)
        return NOT_DONE_YET


class Broken(Resource):
    isLeaf = True

    def render_POST(self, request):
        raise RuntimeError("a bug")


class Connection:
    """A client's end."""

    def __init__(self, factory):
        self.transport = StringTransport()
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def send(self, *parts):
        for part in parts:
            if not self.transport.disconnected:
                self.protocol.dataReceived(part)

    def answers(self, *methods):
        """What came back for requests of these methods, and nothing more."""
        stream = BytesIO(self.transport.value())
        found = []
        for method in methods:
            answer = http.client.HTTPResponse(_Socket(stream), method=method)
            answer.begin()
            found.append((answer.status, answer.read(), dict(answer.headers)))
        assert stream.read() == b""
        return found

    def statuses(self, *methods):
        return [status for status, _, _ in self.answers(*methods)]

    def leave(self):
        self.protocol.connectionLost(Failure(ConnectionDone()))


class _Socket:
    def __init__(self, stream):
        self._stream = stream

    def makefile(self, _mode):
        return _Unclosed(self._stream)


class _Unclosed:
    """One answer after another is read from the same stream."""

    def __init__(self, stream):
        self._stream = stream
        self.read, self.readline, self.readinto = stream.read, stream.readline, stream.readinto

    def close(self):
        pass

    def flush(self):
        pass


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def site(clock, echo, slow):
    root = Tree({b"echo": echo, b"slow": slow, b"broken": Broken()})
    return BoundedSite(root, clock, LIMIT)


@pytest.fixture
def client(site):
    return Connection(site)


def post(body, path=b"/echo", more=b""):
    head = b"POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n"
    return head % (path, more, len(body)) + body


def in_chunks(*chunks, ended=True):
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if ended else b"")


@pytest.mark.parametrize("size", [0, 1, LIMIT])
@pytest.mark.parametrize("send", [post, in_chunks])
def test_a_body_up_to_the_limit_arrives_whole(client, send, size):
    body = b"x" * size
    client.send(in_chunks(*[body] if body else []) if send is in_chunks else send(body))
    (answer,) = client.answers("POST")
    assert answer[:2] == (200, body)


@pytest.mark.parametrize(
    "request_", [post(b"x" * (LIMIT + 1)), in_chunks(b"x" * LIMIT, b"x")], ids=["length", "chunked"]
)
def test_a_body_beyond_the_limit_is_read_and_not_kept(client, echo, request_):
    """Who is still sending would not see an answer."""
    client.send(request_)
    assert client.statuses("POST") == [413]
    assert not client.transport.disconnected
    assert len(echo.requests[0].body) <= LIMIT


@pytest.mark.parametrize(
    "request_",
    [post(b"x" * 10 * LIMIT), in_chunks(*[b"x" * LIMIT] * 10, ended=False)],
    ids=["length", "chunked"],
)
def test_a_client_that_goes_far_beyond_the_limit_is_cut_off(client, site, request_):
    client.send(*(request_[at : at + LIMIT] for at in range(0, len(request_), LIMIT)))
    assert client.transport.disconnected
    assert client.transport.value() == b""
    client.leave()
    assert not site.under_way


def test_the_answer_to_head_has_no_body(client):
    client.send(b"HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n")
    ((status, body, headers),) = client.answers("HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", "3")


def test_http_1_0_is_answered_and_the_connection_ends(client):
    client.send(b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
    (answer,) = client.answers("POST")
    assert answer[:2] == (200, b"hi")
    assert client.transport.disconnecting


def test_one_connection_serves_request_after_request(client):
    for _ in range(3):
        client.send(post(b"hi"))
    assert client.statuses("POST", "POST", "POST") == [200, 200, 200]
    assert not client.transport.disconnecting


def test_a_client_may_ask_for_the_connections_end(client):
    client.send(post(b"hi", more=b"Connection: close\r\n"))
    ((status, _, headers),) = client.answers("POST")
    assert (status, headers["Connection"]) == (200, "close")
    assert client.transport.disconnecting


def test_pipelined_requests_are_answered_one_after_the_other(client, slow, site):
    client.send(post(b"one", b"/slow") + post(b"two", b"/slow") + post(b"three"))
    assert [request.body for request in slow.requests] == [b"one"]
    assert len(site.under_way) == 1
    slow.requests[0].answer(200, b"1")
    slow.requests[1].answer(200, b"2")
    assert [body for _, body, _ in client.answers("POST", "POST", "POST")] == [b"1", b"2", b"three"]


def test_a_client_that_pipelines_without_end_is_not_read(client, slow):
    client.send(post(b"", b"/slow"))
    client.send(b"x" * 1_000_000)
    assert client.transport.producerState == "paused"


def test_a_client_that_expects_to_be_told_to_go_on_is_told(client):
    head, body = post(b"hi", more=b"Expect: 100-continue\r\n").split(b"\r\n\r\n")
    client.send(head + b"\r\n\r\n")
    assert client.transport.value() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.transport.clear()
    client.send(body)
    assert client.statuses("POST") == [200]


@pytest.mark.parametrize(
    "sent",
    [
        b"BREW\xff /echo HTTP/1.1\r\n\r\n",
        b"GET /echo?\xff HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
        b"GET\r\n",
        b"POST /echo HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\n",
        b"POST /echo HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + b"A: b\r\n" * 600 + b"\r\n",
        b"POST /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=lambda sent: sent[:60],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(client, site, sent):
    client.send(sent)
    assert client.transport.value().startswith(b"HTTP/1.1 400 ") or not client.transport.value()
    assert client.transport.disconnecting or client.transport.disconnected
    client.leave()
    assert not site.under_way


@pytest.mark.parametrize("sent", [b"", b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"])
def test_a_client_that_says_nothing_for_a_minute_is_left(client, clock, sent):
    client.send(sent)
    clock.advance(59)
    assert not client.transport.disconnecting
    clock.advance(2)
    assert client.transport.disconnecting


def test_a_client_that_is_being_answered_is_not_left(client, clock, slow):
    client.send(post(b"", b"/slow"))
    clock.advance(1_000)
    slow.requests[0].answer(200, b"at last")
    assert client.statuses("POST") == [200]
    assert not client.transport.disconnecting


def test_a_client_may_leave_before_it_is_answered(client, slow, site):
    client.send(post(b"", b"/slow"))
    client.leave()
    assert not site.under_way
    slow.requests[0].answer(200, b"for nobody")
    assert client.transport.value() == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /nowhere HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /slow HTTP/1.1\r\n\r\n",
        b"PUT /echo HTTP/1.1\r\n\r\n",
        b"BREW /echo HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"OPTIONS /echo HTTP/1.1\r\n\r\n",
        b"TRACE /echo HTTP/1.1\r\n\r\n",
    ],
)
def test_a_request_that_cannot_be_served_is_answered_and_over(client, site, sent):
    """What stays under way holds up the end of the server."""
    client.send(sent)
    assert client.statuses("GET")[0] in (200, 404, 405)
    assert not site.under_way


def test_a_bug_is_said_without_its_traceback(client, site):
    client.send(post(b"", b"/broken"))
    ((status, body, _),) = client.answers("POST")
    assert status == 500
    assert b"RuntimeError" not in body
    assert b"Traceback" not in body
    assert not site.under_way


def test_a_site_is_quiet_when_the_last_request_was_answered(client, slow, site):
    assert site.quiet().called
    client.send(post(b"", b"/slow"))
    other = Connection(site)
    other.send(post(b"", b"/slow"))
    quiet = site.quiet()
    slow.requests[0].answer(200, b"")
    assert not quiet.called
    other.leave()
    assert quiet.called


def test_a_closing_site_says_that_the_connection_ends(client, slow, site):
    client.send(post(b"", b"/slow"))
    site.is_closing = True
    slow.requests[0].answer(200, b"")
    assert client.answers("POST")[0][2]["Connection"] == "close"


def test_connections_beyond_the_bound_are_refused_until_others_end(site):
    connections = LimitedConnections(site, 2)
    first, _ = Connection(connections), Connection(connections)
    assert connections.buildProtocol(None) is None
    first.leave()
    Connection(connections).send(post(b"hi"))
    assert connections.buildProtocol(None) is None


def test_closing_waits_for_what_was_written_to_be_sent(site, clock):
    connections = LimitedConnections(site, 2)
    client = Connection(connections)
    closed = connections.close(clock)
    assert client.transport.disconnecting
    assert client.transport.producer is None
    assert not closed.called
    client.leave()
    assert closed.called
    assert clock.getDelayedCalls() == []


def test_closing_cuts_off_who_does_not_let_it_end(site, clock):
    connections = LimitedConnections(site, 2)
    client = Connection(connections)
    connections.close(clock)
    clock.advance(1)
    assert client.transport.disconnected


def test_closing_without_connections_is_done_at_once(site, clock):
    assert LimitedConnections(site, 2).close(clock).called


def test_large_bodies_have_a_budget_that_small_ones_do_not_need(clock, echo):
    site = BoundedSite(Tree({b"echo": echo}), clock, body_limit=1_000_000)
    large, small = b"x" * 900_000, b"y" * 60_000

    def begin(body):
        client = Connection(site)
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        client.send(body[:-1])
        return client

    held = [begin(large) for _ in range(4)]
    crowded_out = begin(large)
    crowded_out.send(b"x")
    assert crowded_out.statuses("POST") == [503]
    other = begin(small)
    other.send(b"y")
    assert other.statuses("POST") == [200]
    for client in held[:2]:
        client.send(b"x")
        assert client.answers("POST")[0][1] == large
    held[2].leave()
    assert site.held == 900_000 - 1 - 64 * 1024
    again = begin(large)
    again.send(b"x")
    assert again.statuses("POST") == [200]
    held[3].leave()
    assert site.held == 0
