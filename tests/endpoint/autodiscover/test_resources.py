"""Autodiscover over HTTP: who may ask, where, and with which method."""

import re

import pytest

from support.running_server import EwsClient, ServerProcess
from support.strict_reader import challenge_problems

SOAP, POX = "/autodiscover/autodiscover.svc", "/autodiscover/autodiscover.xml"
A = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
URL = b"/EWS/Exchange.asmx<"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook"


@pytest.fixture(scope="module", params=["", "https://ews.example.com"], ids=["no URL", "URL set"])
def server(request):
    server = ServerProcess(server_public_url=request.param, server_body_limit=4096)
    server.public_url = request.param
    try:
        yield server.start()
        assert server.terminate() == 0
        assert server.log.troubles == []
    finally:
        server.close()


@pytest.fixture(scope="module")
def client(server):
    server.add_mailbox("other@example.com")
    return EwsClient(server, server.add_mailbox("user@example.com"))


@pytest.fixture(scope="module")
def stranger(server):
    return EwsClient(server)


def without_times(body):
    return re.sub(rb'Time="[^"]*"', b"", body)


def asked(path, address="user@example.com"):
    """The body of a request for the URL of EWS."""
    if path.lower() == SOAP:
        return (
            f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="{A}">'
            f"<s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User>"
            f"<a:Mailbox>{address}</a:Mailbox></a:User></a:Users><a:RequestedSettings>"
            "<a:Setting>ExternalEwsUrl</a:Setting></a:RequestedSettings></a:Request>"
            "</a:GetUserSettingsRequestMessage></s:Body></s:Envelope>"
        ).encode()
    return (
        f'<Autodiscover xmlns="{OUTLOOK}/requestschema/2006"><Request><EMailAddress>{address}'
        f"</EMailAddress><AcceptableResponseSchema>{OUTLOOK}/responseschema/2006a"
        "</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()


@pytest.mark.parametrize(
    "path", [SOAP, POX, "/Autodiscover/Autodiscover.svc", "/AUTODISCOVER/AutoDiscover.XML"]
)
def test_the_url_is_told_on_any_spelling_of_the_path(server, client, path):
    answer = client.send("POST", path, asked(path), {"Host": "mail.example.com"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    origin = server.public_url or "http://mail.example.com"
    assert f">{origin}/EWS/Exchange.asmx<".encode() in answer.body
    assert answer.headers["Cache-Control"] == "private"


@pytest.mark.parametrize("path", [SOAP, POX])
@pytest.mark.parametrize("address", ["user@example.com", "USER@Example.COM", " user@example.com\n"])
def test_the_address_is_known_in_any_case(client, path, address):
    assert URL in client.send("POST", path, asked(path, address)).body


@pytest.mark.parametrize("path", [SOAP, POX])
@pytest.mark.parametrize("address", ["other@example.com", "nobody@example.com", "user", "@", ""])
def test_of_others_nothing_is_told(client, path, address):
    answer = client.send("POST", path, asked(path, address))
    assert answer.status == 200
    assert URL not in answer.body
    nobodys = client.send("POST", path, asked(path, address.replace("other", "nobody")))
    assert without_times(nobodys.body) == without_times(answer.body)


@pytest.mark.parametrize("path", [SOAP, POX])
def test_who_may_act_for_others_may_ask_about_them(server, path):
    service = EwsClient(server, server.add_mailbox(f"service-{path[-3:]}@example.com"))
    server.add_mailbox(f"boss-{path[-3:]}@example.com")
    boss = asked(path, f"boss-{path[-3:]}@example.com")
    assert URL not in service.send("POST", path, boss).body
    server.control.call(
        "impersonation.grant",
        account=f"service-{path[-3:]}@example.com",
        of=[f"boss-{path[-3:]}@example.com"],
    )
    assert URL in service.send("POST", path, boss).body


@pytest.mark.parametrize("path", [SOAP, POX])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_who_has_no_credentials_is_told_that_soap_is_spoken_and_nothing_else(
    stranger, method, path
):
    answer = stranger.send(method, path, asked(path) if method == "POST" else None)
    assert answer.status == 401
    assert answer.headers["X-SOAP-Enabled"] == "True"
    assert challenge_problems(dict(answer.headers)) == []
    assert b"EWS" not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", SOAP, 405),
        ("HEAD", SOAP, 405),
        ("GET", POX, 200),
        ("POST", SOAP, 200),
        ("POST", POX, 200),
        ("PUT", SOAP, 405),
        ("DELETE", POX, 405),
    ],
)
def test_that_soap_is_spoken_is_said_with_any_status(client, method, path, status):
    body = asked(path) if method in ("POST", "PUT") else None
    answer = client.send(method, path, body)
    assert (answer.status, answer.headers["X-SOAP-Enabled"]) == (status, "True")


def test_a_get_is_an_invalid_pox_request(client):
    assert b"<ErrorCode>600</ErrorCode>" in client.send("GET", POX).body


def test_an_unreadable_soap_request_is_a_fault(client):
    answer = client.send("POST", SOAP, b"<")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/xml; charset=utf-8")


@pytest.mark.parametrize("path", [SOAP, POX])
@pytest.mark.parametrize(
    ("headers", "size", "status"),
    [
        ({"Content-Type": "application/json"}, 10, 415),
        ({"Content-Encoding": "gzip"}, 10, 415),
        ({}, 4097, 413),
    ],
)
def test_bodies_have_the_bounds_of_ews(client, path, headers, size, status):
    assert client.send("POST", path, b" " * size, headers).status == status


@pytest.mark.parametrize("path", [SOAP, POX])
@pytest.mark.parametrize("host", ["evil.example/", "user@evil.example", "a b", 'evil"'])
def test_a_host_that_is_none_is_not_repeated(server, client, path, host):
    answer = client.send("POST", path, asked(path), {"Host": host})
    assert answer.status == (200 if server.public_url else 400)
    assert host.encode() not in answer.body


def test_the_wsdl_has_the_same_url(server, stranger):
    answer = stranger.send("GET", "/EWS/Services.wsdl", headers={"Host": "mail.example.com"})
    origin = server.public_url or "http://mail.example.com"
    assert f'location="{origin}/EWS/Exchange.asmx"'.encode() in answer.body


@pytest.mark.parametrize("path", ["/autodiscover", "/autodiscover/", "/autodiscover/autodiscover"])
def test_elsewhere_there_is_nothing(client, path):
    assert client.send("POST", path, b"").status == 404


def test_it_is_logged_without_secrets(server, client):
    client.send("POST", SOAP, asked(SOAP, "mail-secret@example.com"))
    answered = server.log.wait_for("autodiscover.answered")
    assert (answered["mailbox"], answered["status"]) == ("user@example.com", 200)
    assert "mail-secret" not in server.log.text
