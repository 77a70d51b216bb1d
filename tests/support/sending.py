"""What tests of the sender share: what is posted, a clock, certificates of far ends."""

import os

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from twisted.internet.ssl import CertificateOptions

from ewspush.push.sender import NoAnswer

ENVELOPE = b"<Envelope>" + b"x" * 1200 + b"</Envelope>"
HEADERS = ("Content-Type: text/xml; charset=utf-8", 'SOAPAction: "urn:x"', "Accept: text/xml")


def allow(_address):
    return None


class Clock:
    """Stands still until it is set."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def special_descriptors():
    """How many of the kinds that a sender uses beside sockets are open."""
    kinds = ("[timerfd]", "[eventpoll]", "memfd:ewspush")
    links = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd")]
    return sum(kind in link for link in links for kind in kinds)


def certificate(authority: trustme.CA, *names: str, protocols=(b"http/1.1",), **kwargs):
    """The TLS of a far end that offers `protocols`."""
    issued = authority.issue_cert(*names, **kwargs)
    key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    [pem] = issued.cert_chain_pems
    # Twisted's answer to a client whose protocols it does not know, OpenSSL 4 takes for an error.
    return CertificateOptions(
        key, load_pem_x509_certificate(pem.bytes()), acceptableProtocols=list(protocols)
    )


async def failure_of(deferred) -> NoAnswer:
    """What `deferred` fails with."""
    with pytest.raises(NoAnswer) as caught:
        await deferred
    return caught.value
