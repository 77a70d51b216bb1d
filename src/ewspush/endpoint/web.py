"""The HTTP resources: the EWS endpoint and the documents of the contracts."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import monotonic
from typing import Generic, TypeVar

import structlog
from twisted.internet.defer import ensureDeferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from ewspush.endpoint.auth import (
    CHALLENGE,
    Authenticator,
    TooManyVerifications,
    Unauthenticated,
)
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews.application import EwsApplication, Reply
from ewspush.endpoint.ews.call import StreamRequest
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.service_url import ServiceUrl, UnknownHost
from ewspush.operations.mailboxes import Mailbox
from ewspush.operations.subscriptions import Subscribed
from ewspush.threads import InThread

log = structlog.get_logger()

T = TypeVar("T")

_MAILBOX_NEEDED = "The address and password of a mailbox are needed."

XML = b"text/xml; charset=utf-8"


class Refused(Exception):
    """A request that is answered on the level of HTTP."""

    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] = {}) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class NotFound(Resource):
    isLeaf = True

    def render(self, request: BoundedRequest) -> int:
        request.answer(404, b"There is nothing here. EWS is at /EWS/Exchange.asmx\n")
        return NOT_DONE_YET


class Tree(NotFound):
    """Resources by name, in any case: Exchange's own paths are written in many ways."""

    isLeaf = False

    def __init__(self, children: Mapping[bytes, Resource]) -> None:
        super().__init__()
        self.children = dict(children)

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: ARG002
        child: Resource = self.children.get(path.lower()) or NotFound()
        return child


class ContractDocument(Resource):
    """A WSDL or schema, with this server's address filled in."""

    isLeaf = True

    def __init__(self, contract: Contract, name: str, service_url: ServiceUrl) -> None:
        super().__init__()
        self._contract = contract
        self._name = name
        self._service_url = service_url

    def render_GET(self, request: BoundedRequest) -> int:
        try:
            base = self._service_url.base_of(request)
        except UnknownHost as error:
            request.answer(400, f"{error}\n".encode())
        else:
            request.answer(200, self._contract.document(self._name, base), XML)
        return NOT_DONE_YET


class AuthenticatedResource(Resource, Generic[T]):
    """What clients POST to. Credentials come first; then the body is looked at."""

    isLeaf = True
    name = ""  # in the log
    needed = ""  # what whoever has no right credentials is told

    def __init__(self, authenticator: Authenticator[T]) -> None:
        super().__init__()
        self._authenticator = authenticator

    def render_POST(self, request: BoundedRequest) -> int:
        ensureDeferred(self._respond(request)).addErrback(_answer_bug, request)
        return NOT_DONE_YET

    async def serve(self, caller: T, request: BoundedRequest) -> None:
        """Answer a request of this caller. Raises Refused."""
        raise NotImplementedError

    async def _respond(self, request: BoundedRequest) -> None:
        try:
            await self.serve(await self._admit(request), request)
        except Refused as refused:
            for name, value in refused.headers.items():
                request.setHeader(name.encode("ascii"), value.encode("ascii"))
            request.answer(refused.status, f"{refused}\n".encode())
            log.info(f"{self.name}.refused", status=refused.status.value, reason=str(refused))

    async def _admit(self, request: BoundedRequest) -> T:
        """Whose request it is, if it may be looked at. Raises Refused."""
        try:
            credentials = self._authenticator.read(request.field(b"authorization"))
            caller = await self._authenticator.authenticate(credentials)
        except Unauthenticated:
            raise Refused(
                HTTPStatus.UNAUTHORIZED, self.needed, {"WWW-Authenticate": CHALLENGE}
            ) from None
        except TooManyVerifications:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Busy.", {"Retry-After": "5"}) from None
        _check(request)
        return caller


class MailboxResource(AuthenticatedResource[Mailbox]):
    """What the owners of mailboxes POST to."""

    needed = _MAILBOX_NEEDED


class SoapService(AuthenticatedResource[T]):
    """POST: a SOAP request. GET ?wsdl: the contract."""

    def __init__(self, authenticator: Authenticator[T], wsdl: ContractDocument) -> None:
        super().__init__(authenticator)
        self._wsdl = wsdl

    def render_GET(self, request: BoundedRequest) -> int:
        if b"wsdl" in request.uri.partition(b"?")[2].lower():
            self._wsdl.render_GET(request)
        else:
            request.setHeader(b"Allow", b"POST")
            request.answer(405, b"This is a SOAP service: POST to it, or GET ?wsdl\n")
        return NOT_DONE_YET


class EwsResource(SoapService[Mailbox]):
    """EWS."""

    name = "ews"
    needed = _MAILBOX_NEEDED

    def __init__(
        self,
        application: EwsApplication,
        authenticator: Authenticator[Mailbox],
        in_thread: InThread,
        subscribed: Callable[[Subscribed], None],
        open_stream: Callable[[BoundedRequest, StreamRequest], None],
        wsdl: ContractDocument,
    ) -> None:
        super().__init__(authenticator, wsdl)
        self._application = application
        self._in_thread = in_thread
        self._subscribed = subscribed
        self._open_stream = open_stream

    async def serve(self, caller: Mailbox, request: BoundedRequest) -> None:
        began_s = monotonic()
        reply = await self._in_thread(self._application.handle, caller, request.body)
        self.answer(caller, request, reply, began_s)

    def answer(
        self, caller: Mailbox, request: BoundedRequest, reply: Reply, began_s: float
    ) -> None:
        """Send a reply to what came at `began_s` on the monotonic clock."""
        if reply.stream is not None:
            self._open_stream(request, reply.stream)
            return
        request.answer(reply.status, reply.body, XML)
        for subscribed in reply.subscribed:
            self._subscribed(subscribed)
        log.info(
            "ews.answered",
            mailbox=caller.address,
            status=reply.status,
            bytes=len(reply.body),
            ms=round((monotonic() - began_s) * 1000),
        )


def _check(request: BoundedRequest) -> None:
    """What must hold before the body is looked at."""
    if request.body_is_too_large:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
    if request.is_crowded_out:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many large requests at once.")
    media_type = (request.field(b"content-type") or "text/xml").partition(";")[0].strip()
    if media_type.lower() != "text/xml":
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "SOAP 1.1 comes with Content-Type: text/xml."
        )
    if (request.field(b"content-encoding") or "identity").lower() != "identity":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not supported.")


def _answer_bug(failure: Failure, request: BoundedRequest) -> None:
    log.critical("ews.bug", traceback=failure.getTraceback())
    request.answer(500, b"Internal error.\n")


def make_root(
    ews: Resource,
    mailboxes: Resource,
    autodiscover: Mapping[bytes, Resource],
    contract: Contract,
    service_url: ServiceUrl,
    monitoring: Mapping[bytes, Resource],
) -> Resource:
    """All resources of the server."""
    under_ews: dict[bytes, Resource] = {b"exchange.asmx": ews, b"mailboxes.asmx": mailboxes}
    for name in contract.names:
        under_ews[name.encode()] = ContractDocument(contract, name, service_url)
    return Tree({b"ews": Tree(under_ews), b"autodiscover": Tree(autodiscover), **monitoring})
