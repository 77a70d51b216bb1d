"""What of Spyne is used: types to and from XML, and finding the service method of an operation."""

from typing import Any

from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.ews.call import Call
from ewspush.endpoint.ews.folders.changes import FolderChanges
from ewspush.endpoint.ews.folders.finding import Folders
from ewspush.endpoint.ews.folders.moves import FolderMoves
from ewspush.endpoint.ews.folders.sync import FolderSync
from ewspush.endpoint.ews.identities import Identities
from ewspush.endpoint.ews.items.attachments import Attachments
from ewspush.endpoint.ews.items.creation import ItemCreation
from ewspush.endpoint.ews.items.finding import Items
from ewspush.endpoint.ews.items.moves import ItemMoves
from ewspush.endpoint.ews.items.sync import ItemSync
from ewspush.endpoint.ews.items.updates import ItemUpdates
from ewspush.endpoint.ews.subscriptions.events import Events
from ewspush.endpoint.ews.subscriptions.subscribing import Subscriptions
from ewspush.endpoint.ews.time_zones import TimeZones
from ewspush.endpoint.ews.types import ServerVersionInfo
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Application,
    Boolean,
    MethodContext,
    ServerBase,
    Soap11,
)
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

SERVICES = (
    Subscriptions,
    Events,
    Folders,
    FolderChanges,
    FolderMoves,
    FolderSync,
    Identities,
    TimeZones,
    Items,
    ItemMoves,
    ItemCreation,
    ItemUpdates,
    ItemSync,
    Attachments,
)


class _ReadSoap11(Soap11):
    """SOAP 1.1 that takes an envelope which was parsed and validated before."""

    def __init__(self) -> None:
        super().__init__(parse_xsi_type=False)
        # Spyne would hand over the first child alone.
        self.deserialization_handlers[AnyXml] = lambda _ctx, _type, element: element
        # Spyne takes " true " for false.
        self._from_unicode_handlers[Boolean] = lambda _type, text: text.strip() in ("true", "1")

    def create_in_document(self, ctx: MethodContext, _charset: str | None = None) -> None:
        ctx.in_document = (ctx.in_document, {})  # no ids to resolve: EWS has no SOAP encoding


class _WriteSoap11(Soap11):
    """SOAP 1.1 in whose answers XML (AnyXml) is the whole element, as it is in requests."""

    def __init__(self) -> None:
        super().__init__()
        self.serialization_handlers[AnyXml] = _append


def _append(
    _ctx: object,
    _type: object,
    element: etree._Element,
    parent: etree._Element,
    *_: object,
    **__: object,
) -> None:
    parent.append(element)


class _Application(Application):
    def call_wrapper(self, ctx: MethodContext) -> Any:
        try:
            return super().call_wrapper(ctx)
        except Exception as error:
            ctx.udc.raised = error  # Spyne goes on with a fault that does not tell
            raise


class Framework(ServerBase):
    """Calls services. May be used by several threads at once."""

    def __init__(self, version: ServerVersion) -> None:
        super().__init__(
            _Application(
                SERVICES, MESSAGES, "EWS", in_protocol=_ReadSoap11(), out_protocol=_WriteSoap11()
            )
        )
        interface = self.app.interface
        interface.nsmap = {"soap": SOAP, "m": MESSAGES, "t": TYPES}  # prefixes of answers
        self.operations = frozenset(interface.service_method_map)  # names of Body elements
        self._version_info = ServerVersionInfo(
            MajorVersion=version.major,
            MinorVersion=version.minor,
            MajorBuildNumber=version.major_build,
            MinorBuildNumber=version.minor_build,
            Version=version.version,
        )

    def respond(self, call: Call, envelope: etree._Element) -> bytes:
        """The envelope of the answer. Raises what the service raises."""
        ctx = MethodContext(self, MethodContext.SERVER)
        ctx.udc = call
        ctx.in_document = envelope
        (ctx,) = self.generate_contexts(ctx)
        self.get_in_object(ctx)
        self.get_out_object(ctx)
        if ctx.out_error is not None:
            raise call.raised or ctx.out_error
        ctx.out_header = self._version_info
        self.get_out_string(ctx)
        return b"".join(ctx.out_string)
