"""The URL of EWS that clients are told."""

import pytest

from ewspush.endpoint.service_url import ServiceUrl, UnknownHost


class Request:
    def __init__(self, host, is_secure=False):
        self._host = host
        self._is_secure = is_secure

    def field(self, name):
        return {b"host": self._host}[name]

    def isSecure(self):
        return self._is_secure


@pytest.mark.parametrize(
    ("is_secure", "tls_at_proxy", "scheme"),
    [
        (False, False, "http"),
        (True, False, "https"),
        (False, True, "https"),
        (True, True, "https"),
    ],
)
def test_it_is_where_the_client_came(is_secure, tls_at_proxy, scheme):
    request = Request("ews.example.com:8443", is_secure)
    url = ServiceUrl("", tls_at_proxy).of(request)
    assert url == f"{scheme}://ews.example.com:8443/EWS/Exchange.asmx"


@pytest.mark.parametrize("host", [None, "", "elsewhere.example.com", "a b"])
def test_a_setting_comes_before_whatever_the_client_says(host):
    url = ServiceUrl("https://ews.example.com", tls_at_proxy=False).of(Request(host))
    assert url == "https://ews.example.com/EWS/Exchange.asmx"


@pytest.mark.parametrize(
    "host", ["a", "127.0.0.1", "[::1]", "[::1]:8080", "xn--4ca.example", "a_b"]
)
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(host):
    url = ServiceUrl("", tls_at_proxy=False).of(Request(host))
    assert url == f"http://{host}/EWS/Exchange.asmx"


@pytest.mark.parametrize(
    "host",
    [
        None, "", " ", ":80", "a:", "a:b", "a:123456", "a:1:2", "::1", "[::1", "[a b]", "a]", "[]",
        "user@a", "user:password@a", "a/b", "a\\b", "a?b", "a#b", "a b", "a\tb", "a\x00", "a\n",
        'a"', "a<b", "a>", "\xe9", "a" * 262, "a, b.example.com/",
    ],
)  # fmt: skip
def test_what_is_no_host_is_not_repeated(host):
    with pytest.raises(UnknownHost):
        ServiceUrl("", tls_at_proxy=True).of(Request(host))
