"""GetServerTimeZones."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from ewspush.endpoint.ews.time_zone_types import (
    GetServerTimeZonesResponseMessages,
    GetServerTimeZonesResponseMessageType,
    GetServerTimeZonesResponseType,
    GetServerTimeZonesType,
)
from ewspush.endpoint.ews.types import EwsService, operation, success
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.wire import time_zones, windows_zones
from ewspush.wire.namespaces import MESSAGES
from ewspush.wire.time_zone_xml import add_definition
from ewspush.wire.windows_zones import UnknownTimeZone


class TimeZones(EwsService):
    @operation("GetServerTimeZones", GetServerTimeZonesType, GetServerTimeZonesResponseType)
    def get_server_time_zones(
        ctx: MethodContext, request: GetServerTimeZonesType
    ) -> GetServerTimeZonesResponseType:
        """Those asked for that exist. Without Ids it is all of them (GetServerTimeZones page)."""
        year = datetime.fromtimestamp(ctx.udc.backend.now_s(), UTC).year
        ids = windows_zones.ids() if request.Ids is None else dict.fromkeys(request.Ids.Id)
        # true if absent: GetServerTimeZones (EWS XML reference), attributes
        full = request.ReturnFullTimeZoneData is not False
        message = success(
            GetServerTimeZonesResponseMessageType,
            TimeZoneDefinitions=_definitions(ids, year, full=full),
        )
        messages = GetServerTimeZonesResponseMessages(GetServerTimeZonesResponseMessage=[message])
        return GetServerTimeZonesResponseType(ResponseMessages=messages)


def _definitions(ids: Iterable[str], year: int, *, full: bool) -> etree._Element:
    definitions = etree.Element(f"{{{MESSAGES}}}TimeZoneDefinitions")
    for id in ids:
        try:
            definition = time_zones.definition(id, year)
        except UnknownTimeZone:
            continue
        add_definition(definitions, definition, full=full)
    return definitions
