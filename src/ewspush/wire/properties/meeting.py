"""The properties of the messages about meetings, in the order of the schema."""

from ewspush.wire.properties.calendar import COURSE, TIME_AND_PLACE, WALL_CLOCK
from ewspush.wire.properties.message import MESSAGE
from ewspush.wire.properties.property import (
    EXCHANGE_2007_SP1,
    EXCHANGE_2013,
    Area,
)
from ewspush.wire.properties.structures import ID
from ewspush.wire.properties.values import BOOLEAN, TEXT, TIME, XML

_calendar = Area("calendar")
_meeting = Area("meeting")
_request = Area("meetingRequest")

MEETING_MESSAGE = (
    *MESSAGE,
    _meeting.writable("AssociatedCalendarItemId", ID),
    _meeting.read_only("IsDelegated", BOOLEAN),
    _meeting.read_only("IsOutOfDate", BOOLEAN),
    _meeting.read_only("HasBeenProcessed", BOOLEAN),
    _meeting.read_only("ResponseType", TEXT),
    _calendar.writable("UID", TEXT, EXCHANGE_2007_SP1),
    _calendar.read_only("RecurrenceId", TIME, EXCHANGE_2007_SP1),
    _calendar.read_only("DateTimeStamp", TIME, EXCHANGE_2007_SP1),
    _calendar.read_only("IsOrganizer", BOOLEAN, EXCHANGE_2013),
)

MEETING_REQUEST = (
    *MEETING_MESSAGE,
    _request.writable("MeetingRequestType", TEXT),
    _request.writable("IntendedFreeBusyStatus", TEXT),
    *TIME_AND_PLACE,
    *COURSE,
    _request.read_only("ChangeHighlights", XML, EXCHANGE_2013),
    *WALL_CLOCK,
)

MEETING_RESPONSE = (
    *MEETING_MESSAGE,
    _calendar.writable("Start", TIME),
    _calendar.writable("End", TIME),
    _calendar.writable("Location", TEXT),
    _calendar.writable("Recurrence", XML),
    _calendar.read_only("CalendarItemType", TEXT),
    _meeting.writable("ProposedStart", TIME, EXCHANGE_2013),
    _meeting.writable("ProposedEnd", TIME, EXCHANGE_2013),
    _calendar.writable("EnhancedLocation", XML, EXCHANGE_2013),
)

MEETING_CANCELLATION = (
    *MEETING_MESSAGE,
    _calendar.writable("Start", TIME),
    _calendar.writable("End", TIME),
    _calendar.writable("Location", TEXT),
    _calendar.writable("Recurrence", XML),
    _calendar.read_only("CalendarItemType", TEXT),
    _calendar.writable("EnhancedLocation", XML, EXCHANGE_2013),
)
