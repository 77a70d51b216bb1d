"""Autodiscover in plain old XML."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.autodiscover import pox
from ewspush.endpoint.autodiscover.discovered import Discovered

ADDRESS = "user@example.com"
URL = "https://ews.example.com/EWS/Exchange.asmx"
NOW = datetime(2026, 9, 21, 14, 5, 6, 789, tzinfo=UTC)
BASE = "http://schemas.microsoft.com/exchange/autodiscover"
REQUEST = f"{BASE}/outlook/requestschema/2006"
OUTLOOK = f"{BASE}/outlook/responseschema/2006a"
NAMESPACES = {"r": f"{BASE}/responseschema/2006", "o": OUTLOOK}


def request(address=ADDRESS, acceptable=OUTLOOK, schema=REQUEST):
    return (
        f'<Autodiscover xmlns="{schema}"><Request><EMailAddress>{address}</EMailAddress>'
        f"<AcceptableResponseSchema>{acceptable}</AcceptableResponseSchema></Request>"
        "</Autodiscover>"
    ).encode()


def ask(document, url=URL):
    me = Discovered(ADDRESS, url, ServerVersion())
    body = pox.answer(document, {ADDRESS: me}.get, NOW)
    assert body.startswith(b"<?xml ")
    return etree.fromstring(body)


def test_both_protocols_have_the_url():
    answer = ask(request())
    response = answer.find("o:Response", NAMESPACES)
    assert response.findtext("o:User/o:DisplayName", None, NAMESPACES) == "user"
    assert response.findtext("o:User/o:AutoDiscoverSMTPAddress", None, NAMESPACES) == ADDRESS
    assert response.findtext("o:Account/o:Action", None, NAMESPACES) == "settings"
    protocols = response.findall("o:Account/o:Protocol", NAMESPACES)
    assert [protocol.findtext("o:Type", None, NAMESPACES) for protocol in protocols] == [
        "EXCH",
        "EXPR",
    ]
    for protocol in protocols:
        assert protocol.findtext("o:EwsUrl", None, NAMESPACES) == URL
        assert protocol.findtext("o:ASUrl", None, NAMESPACES) == URL


@pytest.mark.parametrize(("url", "ssl"), [(URL, "On"), ("http://localhost/EWS", "Off")])
def test_it_is_said_whether_there_is_tls(url, ssl):
    assert [each.text for each in ask(request(), url).iter(f"{{{OUTLOOK}}}SSL")] == [ssl, ssl]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", 600),
        (b"<a", 600),
        (b"<a/>", 600),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 600),
        (f'<Autodiscover xmlns="{REQUEST}"/>'.encode(), 600),
        (f'<Autodiscover xmlns="{REQUEST}"><Request/></Autodiscover>'.encode(), 600),
        (request(address=""), 600),
        (request(schema=f"{BASE}/mobilesync/requestschema/2006"), 600),
        (request(acceptable=f"{BASE}/mobilesync/responseschema/2006"), 601),
        (request(acceptable=""), 601),
        (request("other@example.com"), 500),
        (request("no address"), 500),
    ],
)
def test_an_error_has_the_code_of_exchange(document, code):
    (error,) = ask(document).iterfind("r:Response/r:Error", NAMESPACES)
    assert error.findtext("r:ErrorCode", None, NAMESPACES) == str(code)
    assert error.findtext("r:Message", None, NAMESPACES)
    assert (error.get("Time"), error.get("Id")) == ("14:05:06.000789", "1")
    assert [etree.QName(each).localname for each in error] == ["ErrorCode", "Message", "DebugData"]
