"""The server's certificate and key."""

import ssl
import warnings

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory

from ewspush.endpoint.http import BoundedSite, LimitedConnections
from ewspush.endpoint.tls import UnusableCertificate, load_certificate
from ewspush.endpoint.web import NotFound

HOST = "ews.example.com"


def pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


@pytest.fixture(scope="module")
def root_authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def folder(root_authority, tmp_path_factory):
    """Files, good and bad. The certificate comes from an authority below the root."""
    folder = tmp_path_factory.mktemp("tls")
    authority = root_authority.create_child_ca()
    issued = authority.issue_cert(HOST)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    contents = {
        "chain": b"".join(each.bytes() for each in issued.cert_chain_pems),
        "key": pem(key),
        "another key": authority.issue_cert(HOST).private_key_pem.bytes(),
        "encrypted key": pem(key, serialization.BestAvailableEncryption(b"secret")),
        "key of another kind": pem(ed25519.Ed25519PrivateKey.generate()),
        "empty": b"",
        "garbage": b"\x00\xff",
        "no certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


class Transport(StringTransport):
    def setTcpNoDelay(self, enabled):
        pass


class Client:
    """A TLS client in memory, connected to the server's own stack of factories."""

    def __init__(self, folder, root_authority, *, alpn=None, newest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        root_authority.configure_trust(context)
        if alpn:
            context.set_alpn_protocols(alpn)
        if newest:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = newest
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=HOST)
        self._clock = Clock()
        site = LimitedConnections(BoundedSite(NotFound(), self._clock, 1024), 10)
        options = load_certificate(folder / "chain", folder / "key")
        factory = TLSMemoryBIOFactory(options, False, site, self._clock)
        self._transport = Transport()
        self._server = factory.buildProtocol(None)
        self._server.makeConnection(self._transport)

    def do(self, action):
        """Carry out an action of `self.tls`, passing bytes both ways as long as it wants more."""
        for _ in range(10):
            try:
                return action()
            except ssl.SSLWantReadError:
                if sent := self._out.read():
                    self._server.dataReceived(sent)
                self._clock.advance(0)  # small answers are gathered for a turn of the reactor
                self._in.write(self._transport.value())
                self._transport.clear()
        raise AssertionError("the server says nothing more")


@pytest.mark.parametrize(
    ("alpn", "chosen"),
    [(None, None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1")],
    ids=str,
)
def test_a_client_connects_whatever_it_offers_beside_http_1_1(folder, root_authority, alpn, chosen):
    client = Client(folder, root_authority, alpn=alpn)
    client.do(client.tls.do_handshake)
    assert client.tls.selected_alpn_protocol() == chosen
    client.tls.write(b"GET / HTTP/1.1\r\n\r\n")
    assert client.do(client.tls.read).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls_are_spoken(folder, root_authority, version):
    client = Client(folder, root_authority, newest=version)
    client.do(client.tls.do_handshake)
    assert client.tls.version() == version.name.replace("_", ".")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(folder, root_authority, version):
    client = Client(folder, root_authority, newest=version)
    with pytest.raises(ssl.SSLError):
        client.do(client.tls.do_handshake)


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        ("chain", "another key"),
        ("chain", "key of another kind"),
        ("chain", "encrypted key"),
        ("chain", "chain"),
        ("chain", "empty"),
        ("chain", "not there"),
        ("key", "key"),
        ("empty", "key"),
        ("garbage", "key"),
        ("no certificate", "key"),
        ("not there", "key"),
        (".", "key"),
    ],
)
def test_what_cannot_be_used_is_named(folder, certificate, key):
    with pytest.raises(UnusableCertificate) as raised:
        load_certificate(folder / certificate, folder / key)
    told = str(raised.value)
    assert told.startswith(f"{folder / certificate} and {folder / key} cannot be used for TLS: ")
    assert "\n" not in told
    assert not told.endswith(": ")
