"""The HTTP resource of the service."""

from time import monotonic

import structlog

from ewspush.core.directory import Administrator
from ewspush.endpoint.auth import Authenticator
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.mailboxes.application import ManagementApplication
from ewspush.endpoint.web import XML, ContractDocument, SoapService
from ewspush.operations.management.context import Actor
from ewspush.threads import InThread

log = structlog.get_logger()


class MailboxesResource(SoapService[Administrator]):
    """The mailbox management service."""

    name = "mailboxes"
    needed = "The name and password of an administrator are needed."

    def __init__(
        self,
        application: ManagementApplication,
        authenticator: Authenticator[Administrator],
        in_thread: InThread,
        wsdl: ContractDocument,
    ) -> None:
        """`in_thread` is for this service alone: some of its operations take seconds."""
        super().__init__(authenticator, wsdl)
        self._application = application
        self._in_thread = in_thread

    async def serve(self, caller: Administrator, request: BoundedRequest) -> None:
        began_s = monotonic()
        # The connection's own address: whoever connects can claim another one in a header.
        origin = request.getClientAddress().host
        actor = Actor(caller.name, origin, caller.organization_id)
        reply = await self._in_thread(self._application.handle, actor, request.body)
        request.answer(reply.status, reply.body, XML)
        log.info(
            "mailboxes.answered",
            administrator=caller.name,
            origin=origin,
            operation=reply.operation,
            status=reply.status,
            fault=reply.code,
            bytes=len(reply.body),
            ms=round((monotonic() - began_s) * 1000),
        )
