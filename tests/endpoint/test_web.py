"""What the HTTP resources answer, over real sockets."""

import re
import socket
from base64 import b64encode
from itertools import repeat

import pytest
from lxml import etree

from support.ews import envelope, get_folder, subscribe, unsubscribe
from support.responders import FAILURE, Responder
from support.running_server import PATIENCE_S, EwsClient, check_answer, serving
from support.strict_reader import challenge_problems

LIMIT = 64 * 1024
INBOX = get_folder("inbox")
XSD = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture(scope="module")
def server():
    with serving(server_body_limit=LIMIT, log_level="debug") as server:
        yield server


@pytest.fixture(scope="module")
def mailbox(server):
    return server.create_mailbox()


@pytest.fixture(scope="module")
def client(server, mailbox):
    return EwsClient(server, mailbox)


@pytest.fixture(scope="module")
def stranger(server):
    return EwsClient(server)


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


def raw(server, *parts):
    """Send bytes, and read until the server ends the connection."""
    with socket.create_connection(server.http, PATIENCE_S) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while more := connection.recv(65536):
            received += more
        return received


def padded(size):
    """A GetFolder request of so many bytes."""
    return INBOX + b" " * (size - len(INBOX))


# Who may ask


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"user@example.com:wrong").decode(),
        "Basic " + b64encode(b"user@example.com:").decode(),
        "Basic " + b64encode(b"nobody@example.com:wrong").decode(),
        "Basic " + b64encode(b"user@example.com:" + b"x" * 5_000).decode(),
        "Basic \xff\xfe",
        "Bearer abc",
        "Negotiate abc",
    ],
    ids=[
        "absent", "empty", "no credentials", "not base64", "no colon", "wrong password",
        "no password", "unknown", "huge", "not ASCII", "OAuth", "Kerberos",
    ],
)  # fmt: skip
def test_who_has_no_right_credentials_is_asked_for_them_by_basic_alone(stranger, authorization):
    answer = stranger.send("POST", body=INBOX, headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.headers.get_all("WWW-Authenticate") == ['Basic realm="ewspush"']
    assert challenge_problems(dict(answer.headers)) == []


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_scheme_is_known_in_any_case(client, mailbox, scheme):
    authorization = mailbox.authorization.replace("Basic", scheme)
    assert client.send("POST", body=INBOX, headers={"Authorization": authorization}).status == 200


def test_the_address_is_known_in_any_case(server, mailbox):
    shouting = type(mailbox)(mailbox.address.upper(), mailbox.password)
    assert EwsClient(server, shouting).ask(INBOX).codes == ["NoError"]


def test_one_mailbox_may_not_touch_anothers_subscription(server, client, responder):
    id = client.ask(subscribe(url=responder.url("/"))).text("m:SubscriptionId")
    other = EwsClient(server, server.create_mailbox("other@example.com"))
    assert other.ask(unsubscribe(id)).codes == ["ErrorSubscriptionAccessDenied"]
    assert server.subscription(id)["phase"] == "idle"
    assert client.ask(unsubscribe(id)).codes == ["NoError"]


# What may be asked


@pytest.mark.parametrize(
    "path",
    ["/EWS/Exchange.asmx", "/ews/exchange.asmx", "/eWs/EXCHANGE.ASMX", "/EWS/Exchange.asmx?x=1"],
)
def test_the_endpoint_is_found_in_any_case(client, path):
    answer = client.send("POST", path, body=INBOX)
    check_answer(answer.status, answer.headers, answer.body)
    assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/EWS",
        "/EWS/",
        "//EWS/Exchange.asmx",
        "/EWS/Exchange.asm",
        "/EWS/../etc/passwd",
        "/emulator/",
        "/emulator/reset",
        "/%00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_elsewhere_there_is_nothing(client, method, path):
    answer = client.send(method, path, body=b"" if method in ("POST", "PUT") else None)
    assert answer.status == 404
    assert answer.headers["Server"].startswith("ewspush/")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/EWS/Exchange.asmx", "POST"),
        ("HEAD", "/EWS/Exchange.asmx", "POST"),
        ("PUT", "/EWS/Exchange.asmx", "POST"),
        ("DELETE", "/EWS/Exchange.asmx", "POST"),
        ("BREW", "/EWS/Exchange.asmx", "POST"),
        ("POST", "/EWS/Services.wsdl", "GET"),
        ("PUT", "/EWS/types.xsd", "GET"),
    ],
)
def test_other_methods_are_not_allowed(client, method, path, allowed):
    answer = client.send(method, path)
    assert answer.status == 405
    assert allowed in answer.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    "content_type",
    ["application/soap+xml", "application/json", "text/plain", "text/xmlx", "multipart/form-data",
     "application/x-www-form-urlencoded", "\xff"],
)  # fmt: skip
def test_only_text_xml_is_read(client, content_type):
    answer = client.send("POST", body=INBOX, headers={"Content-Type": content_type})
    assert answer.status == 415


@pytest.mark.parametrize(
    "content_type", ["text/xml", "TEXT/XML; charset=utf-8", "text/xml;charset=UTF-8", None]
)
def test_text_xml_is_known_however_it_is_written(client, content_type):
    answer = client.send("POST", body=INBOX, headers={"Content-Type": content_type})
    assert answer.status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "\xff"])
def test_a_compressed_request_is_refused(client, encoding):
    answer = client.send("POST", body=INBOX, headers={"Content-Encoding": encoding})
    assert answer.status == 415


@pytest.mark.parametrize("form", [bytes, iter], ids=["length", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413), (7 * LIMIT, 413)])
def test_a_request_has_a_size_at_most(client, form, size, status):
    body = padded(size)
    sent = body if form is bytes else iter([body[at : at + 8192] for at in range(0, size, 8192)])
    assert client.send("POST", body=sent).status == status


def test_a_request_far_beyond_that_is_cut_off(server):
    head = b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"
    with pytest.raises(OSError, match=r"reset|Broken pipe"):
        raw(server, head, *repeat(b" " * LIMIT, 15_000))


def test_a_client_may_wait_to_be_told_to_go_on(server, mailbox):
    """As the EWS Managed API does on every request."""
    head = (
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
        f"Authorization: {mailbox.authorization}\r\nContent-Length: {len(INBOX)}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(server.http, PATIENCE_S) as connection:
        connection.sendall(head.encode())
        with connection.makefile("rb") as stream:
            assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert stream.readline() == b"\r\n"
            connection.sendall(INBOX)
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


def test_requests_may_be_pipelined(server, mailbox):
    def request(names, more=""):
        body = get_folder(*names)
        head = (
            "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
            f"Authorization: {mailbox.authorization}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        )
        return head.encode() + body

    received = raw(
        server,
        request(["inbox"])
        + request(["inbox"] * 2)
        + request(["inbox"] * 3, "Connection: close\r\n"),
    )
    bodies = re.findall(rb"<\?xml.*?Envelope>(?=HTTP|$)", received, re.DOTALL)
    assert [body.count(b"GetFolderResponseMessage ") for body in bodies] == [1, 2, 3]


def test_a_client_may_leave_while_it_is_answered(server, mailbox, client):
    head = (
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
        f"Authorization: {mailbox.authorization}\r\nContent-Length: {len(INBOX)}\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection(server.http, PATIENCE_S) as connection:
            connection.sendall(head.encode() + INBOX)
    assert client.ask(INBOX).codes == ["NoError"]


@pytest.mark.parametrize("sent", [b"garbage\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n"])
def test_what_is_no_http_is_refused(server, sent):
    assert raw(server, sent).startswith(b"HTTP/1.1 400 ")


# The contract


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/EWS/Services.wsdl", "definitions"),
        ("/EWS/Exchange.asmx?wsdl", "definitions"),
        ("/ews/exchange.asmx?WSDL", "definitions"),
        ("/EWS/notification.wsdl", "definitions"),
        ("/EWS/messages.xsd", "schema"),
        ("/EWS/types.xsd", "schema"),
    ],
)
def test_the_contract_is_served_to_everybody(stranger, path, root):
    answer = stranger.send("GET", path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert etree.QName(etree.fromstring(answer.body)).localname == root
    head = stranger.send("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("ews.example.com", "http://ews.example.com/EWS/Exchange.asmx"),
        ("ews.example.com:8080", "http://ews.example.com:8080/EWS/Exchange.asmx"),
        ("[::1]:80", "http://[::1]:80/EWS/Exchange.asmx"),
        ("a&b'c", "http://a&b'c/EWS/Exchange.asmx"),
    ],
)
def test_the_wsdl_gives_the_address_by_which_it_was_asked_for(stranger, host, location):
    answer = stranger.send("GET", "/EWS/Services.wsdl", headers={"Host": host})
    (address,) = etree.fromstring(answer.body).iter(
        "{http://schemas.xmlsoap.org/wsdl/soap/}address"
    )
    assert address.get("location") == location


@pytest.mark.parametrize("host", ["a\x01b", "\xff", 'a"/><b c="', "a/b", "a b", "user@a"])
def test_the_wsdl_is_not_given_for_what_is_no_host(stranger, host):
    assert stranger.send("GET", "/EWS/Services.wsdl", headers={"Host": host}).status == 400


# What is logged


def test_secrets_are_not_logged(server, client, mailbox, responder):
    """Over everything that this file has done, and what may go wrong with secrets at hand."""
    secrets = {
        "query-secret-1", "query-secret-2", "body-secret-3", "mail-secret-4", "user-secret-5",
        "password-secret-6", "xml-secret-7", "caller-secret-8", mailbox.password,
        mailbox.authorization.split()[1],
    }  # fmt: skip
    caller_data = "<t:CallerData>caller-secret-8</t:CallerData>"
    responder.script(FAILURE)
    for url in (
        responder.url("/?k=query-secret-1"),
        "http://u:user-secret-5@10.0.0.1/?query-secret-2",
    ):
        client.ask(subscribe(url=url, more=caller_data))
    responder.wait_for(2)
    responder.stop()
    server.deliver(mailbox, b"Subject: mail-secret-4\r\n\r\nmail-secret-4\r\n")
    server.log.wait_for("delivery.attempted", lambda line: line["outcome"] == "connect")
    responder.start()
    responder.wait_for_new_mails(1)
    client.ask(envelope("<m:NoSuchOperation>body-secret-3</m:NoSuchOperation>"))
    client.ask(subscribe(frequency="<t:StatusFrequency>body-secret-3</t:StatusFrequency>"))
    client.ask(b"<not xml-secret-7")
    client.ask(unsubscribe("body-secret-3"))
    wrong = b64encode(b"user@example.com:password-secret-6").decode()
    secrets.add(wrong)
    for authorization in (f"Basic {wrong}", "Basic password-secret-6", "Bearer password-secret-6"):
        headers = {"Authorization": authorization}
        assert client.send("POST", body=INBOX, headers=headers).status == 401
    assert client.send("POST", "/EWS/nowhere?query-secret-2", body=b"").status == 404
    with pytest.raises(Exception, match="already"):
        server.control.call(
            "mailbox.create", addresses=[mailbox.address], passwords=["password-secret-6"]
        )
    text = server.log.text
    assert "delivery.attempted" in text
    assert [secret for secret in secrets if secret in text] == []
