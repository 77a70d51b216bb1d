"""The properties of the messages about meetings, in the order of the schema."""

from ewspush.wire.item_property import EXCHANGE_2007_SP1, EXCHANGE_2010, EXCHANGE_2013, Area
from ewspush.wire.message_properties import MESSAGE
from ewspush.wire.property_structures import ATTENDEES, ID, MAILBOX
from ewspush.wire.property_values import BOOLEAN, INTEGER, TEXT, TIME, XML

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
    _calendar.writable("Start", TIME),
    _calendar.writable("End", TIME),
    _calendar.read_only("OriginalStart", TIME),
    _calendar.writable("IsAllDayEvent", BOOLEAN),
    _calendar.writable("LegacyFreeBusyStatus", TEXT),
    _calendar.writable("Location", TEXT),
    _calendar.writable("When", TEXT),
    _calendar.read_only("IsMeeting", BOOLEAN),
    _calendar.read_only("IsCancelled", BOOLEAN),
    _calendar.read_only("IsRecurring", BOOLEAN),
    _calendar.read_only("MeetingRequestWasSent", BOOLEAN),
    _calendar.read_only("CalendarItemType", TEXT),
    _calendar.read_only("MyResponseType", TEXT),
    _calendar.read_only("Organizer", MAILBOX),
    _calendar.writable("RequiredAttendees", ATTENDEES),
    _calendar.writable("OptionalAttendees", ATTENDEES),
    _calendar.writable("Resources", ATTENDEES),
    _calendar.read_only("ConflictingMeetingCount", INTEGER),
    _calendar.read_only("AdjacentMeetingCount", INTEGER),
    _calendar.read_only("ConflictingMeetings", XML),
    _calendar.read_only("AdjacentMeetings", XML),
    _calendar.read_only("Duration", TEXT),
    _calendar.read_only("TimeZone", TEXT),
    _calendar.read_only("AppointmentReplyTime", TIME),
    _calendar.read_only("AppointmentSequenceNumber", INTEGER),
    _calendar.read_only("AppointmentState", INTEGER),
    _calendar.writable("Recurrence", XML),
    _calendar.read_only("FirstOccurrence", XML),
    _calendar.read_only("LastOccurrence", XML),
    _calendar.read_only("ModifiedOccurrences", XML),
    _calendar.read_only("DeletedOccurrences", XML),
    _calendar.writable("MeetingTimeZone", XML),
    _calendar.writable("StartTimeZone", XML, EXCHANGE_2010),
    _calendar.writable("EndTimeZone", XML, EXCHANGE_2010),
    _calendar.writable("ConferenceType", INTEGER),
    _calendar.writable("AllowNewTimeProposal", BOOLEAN),
    _calendar.writable("IsOnlineMeeting", BOOLEAN),
    _calendar.writable("MeetingWorkspaceUrl", TEXT),
    _calendar.writable("NetShowUrl", TEXT),
    _calendar.writable("EnhancedLocation", XML, EXCHANGE_2013),
    _request.read_only("ChangeHighlights", XML, EXCHANGE_2013),
    _calendar.read_only("StartWallClock", TIME, EXCHANGE_2013),
    _calendar.read_only("EndWallClock", TIME, EXCHANGE_2013),
    _calendar.read_only("StartTimeZoneId", TEXT, EXCHANGE_2013),
    _calendar.read_only("EndTimeZoneId", TEXT, EXCHANGE_2013),
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
