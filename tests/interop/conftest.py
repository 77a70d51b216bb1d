from io import BytesIO
from itertools import count
from typing import ClassVar

import pytest
import requests
import trustme
import zeep
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials
from exchangelib.protocol import BaseProtocol, CachingProtocol
from urllib3 import HTTPResponse
from zeep.transports import Transport

from support.responders import Responder
from support.running_server import EwsClient, ServerProcess, check_answer, serving

_numbers = count(1)


@pytest.fixture
def start_server():
    """Starts servers of the test's own, which must not have failed when it ends."""
    started = []

    def start(**settings):
        started.append(ServerProcess(**settings))
        return started[-1].start()

    yield start
    for server in started:
        server.close()
    for server in started:
        assert server.log.troubles == []


@pytest.fixture(scope="session")
def server():
    """A server for everybody; tests have mailboxes of their own on it."""
    with serving(subscriptions_per_mailbox=3) as server:
        yield server


@pytest.fixture
def mailbox(server):
    return server.add_mailbox(f"user{next(_numbers)}@example.com")


@pytest.fixture
def client(server, mailbox):
    return EwsClient(server, mailbox)


@pytest.fixture
def responder():
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority, tmp_path_factory):
    """Files: the authority's certificate, and a certificate for 127.0.0.1 with its key."""
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1")
    files = {
        folder / "ca.pem": authority.cert_pem,
        folder / "cert.pem": issued.cert_chain_pems[0],
        folder / "key.pem": issued.private_key_pem,
    }
    for path, pem in files.items():
        pem.write_to_path(path)
    return tuple(map(str, files))


@pytest.fixture(scope="session")
def tls_server(certificate):
    """A server that speaks TLS on both sides, and trusts the same authority as its clients."""
    ca_file, cert, key = certificate
    with serving(server_tls_cert=cert, server_tls_key=key, delivery_ca_file=ca_file) as server:
        yield server


@pytest.fixture
def tls_mailbox(tls_server):
    return tls_server.add_mailbox(f"user{next(_numbers)}@example.com")


@pytest.fixture
def checking_adapter(certificate):
    """A transport for `requests`, by which every answer of the endpoint is checked and kept."""

    class CheckingAdapter(requests.adapters.HTTPAdapter):
        answers: ClassVar = []

        def send(self, request, **options):
            options["verify"] = certificate[0]
            response = super().send(request, **options)
            self.answers.append(response)
            if request.method == "POST" and b":GetStreamingEvents>" not in request.body:
                check_answer(response.status_code, response.headers, response.content, request.body)
                if options.get("stream"):  # the client reads it anew, piece by piece
                    response.raw = HTTPResponse(BytesIO(response.content), preload_content=False)
                    response._content = response._content_consumed = False
            return response

    return CheckingAdapter


@pytest.fixture
def open_account(server, checking_adapter, monkeypatch):
    """Opens accounts whose every exchange with the server is checked."""
    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", checking_adapter)

    def open_account(mailbox, password=None, auth_type=BASIC, at=server):
        return Account(
            mailbox.address,
            access_type=DELEGATE,
            autodiscover=False,
            config=Configuration(
                service_endpoint=at.url(),
                credentials=Credentials(mailbox.address, password or mailbox.password),
                auth_type=auth_type,
            ),
        )

    yield open_account
    CachingProtocol.clear_cache()


@pytest.fixture
def account(open_account, mailbox):
    return open_account(mailbox)


@pytest.fixture
def connect(server, mailbox, checking_adapter):
    """zeep, as a client made from a WSDL; every answer that it gets is checked."""

    def connect(path="/EWS/Services.wsdl", at=server, owner=mailbox):
        session = requests.Session()
        session.auth = (owner.address, owner.password)
        session.mount(at.url(""), checking_adapter())
        return zeep.Client(at.url(path), transport=Transport(session=session))

    return connect
