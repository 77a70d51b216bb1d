"""Fixtures: responders on loopback, certificates for them, and senders that post to them."""

import pytest
import pytest_twisted
import trustme
from twisted.internet import reactor
from twisted.internet.defer import gatherResults

from ewspush.push.sender import Sender, SenderSettings
from support.raw_responder import RawResponder
from support.sending import allow, special_descriptors


@pytest_twisted.async_yield_fixture
async def responder():
    """Starts responders, and stops them in the end."""
    started = []

    def start(*behaviours, **kwargs):
        started.append(RawResponder(*behaviours, **kwargs))
        return started[-1]

    yield start
    for each in started:
        await each.stop()


@pytest_twisted.async_yield_fixture
async def make_sender():
    """Makes senders; in the end they are closed and have left nothing in the reactor."""
    before = set(reactor.getReaders()), set(reactor.getWriters())
    descriptors = special_descriptors()
    made = []

    def make(refusal=allow, *, clock=None, **settings):
        extra = {} if clock is None else {"clock": clock}
        made.append(Sender(reactor, refusal, SenderSettings(**settings), "ewspush/1.0", **extra))
        return made[-1]

    yield make
    await gatherResults([each.close() for each in made])
    assert (set(reactor.getReaders()), set(reactor.getWriters())) == before
    assert special_descriptors() == descriptors
    assert [each.in_flight for each in made] == [0] * len(made)


@pytest.fixture
def sender(make_sender):
    return make_sender()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
