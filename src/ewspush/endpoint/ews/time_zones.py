"""GetServerTimeZones."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from ewspush.endpoint.ews.types import EwsService, ResponseMessageType, messages_operation, success
from ewspush.endpoint.spyne_compat import (
    AnyXml,
    Boolean,
    ComplexModel,
    MethodContext,
    Unicode,
    XmlAttribute,
)
from ewspush.wire import time_zones, windows_zones
from ewspush.wire.namespaces import MESSAGES, TYPES
from ewspush.wire.time_zone_xml import add_definition
from ewspush.wire.windows_zones import UnknownTimeZone


class NonEmptyArrayOfTimeZoneIdType(ComplexModel):
    __namespace__ = TYPES

    Id = Unicode(min_occurs=1, max_occurs="unbounded")


class GetServerTimeZonesType(ComplexModel):
    __namespace__ = MESSAGES

    Ids = NonEmptyArrayOfTimeZoneIdType.customize(min_occurs=0)
    ReturnFullTimeZoneData = XmlAttribute(Boolean)


class GetServerTimeZonesResponseMessageType(ResponseMessageType):
    __namespace__ = MESSAGES

    TimeZoneDefinitions = AnyXml(min_occurs=1)


class TimeZones(EwsService):
    @messages_operation(
        "GetServerTimeZones", GetServerTimeZonesType, GetServerTimeZonesResponseMessageType
    )
    def get_server_time_zones(
        ctx: MethodContext, request: GetServerTimeZonesType
    ) -> list[ResponseMessageType]:
        """Those asked for that exist. Without Ids it is all of them (GetServerTimeZones page)."""
        year = datetime.fromtimestamp(ctx.udc.backend.now_s(), UTC).year
        ids = windows_zones.ids() if request.Ids is None else dict.fromkeys(request.Ids.Id)
        # true if absent: GetServerTimeZones (EWS XML reference), attributes
        full = request.ReturnFullTimeZoneData is not False
        definitions = _definitions(ids, year, full=full)
        return [success(GetServerTimeZonesResponseMessageType, TimeZoneDefinitions=definitions)]


def _definitions(ids: Iterable[str], year: int, *, full: bool) -> etree._Element:
    definitions = etree.Element(f"{{{MESSAGES}}}TimeZoneDefinitions")
    for id in ids:
        try:
            definition = time_zones.definition(id, year)
        except UnknownTimeZone:
            continue
        add_definition(definitions, definition, full=full)
    return definitions
