"""The address policy, and that libcurl reads what it lets through as what was judged."""
# ruff: noqa: RUF001 - look-alikes of ASCII characters are what is tested

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pycurl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewspush.push.address_policy import URL_LENGTH_LIMIT, AddressPolicy, Target, UrlRefused

IPAddress = IPv4Address | IPv6Address

DEFAULT = AddressPolicy()
ANYWHERE = AddressPolicy([IPv4Network("0.0.0.0/0"), IPv6Network("::/0")])

LONG_LABEL = "a" * 63
LONGEST_NAME = ".".join(["a" * 49] * 5) + ".com"  # 253 characters


def allowing(*networks: str) -> AddressPolicy:
    return AddressPolicy([ip_network(network) for network in networks])


@pytest.mark.parametrize(
    ("url", "canonical", "origin"),
    [
        ("http://example.com", "http://example.com/", "http://example.com:80"),
        ("HTTPS://Example.COM/Path", "https://example.com/Path", "https://example.com:443"),
        ("https://example.com:443/", "https://example.com/", "https://example.com:443"),
        ("http://example.com:00080/", "http://example.com/", "http://example.com:80"),
        ("http://example.com:443/", "http://example.com:443/", "http://example.com:443"),
        ("http://example.com:65535/", "http://example.com:65535/", "http://example.com:65535"),
        ("http://example.com?a=b", "http://example.com/?a=b", "http://example.com:80"),
        ("http://example.com./", "http://example.com/", "http://example.com:80"),
        ("http://intranet/", "http://intranet/", "http://intranet:80"),
        ("http://push_client/", "http://push_client/", "http://push_client:80"),
        ("http://r3---sn-x.example/", "http://r3---sn-x.example/", "http://r3---sn-x.example:80"),
        ("http://8.8.8.8/", "http://8.8.8.8/", "http://8.8.8.8:80"),
        ("http://8.8.8.8./", "http://8.8.8.8/", "http://8.8.8.8:80"),
        ("http://８.８.８.８/", "http://8.8.8.8/", "http://8.8.8.8:80"),
        ("http://8。8。8。8/", "http://8.8.8.8/", "http://8.8.8.8:80"),
        ("http://[2600::0:A]:8080/", "http://[2600::a]:8080/", "http://[2600::a]:8080"),
        ("http://[::ffff:8.8.8.8]/", "http://8.8.8.8/", "http://8.8.8.8:80"),
        ("https://Bücher.example/", "https://xn--bcher-kva.example/", None),
        ("https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example/", None),
        ("https://straße.example/", "https://xn--strae-oqa.example/", None),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/", None),
        ("http://a/ü?q=ü&r=%FC", "http://a/%C3%BC?q=%C3%BC&r=%FC", None),
        ("http://a/x?b=%2f%2F&&c=+;'\"{}|^`<>[]@:/?%", None, None),
        ("http://a//b/../c/./%2e%2e/?", None, None),
        (f"http://{LONG_LABEL}.com/", None, None),
        (f"http://{LONGEST_NAME}/", None, None),
        (f"http://{LONGEST_NAME}./", f"http://{LONGEST_NAME}/", None),
        ("http://a/" + "b" * (URL_LENGTH_LIMIT - 10), None, None),
    ],
)
def test_a_usable_url_has_one_canonical_form(
    url: str, canonical: str | None, origin: str | None
) -> None:
    target = DEFAULT.judge(url)
    assert target.url == (canonical or url)
    assert origin is None or target.origin == origin


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "1 to 2082 characters"),
        ("http://a/" + "b" * (URL_LENGTH_LIMIT - 9), "1 to 2082 characters"),
        ("http://a/" + "ü" * 400, "percent-encoding"),
        ("ftp://example.com/", "begin with http:// or https://"),
        ("httpſ://example.com/", "begin with http:// or https://"),
        ("http:/127.0.0.1/", "begin with http:// or https://"),
        ("127.0.0.1/", "begin with http:// or https://"),
        ("//example.com/", "begin with http:// or https://"),
        ("file:///etc/passwd", "begin with http:// or https://"),
        ("\ufeffhttp://example.com/", "begin with http:// or https://"),
        ("http:///example.com/", "name a host"),
        ("http://", "name a host"),
        ("http://:80/", "name a host"),
        ("http://2001:db8::1/", "name a host"),
        ("http://[::1/", "name a host"),
        ("http://[2600::1]a/", "name a host"),
        ("http://example.com:80:80/", "name a host"),
        ("http://[1.2.3.4]/", "not IPv6"),
        ("http://[v1.a]/", "not IPv6"),
        ("http://[]/", "not IPv6"),
        ("http://[2600::1%25eth0]/", "zone"),
        ("http://[2600::1%1]/", "zone"),
        ("http://[::ffff:8.8.8.8%1]/", "zone"),
        ("http://example.com:/", "port"),
        ("http://example.com:0/", "port"),
        ("http://example.com:65536/", "port"),
        ("http://example.com:-80/", "port"),
        ("http://example.com:８０/", "port"),
        ("http://example.com:000080/", "port"),
        ("http://user@example.com/", "user name"),
        ("http://:@example.com/", "user name"),
        ("http://8.8.8.8:80@127.0.0.1/", "user name"),
        ("http://example.com/#top", "fragment"),
        ("http://8.8.8.8#@127.0.0.1/", "fragment"),
        (" http://example.com/", "white space"),
        ("http://example.com/\n", "white space"),
        ("http://example.com/a b", "white space"),
        ("http://example.com/\u2003", "white space"),
        ("http://exa\tmple.com/", "white space"),
        ("http://example.com/\r\nHost: a", "white space"),
        ("http://example.com/\x00", "control"),
        ("http://example.com/\x7f", "control"),
        ("http://example.com/\x85", "control"),
        ("http://example.com/\udc80", "control"),
        ("http://8.8.8.8\\@127.0.0.1/", "backslash"),
        ("http://./", "labels"),
        ("http://example..com/", "labels"),
        ("http://example.com../", "labels"),
        ("http://-a.com/", "labels"),
        ("http://a-.com/", "labels"),
        ("http://a;b/", "labels"),
        ("http://a,b/", "labels"),
        ("http://%31%32%37.0.0.1/", "labels"),
        ("http://example.com%2f.a.com/", "labels"),
        (f"http://{LONG_LABEL}a.com/", "labels"),
        (f"http://a{LONGEST_NAME}/", "too long"),
        ("http://" + "ü." * 60 + "com/", "too long"),
        ("http://" + "\u00ad" * 300 + "a/", "too long"),
        ("http://" + "ü" * 63 + "/", "IDNA 2008"),
        ("http://℀.com/", "labels"),
        ("http://a／b/", "labels"),
        ("http://a：80/", "labels"),
        ("http://a＠b/", "labels"),
        ("http://☃.example/", "IDNA 2008"),
        ("http://xn--.example/", "IDNA 2008"),
        ("http://xn--0.example/", "IDNA 2008"),
        ("http://\u0301a.example/", "IDNA 2008"),
        ("http://ü_.example/", "IDNA 2008"),
    ],
)
def test_an_unusable_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UrlRefused, match=words):
        ANYWHERE.judge(url)


NUMERIC_NOTATIONS = [
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.0x1",
    "127.0.0.01",
    "00000127.0.0.1",
    "127.0.0.0x1",
    "127.0.0.1.1",
    "0x",
    "0x.0x.0x.0x1",
    "0b1",
    "0o177.0.0.1",
    "0",
    "256.0.0.1",
    "4294967296",
    "09.1.1.1",
    "a.1",
    "example.0x1",
    "２１３０７０６４３３",
    "１２７.1",
    "127。1",
    "127\u00ad.1",
    "①②⑦.1",
    "0x7f000001.",
]


@pytest.mark.parametrize("host", NUMERIC_NOTATIONS)
def test_an_address_in_another_notation_than_the_plain_one_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused, match="ends in a number"):
        ANYWHERE.judge(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "１２７.０.０.１",
        "127．0．0．1",
        "127\u00ad.0.0.1",
        "①②⑦.0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::FFFF:7F00:1]",
        "[64:ff9b::127.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "ｌｏｃａｌｈｏｓｔ",
        "a.b.localhost",
    ],
)
def test_a_host_that_is_loopback_is_refused_when_subscribing(host: str) -> None:
    with pytest.raises(UrlRefused, match=r"is a loopback address.*callback_allow"):
        DEFAULT.judge(f"http://{host}/")


@pytest.mark.parametrize("network", ["127.0.0.0/8", "::1/128", "127.0.0.1/32"])
def test_localhost_is_usable_when_one_of_its_addresses_is_allowed(network: str) -> None:
    assert allowing(network).judge("http://a.localhost:81/").url == "http://a.localhost:81/"


@pytest.mark.parametrize("network", ["127.0.0.5/32", "10.0.0.0/8"])
def test_localhost_stays_refused_when_other_addresses_are_allowed(network: str) -> None:
    with pytest.raises(UrlRefused, match="localhost is a loopback address"):
        allowing(network).judge("http://localhost/")


def test_a_name_that_only_resembles_localhost_is_an_ordinary_name() -> None:
    assert DEFAULT.judge("http://notlocalhost/").url == "http://notlocalhost/"


def test_the_words_of_a_refusal_repeat_no_secret() -> None:
    for url in ("http://user:s3cret@a/", "http://a:0/?k=s3cret", "http://a/s3cret\n"):
        with pytest.raises(UrlRefused) as refused:
            DEFAULT.judge(url)
        assert "s3cret" not in str(refused.value)


REFUSED_IPV4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "IETF protocol",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/5": "reserved",
    "255.255.255.255/32": "broadcast",
    "100.100.100.200/32": "metadata",
    "168.63.129.16/32": "metadata",
    "169.254.169.254/32": "metadata",
    "192.0.0.192/32": "metadata",
}
REFUSED_IPV6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::2/127": "IPv4-compatible",
    "::808:808/128": "IPv4-compatible",
    "::ffff:0:808:808/128": "reserved",
    "64:ff9b:1::/48": "NAT64",
    "64:ff9b:2::/48": "reserved",
    "100::/64": "discard",
    "100:0:0:1::/64": "reserved",
    "1000::/4": "reserved",
    "2001:1::/32": "IETF protocol",
    "2001:2::/48": "benchmarking",
    "2001:20::/28": "IETF protocol",
    "2001:100::/24": "IETF protocol",
    "2001:db8::/32": "documentation",
    "3fff::/20": "documentation",
    "4000::/3": "reserved",
    "5f00::/16": "segment routing",
    "8000::/1": "",
    "e000::/4": "reserved",
    "fc00::/7": "",
    "fdff::/16": "unique-local",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
    "fd00:42::42/128": "metadata",
    "fd00:c1::a9fe:a9fe/128": "metadata",
    "fd00:ec2::254/128": "metadata",
    "fd20:ce::254/128": "metadata",
    "fe80::a9fe:a9fe/128": "metadata",
}


@pytest.mark.parametrize(("network", "words"), (REFUSED_IPV4 | REFUSED_IPV6).items())
def test_both_ends_of_a_special_network_are_refused_with_its_reason(
    network: str, words: str
) -> None:
    block = ip_network(network)
    for address in (block[0], block[-1]):
        assert f"{address} is " in (refusal := DEFAULT.refusal(address) or "")
        assert words in refusal
        assert DEFAULT.refusal(str(address)) == refusal


@pytest.mark.parametrize(
    "address",
    [
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2001:4860:4860::8888",
        "2600::1",
        "3ffe:ffff::1",
        "3fff:1000::1",
        "3fff:ffff::1",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        # Teredo: server 8.8.8.8, client 8.8.4.4
        "2001:0:808:808:0:ffff:f7f7:fbfb",
        "2600::5efe:8.8.8.8",
    ],
)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert DEFAULT.refusal(address) is None
    assert DEFAULT.refusal(ip_address(address)) is None


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "/run/socket", "1.2.3.4:80", "\udc80"])
def test_what_is_no_address_may_not_be_connected_to(text: str) -> None:
    assert "not an IP address" in (ANYWHERE.refusal(text) or "")


@pytest.mark.parametrize("address", ["fe80::1%eth0", "2600::1%1", "::ffff:8.8.8.8%1"])
def test_an_address_with_a_zone_may_not_be_connected_to(address: str) -> None:
    assert "zone" in (ANYWHERE.refusal(address) or "")
    assert "zone" in (ANYWHERE.refusal(ip_address(address)) or "")


MASK = 0xFFFFFFFF
PUBLIC = int(IPv4Address("8.8.8.8"))
IPV6_FORMS: dict[str, Callable[[int], int]] = {
    "mapped": lambda ipv4: 0xFFFF << 32 | ipv4,
    "compatible": lambda ipv4: ipv4,
    "translated": lambda ipv4: 0xFFFF << 48 | ipv4,
    "NAT64": lambda ipv4: int(IPv6Address("64:ff9b::")) | ipv4,
    "local NAT64 /96": lambda ipv4: int(IPv6Address("64:ff9b:1::")) | ipv4,
    "local NAT64 /48": lambda ipv4: (
        int(IPv6Address("64:ff9b:1::")) | ipv4 >> 16 << 64 | (ipv4 & 0xFFFF) << 40
    ),
    "6to4": lambda ipv4: 0x2002 << 112 | ipv4 << 80 | 1,
    "Teredo server": lambda ipv4: 0x20010000 << 96 | ipv4 << 64 | PUBLIC ^ MASK,
    "Teredo client": lambda ipv4: 0x20010000 << 96 | PUBLIC << 64 | ipv4 ^ MASK,
    "ISATAP": lambda ipv4: 0x2600 << 112 | 0x5EFE << 32 | ipv4,
    "ISATAP universal": lambda ipv4: 0x2600 << 112 | 0x02005EFE << 32 | ipv4,
    "ISATAP in 6to4": lambda ipv4: 0x2002 << 112 | PUBLIC << 80 | 0x5EFE << 32 | ipv4,
}
FORMS_OF_AN_IPV4_HOST = sorted(
    IPV6_FORMS.keys() - {"compatible", "translated", "local NAT64 /96", "local NAT64 /48"}
)


def addresses_within(network: str) -> st.SearchStrategy[int]:
    first, last = (int(IPv4Network(network)[end]) for end in (0, -1))
    return st.sampled_from([first, last]) | st.integers(first, last)


# The forms are looped over, not parametrised: pytest-twisted wraps a Hypothesis test once more
# for each parameter.
@given(st.sampled_from(sorted(REFUSED_IPV4)).flatmap(addresses_within))
@settings(deadline=None, max_examples=300)
def test_a_refused_ipv4_address_is_refused_within_every_ipv6_form(ipv4: int) -> None:
    for form, embed in IPV6_FORMS.items():
        assert DEFAULT.refusal(IPv6Address(embed(ipv4))) is not None, form


@pytest.mark.parametrize("form", FORMS_OF_AN_IPV4_HOST)
def test_an_ipv4_address_within_ipv6_is_judged_as_that_address(form: str) -> None:
    embed = IPV6_FORMS[form]
    loopback = IPv6Address(embed(int(IPv4Address("127.0.0.1"))))
    assert DEFAULT.refusal(IPv6Address(embed(PUBLIC))) is None
    assert "carries an IPv4 address" in (refusal := DEFAULT.refusal(loopback) or "")
    assert refusal.endswith("127.0.0.1 is a loopback address")
    assert allowing("127.0.0.0/8").refusal(loopback) is None
    assert allowing("127.0.0.2/32").refusal(loopback) is not None


@pytest.mark.parametrize("network", [*REFUSED_IPV4, *REFUSED_IPV6])
def test_an_allowed_network_wins_over_the_table(network: str) -> None:
    policy = allowing(network)
    block = ip_network(network)
    assert policy.refusal(block[0]) is None
    assert policy.refusal(block[-1]) is None
    assert policy.refusal("172.31.0.1" if "10." in network else "10.0.0.1") is not None


def test_an_allowed_ipv4_network_does_not_open_ipv6_addresses_that_reach_no_ipv4_host() -> None:
    policy = allowing("0.0.0.0/0")
    assert policy.refusal("::1") is not None
    assert policy.refusal("::127.0.0.1") is not None
    assert policy.refusal("fe80::5efe:127.0.0.1") is not None


def test_an_allowed_ipv6_network_allows_its_addresses_whatever_they_carry() -> None:
    assert allowing("64:ff9b::/96").refusal("64:ff9b::127.0.0.1") is None
    assert allowing("64:ff9b::/96").refusal("127.0.0.1") is not None


def test_a_mapped_address_is_allowed_as_ipv4_and_not_by_a_wide_ipv6_network() -> None:
    assert allowing("::/0").refusal("::ffff:127.0.0.1") is not None
    assert allowing("::ffff:127.0.0.0/104").refusal("::ffff:127.0.0.1") is None
    assert allowing("::ffff:127.0.0.0/104").refusal("127.0.0.1") is None


# Any text, text made of what URLs and their attackers are made of, and text that is nearly a URL.
PIECES = (
    "http https : // / ? # @ [ ] . . . % \\ - _ :80 :65536 %25 %2f localhost example com xn-- "
    "127.0.0.1 127 0 0x7f 0x 0b1 0177 :: ::1 ::ffff: 64:ff9b:: K a 1 9 "
    "ü ß 例 。 １ א ٣ ſ ℀ \u00ad \u200d \u0301 \ud800 \x00 \x7f"
)
ANY_TEXT = st.text(st.characters(exclude_categories=()))
PIECED_TEXT = st.lists(st.sampled_from(PIECES.split(" ")), max_size=8).map("".join)
SCHEMES = st.sampled_from(["http://", "HTTPS://"])
NEARLY_URLS = st.tuples(SCHEMES, PIECED_TEXT, st.just("") | ANY_TEXT).map("".join)
LABELS = st.text("aZ09-_üßé例。１א", min_size=1, max_size=6) | ANY_TEXT
PORTS = st.just("") | st.integers(1, 65535).map(":{}".format)
ORDINARY_URLS = st.tuples(
    SCHEMES,
    LABELS,
    st.sampled_from([".example", ".例", ".example."]),
    PORTS,
    st.just("/") | ANY_TEXT,
).map("".join)


def judged(url: str) -> Target | None:
    try:
        return ANYWHERE.judge(url)
    except UrlRefused as refused:
        words = str(refused)
    assert words.isascii()
    return None


@given(ANY_TEXT | PIECED_TEXT | NEARLY_URLS | ORDINARY_URLS)
@settings(deadline=None, max_examples=600)
def test_any_text_is_either_refused_in_ascii_words_or_canonical_from_then_on(url: str) -> None:
    target = judged(url)
    if target is not None:
        assert target.url.isascii()
        assert target.url.startswith(target.origin.rpartition(":")[0])
        assert ANYWHERE.judge(target.url) == target


def seen_by_libcurl(url: str, *resolve: str) -> tuple[str, set[tuple[IPAddress, int]]]:
    """The URL as libcurl reads it, and the addresses and ports it would have connected to."""
    asked: set[tuple[IPAddress, int]] = set()

    def refuse(_purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> int:
        host, port = address[3][:2]
        asked.add((ip_address(host), port))
        return pycurl.SOCKET_BAD

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.PATH_AS_IS, 1)
    curl.setopt(pycurl.RESOLVE, list(resolve))
    curl.setopt(pycurl.OPENSOCKETFUNCTION, refuse)
    with pytest.raises(pycurl.error) as failed:
        curl.perform()
    assert failed.value.args[0] == pycurl.E_COULDNT_CONNECT, failed.value
    return curl.getinfo(pycurl.EFFECTIVE_URL), asked


def assert_libcurl_reads_what_was_judged(target: Target) -> None:
    host, _, port = target.origin.partition("://")[2].rpartition(":")
    resolve = []
    try:
        expected = ip_address(host.strip("[]"))
    except ValueError:
        # libcurl prefers the exact name; every other one would lead to the second address.
        expected = ip_address("192.0.2.1")
        resolve = [f"{host}:{port}:192.0.2.1", f"*:{port}:192.0.2.2"]
    assert seen_by_libcurl(target.url, *resolve) == (target.url, {(expected, int(port))})


ODD_URLS = [
    "http://example.com",
    "http://example.com?http://127.0.0.1/",
    "http://example.com/@127.0.0.1/",
    "http://example.com/:80@127.0.0.1:81/",
    "http://example.com:8080?@127.0.0.1",
    "http://example.com//127.0.0.1/../x/./y/%2e%2e/z",
    "http://example.com/x?b=%2f%2F&&c=+;'\"{}|^`<>[]@:/?%",
    'http://example.com/"{}|^`<>[]%zz%',
    "HTTPS://EXAMPLE.com:0443/",
    "https://example.com:80/",
    "http://example.com.:65535/",
    "http://push_client/",
    "http://r3---sn-x.example/",
    "http://0x7g/",
    "http://0xg.example/",
    "http://127.0.0.1.example/",
    "http://1.2.3.4a/",
    "http://1e3/",
    "http://localhost.example/",
    "http://a.localhost./",
    "http://localhost/",
    f"http://{LONGEST_NAME}/",
    "http://Bücher.example/ü?ü",
    "http://例え。テスト/",
    "http://１２７。０。０。１:81/",
    "http://0.0.0.0/",
    "http://255.255.255.255/",
    "http://[2001:DB8:0:0::1]:8443/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[fe80::5efe:10.0.0.1]/",
]


@pytest.mark.parametrize("url", ODD_URLS)
def test_libcurl_reads_a_judged_url_as_what_was_judged(url: str) -> None:
    assert_libcurl_reads_what_was_judged(ANYWHERE.judge(url))


@pytest.mark.parametrize(
    "url",
    [
        "http:/127.0.0.1/",
        "http:///127.0.0.1/",
        "127.0.0.1/",
        "http://8.8.8.8@127.0.0.1/",
        "http://127.0.0.1:/",
        "http://%31%32%37.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.0x1./",
    ],
)
def test_what_libcurl_alone_would_take_for_loopback_is_refused(url: str) -> None:
    assert seen_by_libcurl(url)[1] == {(IPv4Address("127.0.0.1"), 80)}
    with pytest.raises(UrlRefused):
        ANYWHERE.judge(url)


NEARLY_HOSTS = st.text("0123456789abcdefxo.-_:[]%/１。ü", min_size=1, max_size=14)


@given(ORDINARY_URLS | NEARLY_URLS | NEARLY_HOSTS.map("http://{}".format))
@settings(deadline=None, max_examples=500)
def test_libcurl_and_the_policy_never_disagree_about_a_url(url: str) -> None:
    target = judged(url)
    if target is not None:
        assert_libcurl_reads_what_was_judged(target)
