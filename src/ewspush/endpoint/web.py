"""The HTTP resources: the EWS endpoint and the documents of its contract."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import monotonic

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
    parse_basic,
)
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews.application import EwsApplication
from ewspush.endpoint.http import BoundedRequest
from ewspush.operations.subscriptions import Subscribed
from ewspush.threads import InThread

log = structlog.get_logger()

XML = b"text/xml; charset=utf-8"

_AUTHORITY = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+")  # characters of RFC 3986, 3.2


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

    def __init__(self, contract: Contract, name: str, tls_at_proxy: bool) -> None:
        super().__init__()
        self._contract = contract
        self._name = name
        self._tls_at_proxy = tls_at_proxy

    def render_GET(self, request: BoundedRequest) -> int:
        scheme = "https" if request.isSecure() or self._tls_at_proxy else "http"
        host = request.field(b"host") or "localhost"
        if not _AUTHORITY.fullmatch(host):
            request.answer(400, b"The Host of the request is not one.\n")
            return NOT_DONE_YET
        address = f"{scheme}://{host}/EWS/Exchange.asmx"
        request.answer(200, self._contract.document(self._name, address), XML)
        return NOT_DONE_YET


class EwsResource(Resource):
    """POST: a SOAP request. GET ?wsdl: the contract."""

    isLeaf = True

    def __init__(
        self,
        application: EwsApplication,
        authenticator: Authenticator,
        in_thread: InThread,
        subscribed: Callable[[Subscribed], None],
        wsdl: ContractDocument,
    ) -> None:
        super().__init__()
        self._application = application
        self._authenticator = authenticator
        self._in_thread = in_thread
        self._subscribed = subscribed
        self._wsdl = wsdl

    def render_GET(self, request: BoundedRequest) -> int:
        if b"wsdl" in request.uri.partition(b"?")[2].lower():
            self._wsdl.render_GET(request)
        else:
            request.setHeader(b"Allow", b"POST")
            request.answer(405, b"This is a SOAP service: POST to it, or GET ?wsdl\n")
        return NOT_DONE_YET

    def render_POST(self, request: BoundedRequest) -> int:
        ensureDeferred(self._respond(request)).addErrback(_answer_bug, request)
        return NOT_DONE_YET

    async def _respond(self, request: BoundedRequest) -> None:
        began_s = monotonic()
        try:
            credentials = parse_basic(request.field(b"authorization"))
            caller = await self._authenticator.authenticate(credentials)
            _check(request)
        except Unauthenticated:
            self._refuse(
                request,
                Refused(
                    HTTPStatus.UNAUTHORIZED,
                    "The address and password of a mailbox are needed.",
                    {"WWW-Authenticate": CHALLENGE},
                ),
            )
        except TooManyVerifications:
            self._refuse(
                request,
                Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Busy.", {"Retry-After": "5"}),
            )
        except Refused as refused:
            self._refuse(request, refused)
        else:
            body = request.body
            reply = await self._in_thread(self._application.handle, caller, body)
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

    def _refuse(self, request: BoundedRequest, refused: Refused) -> None:
        for name, value in refused.headers.items():
            request.setHeader(name.encode("ascii"), value.encode("ascii"))
        request.answer(refused.status, f"{refused}\n".encode())
        log.info("ews.refused", status=refused.status.value, reason=str(refused))


def _check(request: BoundedRequest) -> None:
    """What must hold before the body is looked at."""
    if request.body_is_too_large:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
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


def make_root(ews: Resource, contract: Contract, tls_at_proxy: bool) -> Resource:
    """All resources of the server."""
    under_ews: dict[bytes, Resource] = {b"exchange.asmx": ews}
    for name in ("services.wsdl", "messages.xsd", "types.xsd", "notification.wsdl"):
        under_ews[name.encode()] = ContractDocument(contract, name, tls_at_proxy)
    return Tree({b"ews": Tree(under_ews)})
