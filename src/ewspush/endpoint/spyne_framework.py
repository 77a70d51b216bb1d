"""What of Spyne is used: types to and from XML, and finding the service method of an operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lxml import etree

from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Application,
    Boolean,
    ComplexModel,
    MethodContext,
    ServerBase,
    Service,
    Soap11,
    rpc,
)
from ewspush.wire.namespaces import SOAP

ServiceMethod = Callable[..., Any]


class Call(Protocol):
    """What a service method is given as `ctx.udc`."""

    raised: Exception | None  # by the service


def operation(
    name: str, request: type[ComplexModel], response: type[ComplexModel]
) -> Callable[[ServiceMethod], ServiceMethod]:
    """Make a function an operation: the elements are `name` and `name`Response."""
    decorate: Callable[[ServiceMethod], ServiceMethod] = rpc(
        request,
        _returns=response,
        _body_style="bare",
        _in_message_name=name,
        _out_message_name=f"{name}Response",
    )
    return decorate


class _ReadSoap11(Soap11):
    """SOAP 1.1 that takes an envelope which was parsed and validated before."""

    def __init__(self) -> None:
        super().__init__(parse_xsi_type=False)
        # Spyne would hand over the first child alone.
        self.deserialization_handlers[AnyXml] = lambda _ctx, _type, element: element
        # Spyne takes " true " for false.
        self._from_unicode_handlers[Boolean] = lambda _type, text: text.strip() in ("true", "1")

    def create_in_document(self, ctx: MethodContext, _charset: str | None = None) -> None:
        ctx.in_document = (ctx.in_document, {})  # no ids to resolve: nobody uses SOAP encoding


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


class SpyneFramework(ServerBase):
    """Calls services. May be used by several threads at once."""

    def __init__(
        self,
        services: Sequence[type[Service]],
        namespace: str,
        name: str,
        prefixes: Mapping[str, str],
        header: ComplexModel | None = None,
    ) -> None:
        """`prefixes` are those of answers, beside that of SOAP, and `header` is in each of them."""
        super().__init__(
            _Application(
                services, namespace, name, in_protocol=_ReadSoap11(), out_protocol=_WriteSoap11()
            )
        )
        interface = self.app.interface
        interface.nsmap = {"soap": SOAP, **prefixes}
        self.operations = frozenset(interface.service_method_map)  # names of Body elements
        self._header = header

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
        ctx.out_header = self._header
        self.get_out_string(ctx)
        return b"".join(ctx.out_string)
