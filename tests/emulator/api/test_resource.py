"""What holds for every request to the control API: who may send it, and what it looks like."""

import socket

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from ewspush.emulator.api import requests
from support.control_api import JSON, ControlledEmulator
from support.running_server import PATIENCE_S


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example.com"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_others_may_have_sent_is_refused_and_changes_nothing(api, headers):
    answer = await api.ask("POST", "/time/freeze", headers=headers)
    assert answer.status == 403
    assert answer.json["field"] is None
    assert not (await api.get("/time"))["frozen"]


@pytest_twisted.ensureDeferred
async def test_a_page_of_the_emulator_itself_may_use_it(api):
    answer = await api.ask("POST", "/time/freeze", headers={"Origin": api.base})
    assert answer.status == 200


@pytest_twisted.ensureDeferred
async def test_all_may_use_it_if_remote_ones_are_allowed():
    api = await ControlledEmulator(allow_remote=True).start()
    try:
        headers = {"Host": "ci.example.com", "X-Forwarded-For": "10.0.0.1"}
        assert (await api.ask("GET", "/", headers=headers)).status == 200
        strange = {**headers, "Origin": "https://example.com"}
        assert (await api.ask("GET", "/", headers=strange)).status == 403
    finally:
        await api.close()


@pytest_twisted.ensureDeferred
async def test_what_is_not_there_and_what_is_not_done_there(api):
    for path in ("/nothing", "/time/", "/mailboxes//mail", "/mailboxes/a/b/c/d", "/%ff", "//"):
        assert (await api.ask("GET", path)).status == 404
    answer = await api.ask("PUT", "/faults")
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert answer.json["error"] == "PUT is not done here, but DELETE, GET, HEAD, POST"
    assert (await api.ask("OPTIONS", "/reset")).headers["Allow"] == "POST"


@pytest_twisted.ensureDeferred
async def test_the_root_has_two_spellings_and_head_is_get_without_a_body(api):
    first, second = [await api.ask("GET", path) for path in ("", "/")]
    assert first.status == second.status == 200
    head = await api.ask("HEAD", "/time")
    assert (head.status, head.content, head.headers["Content-Type"]) == (200, b"", JSON)
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("content", "headers", "status", "error"),
    [
        (b'{"by": 1}', {}, 415, "the Content-Type of a body should be application/json"),
        (b'{"by": 1}', {"Content-Type": "text/plain"}, 415, "the Content-Type"),
        (b'{"by": 1}', {"Content-Type": "message/rfc822"}, 415, "the Content-Type"),
        (b'{"by": 1}', {"Content-Type": f"{JSON}; charset=latin-1"}, 415, "the Content-Type"),
        (b'{"by": 1}', {"Content-Type": JSON, "Content-Encoding": "gzip"}, 415, "Content-Enc"),
        (b"", {"Content-Type": JSON}, 400, "the body should be JSON"),
        (b"{", {"Content-Type": JSON}, 400, "the body should be JSON"),
        (b"\xff", {"Content-Type": JSON}, 400, "the body should be JSON"),
        (b"[]", {"Content-Type": JSON}, 400, "the body should be an object"),
        (b'{"by": NaN}', {"Content-Type": JSON}, 400, "by should be seconds"),
        (b'{"by": "\\ud800"}', {"Content-Type": JSON}, 400, "the body should be JSON"),
        (b"[" * 100_000, {"Content-Type": JSON}, 400, "the body should be JSON"),
        (b'{"by": true}', {"Content-Type": JSON}, 400, "by should be seconds"),
        (b'{"by": 1, "too": 1}', {"Content-Type": JSON}, 400, "too is not known; there are by"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_bodies_are_of_one_form(api, content, headers, status, error):
    answer = await api.ask("POST", "/time/advance", content=content, headers=headers)
    assert answer.status == status
    assert answer.json["error"].startswith(error)


@pytest_twisted.ensureDeferred
async def test_where_no_body_is_asked_for_there_is_none_or_an_empty_object(api):
    assert (await api.ask("POST", "/time/freeze", {})).status == 200
    assert (await api.ask("GET", "/time", headers={"Content-Type": "text/plain"})).status == 200
    refusal = await api.refuse(400, "POST", "/time/freeze", {"by": 1})
    assert refusal["field"] == "by"
    answer = await api.ask("POST", "/time/freeze", content=b"x=1")
    assert answer.status == 415


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=%31%5f0", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=-1", "after"),
        ("after=99999999999999999999", "after"),
        ("after=%ff", "after"),
        ("befor=1", "befor"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_query_that_is_wrong_is_refused(api, query, field):
    refusal = await api.refuse(400, "GET", f"{api.mailbox}/events?{query}")
    assert refusal["field"] == field
    assert refusal["error"].startswith(field)


@pytest_twisted.ensureDeferred
async def test_a_body_that_is_too_large_is_refused():
    api = await ControlledEmulator(body_limit=2048).start()
    try:
        refusal = await api.refuse(413, "POST", "/mailboxes", {"address": "a" * 3000})
        assert "2048 bytes" in refusal["error"]
    finally:
        await api.close()


@pytest_twisted.ensureDeferred
async def test_a_bug_is_told_as_json_and_logged(api, monkeypatch):
    def broken(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(requests, "read", broken)
    answer = await api.ask("GET", "/time")
    assert answer.status == 500
    assert "secret" not in answer.json["error"]


@pytest_twisted.ensureDeferred
async def test_a_request_without_a_host_is_refused(api):
    def ask(where):
        with socket.create_connection(where, PATIENCE_S) as connection:
            connection.sendall(b"GET /emulator/time HTTP/1.0\r\n\r\n")
            return connection.makefile("rb").readline()

    assert b" 403 " in await deferToThread(ask, tuple(api.emulator.http))
