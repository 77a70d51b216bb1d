"""The probes themselves, where an examination does not show what they do."""

import pytest
import pytest_twisted
import trustme
from twisted.internet.defer import fail

from ewspush.doctor.probes import NoAddress, RealProbes
from support.raw_responder import silence
from support.sending import certificate


def probes(timeout_s=5.0):
    return RealProbes(
        lambda url, headers, body: fail(AssertionError("nothing is posted")), timeout_s
    )


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("host", "names"), [("app.example.com", [b"app.example.com"]), ("::1", [])]
)
async def test_the_certificate_is_asked_for_by_the_name_of_the_host(responder, host, names):
    tls, asked = certificate(trustme.CA(), "app.example.com"), []
    tls.getContext().set_tlsext_servername_callback(lambda c: asked.append(c.get_servername()))
    far_end = responder(silence, tls=tls)
    [own] = await probes().chain("127.0.0.1", far_end.port, host)
    assert own.names == ("app.example.com",)
    assert list(filter(None, asked)) == names


@pytest_twisted.ensureDeferred
async def test_a_handshake_that_does_not_end_is_given_up(responder):
    assert await probes(0.1).chain("127.0.0.1", responder(silence).port, "localhost") == ()


@pytest_twisted.ensureDeferred
async def test_each_address_of_a_host_is_told_once():
    assert await probes().lookup("127.0.0.1", 80) == ["127.0.0.1"]
    with pytest.raises(NoAddress, match=r"\w"):
        await probes().lookup("nobody.invalid", 80)
