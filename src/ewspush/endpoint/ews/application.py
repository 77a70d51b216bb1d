"""The EWS application: from the bytes of a request to the bytes of its answer."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.core.ids import ObjectId
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews import headers
from ewspush.endpoint.ews.call import Backend, Call, StreamRequest
from ewspush.endpoint.ews.framework import Framework
from ewspush.endpoint.ews.tolerances import tolerate
from ewspush.endpoint.violations import violation
from ewspush.operations import Database, impersonation
from ewspush.operations.mailboxes import Mailbox
from ewspush.operations.subscriptions import JudgeUrl, Subscribed
from ewspush.wire import faults, soap, xml
from ewspush.wire.faults import SoapFault

log = structlog.get_logger()

_OK, _FAULT = 200, 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer, and what to do once the answer is written."""

    status: int  # of HTTP: 500 for a fault, else 200
    body: bytes
    subscribed: tuple[Subscribed, ...] = ()
    stream: StreamRequest | None = None  # the answer is made of events as they come, not of `body`


Intercept = Callable[[Mailbox, soap.Request], Reply | None]


class EwsApplication:
    """Answers SOAP requests. May be used by several threads at once."""

    def __init__(
        self,
        database: Database,
        *,
        judge_url: JudgeUrl,
        unsubscribed: Callable[[ObjectId], None],
        subscription_limit: int,
        pull_subscription_limit: int,
        server_version: ServerVersion,
        now_s: Callable[[], int],
        contract: Contract,
        queue_limit: int = 0,
    ) -> None:
        """`unsubscribed` is told of every subscription that a request ended, after the commit."""
        self._backend = Backend(
            database,
            judge_url,
            unsubscribed,
            subscription_limit,
            pull_subscription_limit,
            now_s,
            queue_limit,
        )
        self._contract = contract
        self._version = server_version
        self._framework = Framework(server_version)

    def handle(self, account: Mailbox, body: bytes, intercept: Intercept | None = None) -> Reply:
        """Do what the request asks for. Blocks; never raises.

        `intercept` is given what is about to be done, and for which mailbox. If it returns a reply,
        or raises SoapFault, that is the answer, and nothing is done.
        """
        caller = account
        try:
            request = self._read(body)
            caller = self._caller(account, request)
            intercepted = intercept(caller, request) if intercept else None
            return intercepted or self._answer(caller, request)
        except SoapFault as raised:
            fault = raised
        except soap.Violation as error:
            fault = faults.schema_validation(*soap.position(body, error.element), str(error))
        except EwsError as error:
            fault = SoapFault(error.response_code, str(error))
        except Exception:
            log.exception("ews.failed", account=account.id, mailbox=caller.id)
            fault = faults.internal_server_error()
        return Reply(_FAULT, faults.render(fault, self._version))

    def _read(self, document: bytes) -> soap.Request:
        """The request, in the form of the contract. Raises SoapFault or EwsError."""
        try:
            request = soap.read(document)
            headers.check(request.header, self._validate)
            self._check_operation(request.body)
            tolerate(request.body)
            self._validate(request.body)
        except xml.Unreadable as error:
            raise faults.schema_validation(error.line, error.column, str(error)) from None
        return request

    def _check_operation(self, body: etree._Element) -> None:
        if body.tag in self._framework.operations:
            return
        name = etree.QName(body).localname
        if name in {etree.QName(operation).localname for operation in self._framework.operations}:
            # A slip in the namespace; it is not the operation that is missing.
            raise soap.Violation(f"The element {soap.in_words(body)} is not declared.", body)
        raise faults.invalid_operation(f"This server has no operation {soap.in_words(body)}.")

    def _validate(self, block: etree._Element) -> None:
        error = self._contract.first_error(block)
        if error is not None:
            raise violation(error)

    def _caller(self, account: Mailbox, request: soap.Request) -> Mailbox:
        """Whose mailbox the request is for: the account's own, or one that it impersonates."""
        address = headers.impersonated(request.header)
        if address is None:
            return account
        # Asked for every request: a right that was taken back ends at once.
        with self._backend.database.read() as tx:
            caller = impersonation.impersonate(tx, account, address)
        operation = etree.QName(request.body).localname
        log.info(
            "ews.impersonated",
            account=account.address,
            mailbox=caller.address,
            operation=operation,
        )
        return caller

    def _answer(self, caller: Mailbox, request: soap.Request) -> Reply:
        call = Call(caller, headers.request_server_version(request.header), self._backend)
        envelope = request.body.getroottree().getroot()
        answer = self._framework.respond(call, envelope)
        return Reply(_OK, answer, tuple(call.subscribed), call.stream)
