"""What the types of all operations share.

Spyne's types follow `wsdl/` name by name. Where the order among different elements carries meaning,
which Spyne loses, the element is carried as XML (AnyXml).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml import etree

from ewspush.core.errors import EwsError
from ewspush.endpoint.spyne_compat import (
    ComplexModel,
    Integer32,
    MethodContext,
    Service,
    Unicode,
    XmlAttribute,
)
from ewspush.endpoint.spyne_framework import ServiceMethod, operation
from ewspush.wire.namespaces import MESSAGES, TYPES

_LONGEST_TEXT = 1000  # characters of a MessageText: it may quote the request


class ServerVersionInfo(ComplexModel):
    """The header block of every answer."""

    __namespace__ = TYPES

    MajorVersion = XmlAttribute(Integer32)
    MinorVersion = XmlAttribute(Integer32)
    MajorBuildNumber = XmlAttribute(Integer32)
    MinorBuildNumber = XmlAttribute(Integer32)
    Version = XmlAttribute(Unicode)


class ResponseMessageType(ComplexModel):
    """What every response message begins with."""

    __namespace__ = MESSAGES

    MessageText = Unicode(min_occurs=0)
    ResponseCode = Unicode(min_occurs=0)
    DescriptiveLinkKey = Integer32(min_occurs=0)
    ResponseClass = XmlAttribute(Unicode, use="required")


class EwsService(Service):
    """A group of operations."""

    __out_header__ = ServerVersionInfo


def messages_operation(
    name: str, request: type[ComplexModel], message: type[ResponseMessageType]
) -> Callable[[Callable[[Any, Any], list[ResponseMessageType]]], ServiceMethod]:
    """Make a function that returns response messages an operation, as nearly all of EWS are."""
    element = f"{name}ResponseMessage"
    messages = _model(
        f"{name}ResponseMessages", **{element: message.customize(max_occurs="unbounded")}
    )
    response = _model(f"{name}ResponseType", ResponseMessages=messages.customize(min_occurs=1))

    def decorate(function: Callable[[Any, Any], list[ResponseMessageType]]) -> ServiceMethod:
        def respond(ctx: MethodContext, request: Any) -> ComplexModel:
            return response(ResponseMessages=messages(**{element: function(ctx, request)}))

        respond.__name__ = function.__name__
        return operation(name, request, response)(respond)

    return decorate


def _model(name: str, **members: Any) -> type[ComplexModel]:
    made: type[ComplexModel] = type(name, (ComplexModel,), {"__namespace__": MESSAGES, **members})
    return made


def success(message: type[ResponseMessageType], **content: object) -> ResponseMessageType:
    """A response message of an operation that was done."""
    return message(ResponseClass="Success", ResponseCode="NoError", **content)


def failure(
    message: type[ResponseMessageType], error: EwsError, **content: object
) -> ResponseMessageType:
    """A response message that tells of an error, with the content that its type requires.

    The EWS Java API and the EWS Managed API read all three elements and fail without one.
    """
    return message(
        ResponseClass="Error",
        MessageText=str(error)[:_LONGEST_TEXT],
        ResponseCode=error.response_code,
        DescriptiveLinkKey=0,
        **content,
    )


def message_element(
    name: str,
    children: Iterable[etree._Element] = (),
    attributes: Mapping[str, str] | None = None,
) -> etree._Element:
    """An element that a response message carries as XML, with the prefixes of answers."""
    element = etree.Element(
        f"{{{MESSAGES}}}{name}", attributes or {}, nsmap={"m": MESSAGES, "t": TYPES}
    )
    element.extend(list(children))
    return element


def effective_rights(*, may_create: bool) -> str:
    """t:EffectiveRights: the owner of a mailbox may do everything, and nobody else sees it."""
    create = str(may_create).lower()  # in a folder; nothing is made in an item
    return (
        f'<t:EffectiveRights xmlns:t="{TYPES}"><t:CreateAssociated>{create}</t:CreateAssociated>'
        f"<t:CreateContents>{create}</t:CreateContents><t:CreateHierarchy>{create}"
        "</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true</t:Modify>"
        "<t:Read>true</t:Read></t:EffectiveRights>"
    )
