"""Which push URLs may be used and which addresses may be connected to, so that a subscriber
cannot make this server call the services of its own network."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

import idna

URL_LENGTH_LIMIT = 2083  # characters; ErrorInvalidPushSubscriptionUrl: 0 < length < 2083
_HOST_LENGTH_LIMIT = 253  # RFC 1035, written without the trailing dot

_ORIGINS_REMEMBERED = 1024

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535

# "\s" is every white space of Unicode; surrogates cannot be encoded; libcurl reads "\" as text
# and browsers read it as "/".
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]+)(?::(?P<port>[^:]*))?")
_AUTHORITY_END = re.compile("[/?]")
_PORT = re.compile(r"[0-9]{1,5}")
_PRINTABLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))

# Letters, digits and hyphens, and the underscore that container networks put into names.
_ASCII_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What some resolver may take for a part of an IPv4 address: decimal, octal, hexadecimal, binary.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xob][0-9a-f]*")

_LOOPBACKS = (IPv4Address("127.0.0.1"), IPv6Address("::1"))

# First match wins. The blocks are those of the IANA IPv4 and IPv6 Special-Purpose Address
# Registries that are not globally reachable, multicast, and the metadata services that cloud
# providers document. AS112 and AMT blocks are globally reachable and so not listed.
_IPV4_TABLE = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("169.254.169.254/32", "a cloud metadata address"),  # AWS, Azure, Google, OpenStack
        ("100.100.100.200/32", "a cloud metadata address"),  # Alibaba Cloud
        ("192.0.0.192/32", "a cloud metadata address"),  # Oracle Cloud Classic
        ("168.63.129.16/32", "a cloud metadata address"),  # Azure WireServer, a public address
        ("0.0.0.0/8", "an address of this network"),  # RFC 791
        ("10.0.0.0/8", "a private address"),  # RFC 1918
        ("100.64.0.0/10", "a shared address"),  # RFC 6598
        ("127.0.0.0/8", "a loopback address"),  # RFC 1122
        ("169.254.0.0/16", "a link-local address"),  # RFC 3927
        ("172.16.0.0/12", "a private address"),  # RFC 1918
        # With its globally reachable anycasts: the nearest PCP or TURN server is a local one.
        ("192.0.0.0/24", "an IETF protocol address"),  # RFC 6890
        ("192.0.2.0/24", "a documentation address"),  # RFC 5737
        ("192.88.99.0/24", "a 6to4 relay address"),  # RFC 7526
        ("192.168.0.0/16", "a private address"),  # RFC 1918
        ("198.18.0.0/15", "a benchmarking address"),  # RFC 2544
        ("198.51.100.0/24", "a documentation address"),  # RFC 5737
        ("203.0.113.0/24", "a documentation address"),  # RFC 5737
        ("224.0.0.0/4", "a multicast address"),  # RFC 1112
        ("255.255.255.255/32", "the broadcast address"),  # RFC 919
        ("240.0.0.0/4", "a reserved address"),  # RFC 1112
        ("0.0.0.0/0", None),
    )
)

# Rows without a reason may be connected to, if the IPv4 addresses within the address may be.
# Anything outside 2000::/3 that IANA gives a meaning later stays refused.
_IPV6_TABLE = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("fd00:ec2::254/128", "a cloud metadata address"),  # AWS
        ("fd20:ce::254/128", "a cloud metadata address"),  # Google Cloud
        ("fd00:c1::a9fe:a9fe/128", "a cloud metadata address"),  # Oracle Cloud
        ("fd00:42::42/128", "a cloud metadata address"),  # Scaleway
        ("fe80::a9fe:a9fe/128", "a cloud metadata address"),  # OpenStack
        ("::/128", "the unspecified address"),  # RFC 4291
        ("::1/128", "a loopback address"),  # RFC 4291
        ("::/96", "an IPv4-compatible address"),  # RFC 4291, deprecated
        ("64:ff9b::/96", None),  # NAT64, RFC 6052
        ("64:ff9b:1::/48", "a local NAT64 address"),  # RFC 8215; where its IPv4 lies is local
        ("100::/64", "a discard-only address"),  # RFC 6666
        ("5f00::/16", "a segment routing address"),  # RFC 9602
        ("fc00::/7", "a unique-local address"),  # RFC 4193
        ("fe80::/10", "a link-local address"),  # RFC 4291
        ("fec0::/10", "a site-local address"),  # RFC 3879, deprecated
        ("ff00::/8", "a multicast address"),  # RFC 4291
        ("2001::/32", None),  # Teredo, RFC 4380
        ("2001:2::/48", "a benchmarking address"),  # RFC 5180
        ("2001::/23", "an IETF protocol address"),  # RFC 2928
        ("2001:db8::/32", "a documentation address"),  # RFC 3849
        ("3fff::/20", "a documentation address"),  # RFC 9637
        ("2000::/3", None),  # global unicast, RFC 4291; 6to4 among it
        ("::/0", "a reserved address"),  # RFC 4291
    )
)

_NAT64 = IPv6Network("64:ff9b::/96")
_MAPPED = IPv6Network("::ffff:0:0/96")
# RFC 5214 6.1: the interface identifier is 0000:5efe or 0200:5efe, then the IPv4 address. The
# mask leaves out the u and g bits.
_ISATAP = 0x00005EFE
_ISATAP_MASK = 0xFCFFFFFF


class UrlRefused(ValueError):
    """Why a push URL cannot be used, in words for the subscriber.

    The words are ASCII and repeat at most the host, since path and query may hold secrets.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """A push URL as it was judged: what is handed to libcurl, and its origin.

    `url` is ASCII, the host lower case, IDNA-encoded and without a trailing dot, an IPv6 address
    in brackets, the default port left out; path and query are as sent, with non-ASCII
    percent-encoded as UTF-8. `origin` is scheme, host and port, the port always written.
    """

    url: str
    origin: str


class AddressPolicy:
    """Judges push URLs when they are subscribed, and addresses when they are connected to.

    The first sees only what a URL says; what its name resolves to is known to the second alone.
    """

    def __init__(self, allowed: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        """`allowed` networks may be connected to, whatever the table says of them.

        An IPv4 network counts also for the IPv4 addresses within IPv6 ones; an IPv6 network
        allows its addresses whatever they carry, except mapped ones, which count as IPv4.
        """
        self._allowed = tuple(_without_mapping(network) for network in allowed)
        # At a start a million URLs are judged, of few origins.
        self._origin = lru_cache(maxsize=_ORIGINS_REMEMBERED)(self._judge_origin)

    def judge(self, url: str) -> Target:
        """Parse `url` strictly, and say what to hand to libcurl, which parses leniently.

        A host that is an address, or `localhost`, is judged at once; other names when they are
        connected to. Raises UrlRefused.
        """
        _refuse_length(url)
        if _FORBIDDEN.search(url):
            raise UrlRefused(
                "The push URL must not contain white space, control characters or backslashes."
            )
        if "#" in url:
            raise UrlRefused("The push URL must not have a fragment: it would never be sent.")
        scheme, authority, path_and_query = _split(url)
        written, origin = self._origin(scheme, authority)
        canonical = written + path_and_query
        _refuse_length(canonical)
        return Target(canonical, origin)

    def refusal(self, address: IPv4Address | IPv6Address | str) -> str | None:
        """Why `address` may not be connected to, or None if it may.

        An IPv4 address within an IPv6 one (mapped, NAT64 by the well-known prefix, 6to4, Teredo,
        ISATAP) is judged too; a NAT64 prefix of the site's own choice cannot be recognised.
        """
        if isinstance(address, str):
            try:
                address = ip_address(address)
            except ValueError:
                return "what was to be connected to is not an IP address"
        if isinstance(address, IPv4Address):
            return self._refusal_ipv4(address)
        if address.scope_id is not None:
            return "an address with a zone belongs to one link only"
        # The system sends IPv4 for a mapped address, so only what is said of IPv4 counts.
        if address.ipv4_mapped is not None:
            return self._refusal_carried(address, "IPv4-mapped", address.ipv4_mapped)
        return self._refusal_ipv6(address)

    def _refusal_ipv4(self, address: IPv4Address) -> str | None:
        if any(address in network for network in self._allowed):
            return None
        reason = next(reason for network, reason in _IPV4_TABLE if address in network)
        return reason and f"{address} is {reason}"

    def _refusal_ipv6(self, address: IPv6Address) -> str | None:
        if any(address in network for network in self._allowed):
            return None
        for form, carried in _carried(address):
            refusal = self._refusal_carried(address, form, carried)
            if refusal is not None:
                return refusal
        reason = next(reason for network, reason in _IPV6_TABLE if address in network)
        return reason and f"{address} is {reason}"

    def _refusal_carried(self, address: IPv6Address, form: str, carried: IPv4Address) -> str | None:
        refusal = self._refusal_ipv4(carried)
        return refusal and f"{address} carries an IPv4 address ({form}), and {refusal}"

    def _judge_origin(self, scheme: str, authority: str) -> tuple[str, str]:
        """Scheme, host and port as they are handed to libcurl, and the origin."""
        host_text, port = _split_authority(authority, _DEFAULT_PORTS[scheme])
        host = self._judge_host(host_text)
        written_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
        return f"{scheme}://{host}{written_port}", f"{scheme}://{host}:{port}"

    def _judge_host(self, text: str) -> str:
        """The host of a URL in its one canonical form. Raises UrlRefused."""
        host = _ipv6_literal(text[1:-1]) if text.startswith("[") else _address_or_name(text)
        if not isinstance(host, str):
            _refuse_address(self.refusal(host))
            return f"[{host}]" if isinstance(host, IPv6Address) else str(host)
        # RFC 6761 6.3, and libcurl does not ask a resolver for these names either.
        if host == "localhost" or host.endswith(".localhost"):
            refusals = [self.refusal(loopback) for loopback in _LOOPBACKS]
            _refuse_address(None if None in refusals else f"{host} is a loopback address")
        return host


def _refuse_length(url: str) -> None:
    if not 0 < len(url) < URL_LENGTH_LIMIT:
        raise UrlRefused(
            f"The push URL must have 1 to {URL_LENGTH_LIMIT - 1} characters, "
            "counted also after percent-encoding."
        )


def _refuse_address(refusal: str | None) -> None:
    if refusal is not None:
        raise UrlRefused(
            f"The push URL is not allowed: {refusal}. "
            "The server's setting callback_allow lists the exceptions."
        )


def _split(url: str) -> tuple[str, str, str]:
    """Scheme in lower case, authority, and path with query."""
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORTS:
        raise UrlRefused("The push URL must begin with http:// or https://.")
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    path_and_query = rest[len(authority) :]
    if not path_and_query.isascii():
        path_and_query = quote(path_and_query, safe=_PRINTABLE_ASCII)
    if not path_and_query.startswith("/"):
        path_and_query = "/" + path_and_query
    return scheme, authority, path_and_query


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    """Host as written, an IPv6 address with its brackets, and port."""
    if "@" in authority:
        raise UrlRefused("The push URL must not contain a user name or password.")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise UrlRefused("The push URL must name a host: NAME, IPv4 or [IPv6], then perhaps :PORT.")
    port = match["port"]
    if port is None:
        return match["host"], default_port
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= _LAST_PORT:
        raise UrlRefused(f"The port of the push URL must be a number from 1 to {_LAST_PORT}.")
    return match["host"], int(port)


def _ipv6_literal(text: str) -> IPv4Address | IPv6Address:
    """The address between brackets; one destination has one origin, so a mapped one is IPv4."""
    try:
        address = IPv6Address(text)
    except ValueError:
        raise UrlRefused("The push URL has something in brackets that is not IPv6.") from None
    if address.scope_id is not None:
        raise UrlRefused("The push URL must not have an IPv6 address with a zone.")
    return address.ipv4_mapped or address


def _address_or_name(text: str) -> IPv4Address | str:
    """The host that `text` is; of an IPv4 address only the plain form is accepted.

    Which short, octal and hexadecimal forms are addresses differs between resolvers.
    """
    name = _ascii_name(text)
    if not _NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
        return name
    try:
        return IPv4Address(name)
    except ValueError:
        raise UrlRefused(
            "The host of the push URL ends in a number, so it must be an IPv4 address "
            "in its plain form of four decimal numbers."
        ) from None


def _ascii_name(text: str) -> str:
    """`text` as the lower-case ASCII host name that IDNA 2008 makes of it, without trailing dot."""
    if len(text) > _HOST_LENGTH_LIMIT + 1:
        raise UrlRefused("The host name of the push URL is too long.")
    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
        name = ".".join(_ascii_label(label) for label in mapped.removesuffix(".").split("."))
    except UnicodeError:  # idna.IDNAError is one
        raise UrlRefused("The host name of the push URL is not valid under IDNA 2008.") from None
    if len(name) > _HOST_LENGTH_LIMIT:
        raise UrlRefused("The host name of the push URL is too long.")
    return name


def _ascii_label(label: str) -> str:
    if not label.isascii() or label.startswith("xn--"):
        label = idna.alabel(label).decode("ascii")
    if not _ASCII_LABEL.fullmatch(label):
        raise UrlRefused(
            "The host name of the push URL must be labels of 1 to 63 letters, digits and hyphens."
        )
    return label


def _without_mapping(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """A network of IPv4-mapped addresses as the IPv4 network it stands for."""
    if isinstance(network, IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))


def _carried(address: IPv6Address) -> Iterator[tuple[str, IPv4Address]]:
    """The IPv4 addresses that a transition mechanism may send to instead of `address`."""
    last_32_bits = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64:
        yield "NAT64", last_32_bits
    if address.sixtofour is not None:
        yield "6to4", address.sixtofour
    if address.teredo is not None:
        server, client = address.teredo
        yield "Teredo server", server
        yield "Teredo client", client
    if (int(address) >> 32) & _ISATAP_MASK == _ISATAP:
        yield "ISATAP", last_32_bits
