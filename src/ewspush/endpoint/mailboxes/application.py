"""The management application: from the bytes of a request to the bytes of its answer."""

from dataclasses import dataclass

import structlog
from lxml import etree

from ewspush.core.management import ManagementError
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.mailboxes import faults
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.directory import AuditLog, Domains, Organizations
from ewspush.endpoint.mailboxes.faults import Fault
from ewspush.endpoint.mailboxes.mailboxes import Mailboxes
from ewspush.endpoint.mailboxes.sharing import Aliases, Permissions
from ewspush.endpoint.mailboxes.users import Users
from ewspush.endpoint.spyne_framework import SpyneFramework
from ewspush.operations.management.context import Actor, Management
from ewspush.wire import soap, xml
from ewspush.wire.namespaces import MAILBOXES

log = structlog.get_logger()

SERVICES = (Organizations, Domains, Users, Mailboxes, Aliases, Permissions, AuditLog)

_OK, _FAULT = 200, 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer, and what to say of it in the log."""

    status: int  # of HTTP: 500 for a fault, else 200
    body: bytes
    operation: str | None  # None: no operation of this service was asked for
    code: str | None = None  # of the fault


class ManagementApplication:
    """Answers SOAP requests. May be used by several threads at once."""

    def __init__(self, management: Management, contract: Contract) -> None:
        self._management = management
        self._contract = contract
        self._framework = SpyneFramework(SERVICES, MAILBOXES, "MailboxManagement", {"m": MAILBOXES})

    def handle(self, actor: Actor, body: bytes) -> Reply:
        """Do what the request asks for. Blocks; never raises."""
        operation = None
        try:
            request = self._read(body)
            operation = etree.QName(request.body).localname
            self._validate(request.body)
            return Reply(_OK, self._answer(actor, request.body), operation)
        except Fault as raised:
            fault = raised
        except Exception:
            log.exception("mailboxes.failed", administrator=actor.name, operation=operation)
            fault = faults.internal_error()
        return Reply(_FAULT, faults.render(fault), operation, fault.error.code.value)

    def _answer(self, actor: Actor, request: etree._Element) -> bytes:
        envelope = request.getroottree().getroot()
        try:
            return self._framework.respond(Call(self._management, actor), envelope)
        except ManagementError as error:
            raise faults.of_operation(error, request) from None

    def _read(self, document: bytes) -> soap.Request:
        """The request for an operation of this service. Raises Fault."""
        try:
            request = soap.read(document)
        except soap.Violation as error:
            raise faults.refused(str(error)) from None
        except xml.Unreadable as error:
            # Without the reader's own words, which may be from the middle of a password.
            text = "The request is not well-formed XML, or has a DTD, which is not allowed"
            raise faults.refused(f"{text}: line {error.line}, column {error.column}.") from None
        for block in request.header:
            if soap.must_understand(block):
                raise faults.not_understood(block)
        if request.body.tag not in self._framework.operations:
            raise faults.unknown_operation(request.body)
        return request

    def _validate(self, body: etree._Element) -> None:
        error = self._contract.first_error(body)
        if error is not None:
            raise faults.invalid_request(error)
