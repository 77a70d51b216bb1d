"""Which properties of an item an answer holds (ItemShape, EWS XML reference)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath, Value, set_at, value_at
from ewspush.endpoint.ews.limits import bounded
from ewspush.wire.namespaces import TYPES
from ewspush.wire.properties import extended_fields
from ewspush.wire.properties.items import ItemKind, path

_EXTENDED = "ExtendedProperty"
_HEADERS = "InternetMessageHeaders"

# Property sets and response shapes in EWS in Exchange, table 3, with what the examples of GetItem
# (email message, calendar item) show beside it.
_OF_ITEM = frozenset({"ItemId", "Subject", "HasAttachments", "IsAssociated", "ResponseObjects"})
_OF_MESSAGE = _OF_ITEM | {
    "BccRecipients",
    "Body",
    "CcRecipients",
    "DateTimeCreated",
    "DateTimeSent",
    "From",
    "IsDeliveryReceiptRequested",
    "IsRead",
    "IsReadReceiptRequested",
    "Sensitivity",
    "Size",
    "ToRecipients",
}
_OF_EVENT = frozenset(
    {"CalendarItemType", "End", "LegacyFreeBusyStatus", "Location", "Organizer", "Start"}
)
_OF_PERSON = frozenset({"ItemId", "HasAttachments", "FileAs"})

# The documentation says nothing of posts, distribution lists and meetings: they are taken for the
# messages, contacts and calendar items that they resemble.
_DEFAULT = {
    "Item": _OF_ITEM,
    "Message": _OF_MESSAGE,
    "PostItem": _OF_MESSAGE,
    "CalendarItem": _OF_ITEM | _OF_EVENT,
    "Contact": _OF_PERSON
    | {
        "CompanyName",
        "CompleteName",
        "EmailAddresses",
        "ImAddresses",
        "JobTitle",
        "PhoneNumbers",
        "PhysicalAddresses",
    },
    "DistributionList": _OF_PERSON | {"DisplayName", "Subject"},
    "Task": frozenset(
        {"ItemId", "Subject", "HasAttachments", "DueDate", "PercentComplete", "StartDate", "Status"}
    ),
}
_OF_MEETING = (
    _OF_MESSAGE
    | _OF_EVENT
    | {
        "AssociatedCalendarItemId",
        "HasBeenProcessed",
        "IntendedFreeBusyStatus",
        "IsDelegated",
        "IsOutOfDate",
        "MeetingRequestType",
        "ResponseType",
    }
)

# Email properties and elements in EWS in Exchange, table 2, and what is newer than that page:
# AllProperties does not mean these.
_ONLY_WHEN_NAMED = frozenset(
    {
        "ApprovalRequestData",
        "ArchiveTag",
        "BlockStatus",
        "ExtendedProperty",
        "GroupingAction",
        "HasBlockedImages",
        "Hashtags",
        "IconIndex",
        "IsClutter",
        "MentionedMe",
        "Mentions",
        "MimeContent",
        "MimeContentUTF8",
        "NextPredictedAction",
        "NormalizedBody",
        "PendingSocialActivityTagIds",
        "PolicyTag",
        "PredictedActionReasons",
        "Preview",
        "ReminderMessageData",
        "RetentionDate",
        "RightsManagementLicenseData",
        "SearchKey",
        "SortKey",
        "StoreEntryId",
        "TextBody",
        "UniqueBody",
        "VotingInformation",
    }
)

# The same page, table 1: FindItem does not return these, and the page of FindItem says so of all
# bodies and lists of recipients.
_NOT_FOUND = frozenset(
    {
        "Attachments",
        "BccRecipients",
        "Body",
        "CcRecipients",
        "EntityExtractionResult",
        "InternetMessageHeaders",
        "Members",
        "MimeContent",
        "MimeContentUTF8",
        "NormalizedBody",
        "OptionalAttendees",
        "ReplyTo",
        "RequiredAttendees",
        "Resources",
        "ResponseObjects",
        "TextBody",
        "ToRecipients",
        "UniqueBody",
    }
)


@dataclass(frozen=True, slots=True)
class ItemShape:
    """What a client asked to be told of each item."""

    base_shape: str  # IdOnly, Default or AllProperties
    names: frozenset[str] = frozenset()
    indexed: tuple[IndexedPath, ...] = ()
    extended: tuple[ExtendedPath, ...] = ()
    extended_as_written: tuple[str, ...] = ()  # the key of each, as the client has it
    body_type: str = "Best"  # Best, HTML or Text
    include_mime_content: bool = False
    for_find: bool = False

    @classmethod
    def read(cls, element: etree._Element, *, for_find: bool = False) -> "ItemShape":
        """The shape in an ItemShape element. Paths to what no item has are ignored.

        `for_find`: FindItem asks, which does not return all that GetItem does. Raises
        InvalidExtendedProperty, or SoapFault for too many.
        """
        additional = element.find(f"{{{TYPES}}}AdditionalProperties")
        asked_for = [
            (each, where)
            for each in bounded(additional, "properties")
            if (where := path(each)) is not None
        ]
        extended = {
            where: extended_fields.key_as_written(each)
            for each, where in asked_for
            if isinstance(where, ExtendedPath)
        }
        paths = dict.fromkeys(where for _, where in asked_for)
        return cls(
            base_shape=_text(element, "BaseShape", "IdOnly"),
            names=frozenset(where.name for where in paths if isinstance(where, FieldPath)),
            indexed=tuple(where for where in paths if isinstance(where, IndexedPath)),
            extended=tuple(extended),
            extended_as_written=tuple(extended.values()),
            body_type=_text(element, "BodyType", "Best"),
            include_mime_content=_text(element, "IncludeMimeContent", "") in ("true", "1"),
            for_find=for_find,
        )

    def names_for(self, kind: ItemKind, server_version: str) -> frozenset[str]:
        """The properties wanted as a whole of an item of this kind.

        Those that the schema of `server_version` does not have are left out.
        """
        named = self.names | {"MimeContent"} if self.include_mime_content else self.names
        return _names_for(self.base_shape, named, self.for_find, kind, server_version)

    def pick(
        self, kind: ItemKind, values: Mapping[str, Value], server_version: str
    ) -> dict[str, Value]:
        """Of the values of an item, what an answer holds: those wanted, as a whole or in part."""
        wanted = self.names_for(kind, server_version)
        picked = {name: values[name] for name in wanted if name in values}
        if self.indexed:
            self._pick_entries(values, picked, kind.names - wanted)
        if self.extended and _EXTENDED in values:
            picked[_EXTENDED] = self._extended_of(values)
        return picked

    def _pick_entries(
        self, values: Mapping[str, Value], picked: dict[str, Value], in_part: frozenset[str]
    ) -> None:
        headers = [where.index.lower() for where in self.indexed if where.name == _HEADERS]
        if headers and _HEADERS in in_part:
            picked[_HEADERS] = _headers(values, headers)
        for where in self.indexed:
            if where.name not in in_part or where.name == _HEADERS:
                continue
            if (value := value_at(values, where)) is not None:
                set_at(picked, where, value)

    def _extended_of(self, values: Mapping[str, Value]) -> list[Any]:
        by_key = {each["Path"]: each for each in _list(values, _EXTENDED)}
        return [
            {**by_key[where.key], "Path": written}
            for where, written in zip(self.extended, self.extended_as_written, strict=True)
            if where.key in by_key
        ]


@lru_cache(maxsize=256)  # the same for every item of an answer; holds no text of a client's own
def _names_for(
    base_shape: str, named: frozenset[str], for_find: bool, kind: ItemKind, server_version: str
) -> frozenset[str]:
    # Names of versions sort by age.
    known = {each.name for each in kind.properties if each.since <= server_version}
    wanted = known & (_base(base_shape, kind) | named)
    return frozenset(wanted - _NOT_FOUND if for_find else wanted)


def _base(name: str, kind: ItemKind) -> frozenset[str]:
    if name == "IdOnly":
        return frozenset({"ItemId"})
    if name == "Default":
        return _DEFAULT.get(kind.element, _OF_MEETING)
    return kind.names - _ONLY_WHEN_NAMED


def _text(element: etree._Element, name: str, default: str) -> str:
    return (element.findtext(f"{{{TYPES}}}{name}") or default).strip()


def _list(values: Mapping[str, Value], name: str) -> list[Any]:
    value = values.get(name, [])
    return value if isinstance(value, list) else []


def _headers(values: Mapping[str, Value], names: Iterable[str]) -> list[Any]:
    """The header fields of each of these names, in small letters, as they stand."""
    by_name: dict[str, list[Any]] = {name: [] for name in names}
    for header in _list(values, _HEADERS):
        by_name.get(header[0].lower(), []).append(header)
    return [header for some in by_name.values() for header in some]
