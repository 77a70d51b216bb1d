"""The properties of calendar items and tasks, in the order of the schema."""

from ewspush.wire.properties.message import ITEM
from ewspush.wire.properties.property import (
    EXCHANGE_2007_SP1,
    EXCHANGE_2010,
    EXCHANGE_2013,
    EXCHANGE_2016,
    Area,
)
from ewspush.wire.properties.structures import ATTENDEES, MAILBOX
from ewspush.wire.properties.values import BOOLEAN, DOUBLE, INTEGER, STRINGS, TEXT, TIME, XML

_calendar = Area("calendar")
_request = Area("meetingRequest")
_task = Area("task")

# What calendar items and meeting requests share.
TIME_AND_PLACE = (
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
)

COURSE = (
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
)

WALL_CLOCK = (
    _calendar.read_only("StartWallClock", TIME, EXCHANGE_2013),
    _calendar.read_only("EndWallClock", TIME, EXCHANGE_2013),
    _calendar.read_only("StartTimeZoneId", TEXT, EXCHANGE_2013),
    _calendar.read_only("EndTimeZoneId", TEXT, EXCHANGE_2013),
)

CALENDAR_ITEM = (
    *ITEM,
    _calendar.writable("UID", TEXT, EXCHANGE_2007_SP1),
    _calendar.read_only("RecurrenceId", TIME, EXCHANGE_2007_SP1),
    _calendar.read_only("DateTimeStamp", TIME, EXCHANGE_2007_SP1),
    *TIME_AND_PLACE,
    _calendar.writable("IsResponseRequested", BOOLEAN),
    *COURSE,
    *WALL_CLOCK,
    _request.writable("IntendedFreeBusyStatus", TEXT, EXCHANGE_2013),
    _calendar.read_only("JoinOnlineMeetingUrl", TEXT, EXCHANGE_2013),
    _calendar.read_only("OnlineMeetingSettings", XML, EXCHANGE_2013),
    _calendar.read_only("IsOrganizer", BOOLEAN, EXCHANGE_2013),
    _calendar.writable("InboxReminders", XML, EXCHANGE_2016),
)

TASK = (
    *ITEM,
    _task.writable("ActualWork", INTEGER),
    _task.read_only("AssignedTime", TIME),
    _task.writable("BillingInformation", TEXT),
    _task.read_only("ChangeCount", INTEGER),
    _task.writable("Companies", STRINGS),
    _task.writable("CompleteDate", TIME),
    _task.writable("Contacts", STRINGS),
    _task.read_only("DelegationState", TEXT),
    _task.read_only("Delegator", TEXT),
    _task.writable("DueDate", TIME),
    _task.read_only("IsAssignmentEditable", INTEGER),
    _task.read_only("IsComplete", BOOLEAN),
    _task.read_only("IsRecurring", BOOLEAN),
    _task.read_only("IsTeamTask", BOOLEAN),
    _task.writable("Mileage", TEXT),
    _task.read_only("Owner", TEXT),
    _task.writable("PercentComplete", DOUBLE),
    _task.writable("Recurrence", XML),
    _task.writable("StartDate", TIME),
    _task.writable("Status", TEXT),
    _task.read_only("StatusDescription", TEXT),
    _task.writable("TotalWork", INTEGER),
)
