"""Servers on which time stands until a test lets it pass, in place of those in real time."""

import pytest

from support.emulated import EmulatedServer, Follower, owned
from support.ews import ALL_TYPES, subscribe
from support.strict_reader import Chain
from support.subscribers import Exchangelib, Raw, Zeep


@pytest.fixture
def server(ews_server):
    ews_server.freeze()
    return EmulatedServer(ews_server)


@pytest.fixture
def mailbox(server, ews_mailbox):
    return owned(ews_mailbox)


@pytest.fixture
def follow(ews_server, client, responder):
    """Subscribes the responder to all events of the mailbox; the first notification has come."""

    def follow(*, minutes=5, watermark=None, folders=""):
        resumed = f"<t:Watermark>{watermark}</t:Watermark>" if watermark else ""
        answer = client.ask(
            subscribe(
                folders,
                url=responder.url("/"),
                types=ALL_TYPES,
                watermark=resumed,
                frequency=f"<t:StatusFrequency>{minutes}</t:StatusFrequency>",
                attributes="" if folders else 'SubscribeToAllFolders="true"',
            )
        )
        ews_server.advance(0)
        chain = Chain.of_subscribe_response(answer.reply.body)
        return Follower(chain, ews_server.subscription(chain.subscription_id), responder)

    return follow


@pytest.fixture(params=["raw", "exchangelib", "zeep"])
def subscriber(request, client):
    """The owner of the mailbox, with each of the libraries."""
    if request.param == "raw":
        return Raw(client)
    if request.param == "exchangelib":
        return Exchangelib(request.getfixturevalue("account"))
    return Zeep(request.getfixturevalue("connect")().service)
