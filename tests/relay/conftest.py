import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme

from support.checks_for_store import backend, database
from support.smtp_relay import Script, ScriptedRelay

__all__ = ["backend", "database"]


@pytest.fixture
def relay() -> Iterator[Callable[..., ScriptedRelay]]:
    """Starts relays that play scripts."""
    started: list[ScriptedRelay] = []

    def relay(*scripts: Script) -> ScriptedRelay:
        started.append(ScriptedRelay(*scripts))
        return started[-1]

    yield relay
    for each in started:
        each.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certified(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """A server's side of TLS, with a certificate for a name."""

    def certified(name: str = "127.0.0.1", ca: trustme.CA | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (ca or authority).issue_cert(name).configure_cert(context)
        return context

    return certified


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Our side of TLS, as a CA file makes it."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
