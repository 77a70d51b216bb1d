"""EWS with faults: after a request was read, and before anything is done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

import structlog

from ewspush.core.server_version import ServerVersion
from ewspush.emulator.error_answers import error_answer, operation_of
from ewspush.emulator.fault_models import RequestFault
from ewspush.emulator.faults import Faults
from ewspush.emulator.faulty_post import BY_A_FAULT, ews_error
from ewspush.endpoint.auth import Authenticator
from ewspush.endpoint.ews.application import EwsApplication, Reply
from ewspush.endpoint.ews.call import StreamRequest
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.web import ContractDocument, EwsResource, Refused
from ewspush.operations.mailboxes import Mailbox
from ewspush.operations.subscriptions import Subscribed
from ewspush.threads import InThread
from ewspush.wire import faults as soap_faults
from ewspush.wire import soap
from ewspush.wire.faults import SoapFault

log = structlog.get_logger()

_DEFAULT_BACK_OFF_MS = 1000
_OK = 200


@dataclass(frozen=True, slots=True)
class _NoReply(Reply):
    """An answer that is none of SOAP's."""

    fault: RequestFault = field(kw_only=True)


class FaultyEwsResource(EwsResource):
    """EWS, where some requests meet a fault.

    Only requests that would be done otherwise: those without right credentials, or against the
    contract, are answered as ever, and use up nothing.
    """

    def __init__(
        self,
        faults: Faults,
        version: ServerVersion,
        application: EwsApplication,
        authenticator: Authenticator[Mailbox],
        in_thread: InThread,
        subscribed: Callable[[Subscribed], None],
        open_stream: Callable[[BoundedRequest, StreamRequest], None],
        wsdl: ContractDocument,
    ) -> None:
        super().__init__(application, authenticator, in_thread, subscribed, open_stream, wsdl)
        self._faults = faults
        self._version = version

    async def serve(self, caller: Mailbox, request: BoundedRequest) -> None:
        began_s = monotonic()
        reply = await self._in_thread(
            self._application.handle, caller, request.body, self._intercept
        )
        if isinstance(reply, _NoReply):
            _refuse_service(request, reply.fault)
        else:
            self.answer(caller, request, reply, began_s)

    def _intercept(self, mailbox: Mailbox, request: soap.Request) -> Reply | None:
        """Have the next fault happen to a request, if there is one. Raises SoapFault."""
        operation = operation_of(request)
        fault = self._faults.of_request(mailbox.address, operation)
        if fault is None:
            return None
        log.info("ews.fault", mailbox=mailbox.address, operation=operation, kind=fault.kind)
        if fault.kind in ("http-503", "drop"):
            return _NoReply(0, b"", fault=fault)
        if fault.kind == "busy":
            raise soap_faults.server_busy(_back_off_ms(fault))
        assert fault.response_code is not None, "validated"
        error = ews_error(fault.response_code)
        if fault.kind == "soap-fault":
            raise SoapFault(error.response_code, str(error))
        return Reply(_OK, error_answer(request, error, self._version))


def _refuse_service(request: BoundedRequest, fault: RequestFault) -> None:
    """Answer without SOAP, or not at all. Raises Refused."""
    if fault.kind == "drop":
        if not request.is_lost:
            request.channel.forceAbortClient()
        return
    seconds = -(-_back_off_ms(fault) // 1000)
    raise Refused(
        HTTPStatus.SERVICE_UNAVAILABLE, f"Busy, {BY_A_FAULT}.", {"Retry-After": str(seconds)}
    )


def _back_off_ms(fault: RequestFault) -> int:
    return _DEFAULT_BACK_OFF_MS if fault.back_off_ms is None else fault.back_off_ms
