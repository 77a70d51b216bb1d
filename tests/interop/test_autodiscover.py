"""exchangelib finds its mailbox by address and password alone."""

import re
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from exchangelib import BASIC, IMPERSONATION, Account, Credentials, errors
from exchangelib.autodiscover import Autodiscovery, discover
from exchangelib.autodiscover import cache as autodiscover_cache
from exchangelib.protocol import BaseProtocol, CachingProtocol

from support.running_server import check_answer

DOMAIN = "example.com"
SOAP = "/autodiscover/autodiscover.svc"
EWS = "/EWS/Exchange.asmx"


@pytest.fixture
def hosts():
    """The host names that there are; a test may change them."""
    return {f"autodiscover.{DOMAIN}"}


@pytest.fixture
def requested(tls_server, certificate, hosts, monkeypatch, tmp_path):
    """Lets exchangelib reach the server by these names, and keeps the URLs that it asked for."""
    requested = []

    class Adapter(requests.adapters.HTTPAdapter):
        def send(self, request, **options):
            asked = urlsplit(request.url)
            assert asked.scheme == "https"
            assert asked.netloc in hosts
            requested.append(request.url)
            request.headers["Host"] = asked.netloc
            request.url = urlunsplit(asked._replace(netloc=str(tls_server.http)))
            response = super().send(request, **{**options, "verify": certificate[0]})
            if asked.path == EWS:
                check_answer(response.status_code, response.headers, response.content)
            return response

    def know_hosts(_, url):
        if urlsplit(url).netloc not in hosts:
            raise errors.TransportError("no such host")

    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", Adapter)
    monkeypatch.setattr(Autodiscovery, "_ensure_valid_hostname", know_hosts)
    monkeypatch.setattr(Autodiscovery, "_get_srv_records", lambda *_: [])
    storage = tmp_path / "autodiscover"
    monkeypatch.setattr(autodiscover_cache, "AUTODISCOVER_PERSISTENT_STORAGE", storage)
    yield requested
    autodiscover_cache.autodiscover_cache.close()
    CachingProtocol.clear_cache()


def open_account(mailbox, password=None):
    credentials = Credentials(mailbox.address, password or mailbox.password)
    return Account(mailbox.address, credentials=credentials, autodiscover=True)


def paths(requested):
    return [urlsplit(url).path for url in requested]


@pytest.mark.parametrize("host", [DOMAIN, f"autodiscover.{DOMAIN}"])
def test_an_account_is_opened_by_address_and_password(hosts, requested, tls_mailbox, host):
    hosts.clear()
    hosts.add(host)
    account = open_account(tls_mailbox)
    assert account.inbox.name == "Inbox"
    assert account.primary_smtp_address == tls_mailbox.address
    assert account.protocol.service_endpoint == f"https://{host}{EWS}"
    assert account.protocol.auth_type == BASIC
    assert account.version.api_version == "Exchange2010_SP2"
    # The first of each asks how to authenticate.
    assert paths(requested)[:3] == [SOAP, SOAP, EWS]


def test_what_was_discovered_can_be_read(requested, tls_mailbox):
    credentials = Credentials(tls_mailbox.address, tls_mailbox.password)
    found, protocol = discover(tls_mailbox.address, credentials)
    assert found.autodiscover_smtp_address == tls_mailbox.address
    assert found.user_settings["user_display_name"] == tls_mailbox.address.partition("@")[0]
    assert found.user_settings["internal_ews_url"] == found.ews_url == protocol.service_endpoint
    assert re.fullmatch(r"14\.02\.0390\.003", found.user_settings["external_ews_version"])
    assert found.user_settings_errors["user_dn"][0] == "SettingIsNotAvailable"


def test_the_second_account_asks_where_the_first_one_was_told(requested, tls_server, tls_mailbox):
    open_account(tls_mailbox)
    before = len(requested)
    open_account(tls_mailbox)
    assert paths(requested[before:]) == [SOAP]


def test_a_wrong_password_discovers_nothing(requested, tls_mailbox):
    with pytest.raises((errors.AutoDiscoverFailed, errors.UnauthorizedError)):
        open_account(tls_mailbox, "wrong")
    assert EWS not in paths(requested)


def test_another_mailbox_is_not_discovered(requested, tls_server, tls_mailbox):
    credentials = Credentials(tls_mailbox.address, tls_mailbox.password)
    other = tls_server.add_mailbox(f"of-{tls_mailbox.address}")
    for address in (other.address, f"nobody@{DOMAIN}"):
        with pytest.raises(errors.ErrorNonExistentMailbox, match="may ask about"):
            discover(address, credentials)


def test_an_account_that_may_act_for_another_discovers_it(requested, tls_server, tls_mailbox):
    service = tls_server.add_mailbox(f"service-of-{tls_mailbox.address}")
    tls_server.control.call(
        "impersonation.grant", account=service.address, of=[tls_mailbox.address]
    )
    account = Account(
        tls_mailbox.address,
        access_type=IMPERSONATION,
        credentials=Credentials(service.address, service.password),
        autodiscover=True,
    )
    assert account.inbox.name == "Inbox"
