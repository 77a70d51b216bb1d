"""The HTTP resources of Autodiscover."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

import structlog
from twisted.web.resource import Resource

from ewspush.core import addresses
from ewspush.core.errors import EwsError
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.auth import Authenticator
from ewspush.endpoint.autodiscover import pox, soap
from ewspush.endpoint.autodiscover.discovered import Discover, Discovered
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.service_url import ServiceUrl, UnknownHost
from ewspush.endpoint.web import XML, MailboxResource, Refused
from ewspush.operations import Database, Transaction
from ewspush.operations.impersonation import impersonate
from ewspush.operations.mailboxes import Mailbox
from ewspush.threads import InThread

log = structlog.get_logger()


class _AutodiscoverResource(MailboxResource):
    name = "autodiscover"

    def __init__(
        self,
        database: Database,
        authenticator: Authenticator[Mailbox],
        in_thread: InThread,
        service_url: ServiceUrl,
        version: ServerVersion,
    ) -> None:
        super().__init__(authenticator)
        self._database = database
        self._in_thread = in_thread
        self._service_url = service_url
        self._version = version

    def render(self, request: BoundedRequest) -> int:
        # Looked for by the EWS Managed API and the EWS Java API, on an answer with any status.
        request.setHeader(b"X-SOAP-Enabled", b"True")
        # It depends on the Host and on who asks.
        request.setHeader(b"Cache-Control", b"private")
        rendered: int = super().render(request)
        return rendered

    def render_GET(self, request: BoundedRequest) -> int:
        return self.render_POST(request)

    async def serve(self, caller: Mailbox, request: BoundedRequest) -> None:
        try:
            url = self._service_url.of(request)
        except UnknownHost as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        status, body = await self._in_thread(self._answer, caller, url, request.body)
        request.answer(status, body, XML)
        log.info("autodiscover.answered", mailbox=caller.address, status=status)

    def answer(self, body: bytes, discover: Discover) -> tuple[int, bytes]:
        """HTTP status and body."""
        raise NotImplementedError

    def _answer(self, caller: Mailbox, url: str, body: bytes) -> tuple[int, bytes]:
        with self._database.read() as tx:
            return self.answer(body, partial(self._discover, tx, caller, url))

    def _discover(
        self, tx: Transaction, caller: Mailbox, url: str, address: str
    ) -> Discovered | None:
        """The caller's own mailbox, or one that it may act for. Nobody learns who else is here."""
        try:
            mailbox = impersonate(tx, caller, addresses.normalize(address))
        except (addresses.InvalidAddress, EwsError):
            return None
        return Discovered(mailbox.address, url, self._version)


class _Soap(_AutodiscoverResource):
    """Autodiscover.svc."""

    async def serve(self, caller: Mailbox, request: BoundedRequest) -> None:
        if request.method != b"POST":
            raise Refused(
                HTTPStatus.METHOD_NOT_ALLOWED, "This is a SOAP service.", {"Allow": "POST"}
            )
        await super().serve(caller, request)

    def answer(self, body: bytes, discover: Discover) -> tuple[int, bytes]:
        return soap.answer(body, discover, self._version)


class _Pox(_AutodiscoverResource):
    """Autodiscover.xml. A GET is an invalid request, which is answered as such."""

    def answer(self, body: bytes, discover: Discover) -> tuple[int, bytes]:
        return HTTPStatus.OK, pox.answer(body, discover, datetime.now(UTC))


def autodiscover_resources(
    database: Database,
    authenticator: Authenticator[Mailbox],
    in_thread: InThread,
    service_url: ServiceUrl,
    version: ServerVersion,
) -> dict[bytes, Resource]:
    """What is under /autodiscover/, by name in lower case."""
    return {
        name: resource(database, authenticator, in_thread, service_url, version)
        for name, resource in ((b"autodiscover.svc", _Soap), (b"autodiscover.xml", _Pox))
    }
