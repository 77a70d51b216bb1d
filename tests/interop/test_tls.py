"""TLS towards clients and towards responders."""

import ssl

import pytest
import trustme

from support.ews import ALL_TYPES, get_folder, subscribe
from support.responders import Responder
from support.running_server import EwsClient
from support.strict_reader import Chain


@pytest.fixture
def client(tls_server, tls_mailbox, authority):
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return EwsClient(tls_server, tls_mailbox, trusting)


@pytest.fixture
def start_responder():
    """Starts responders whose certificate for 127.0.0.1 comes from an authority."""
    started = []

    def start(issuer, identity="127.0.0.1"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issuer.issue_cert(identity).configure_cert(context)
        started.append(Responder(tls=context))
        return started[-1]

    yield start
    for responder in started:
        responder.close()


def test_a_story_over_tls_on_both_sides(
    tls_server, tls_mailbox, client, authority, start_responder
):
    responder = start_responder(authority)
    answer = client.ask(subscribe(url=responder.url("/"), types=ALL_TYPES))
    responder.wait_for(1)
    responder.stop()
    tls_server.deliver(tls_mailbox)
    tls_server.log.wait_for("delivery.attempted", lambda line: line["phase"] == "retrying")
    responder.start()
    responder.wait_for_new_mails(1)
    chain = responder.followed(Chain.of_subscribe_response(answer.reply.body))
    assert chain.problems == []
    assert len(chain.seen) == 3


@pytest.mark.parametrize(
    ("is_trusted", "identity"), [(False, "127.0.0.1"), (True, "responder.example.com")]
)
def test_a_responder_that_cannot_prove_who_it_is_gets_nothing(
    tls_server, client, authority, start_responder, is_trusted, identity
):
    responder = start_responder(authority if is_trusted else trustme.CA(), identity)
    id = client.ask(subscribe(url=responder.url("/"))).text("m:SubscriptionId")
    attempt = tls_server.log.wait_for(
        "delivery.attempted", lambda line: line["subscription"] == id and line["attempt"] == 2
    )
    assert (attempt["outcome"], attempt["phase"]) == ("tls", "retrying")
    assert responder.pushes == []


def test_a_client_that_does_not_trust_the_server_is_not_served(tls_server, tls_mailbox):
    client = EwsClient(tls_server, tls_mailbox, ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        client.ask(get_folder("inbox"))


def test_plain_http_is_not_spoken_on_the_port_of_tls(tls_server, tls_mailbox):
    with pytest.raises(OSError, match=r"reset|closed"):
        EwsClient(tls_server, tls_mailbox).ask(get_folder("inbox"))
