"""Items as clients see them: values by the names of EWS (`core.item_paths`)."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import md5
from typing import Any

from ewspush.core import times
from ewspush.core.item_paths import Value
from ewspush.mail.compose import Draft
from ewspush.mail.message import Message
from ewspush.operations.drafts import composed, draft_of
from ewspush.operations.items.attachments import attachments_of, draft_attachments
from ewspush.operations.items.parts import Parts, body_in, properties_of
from ewspush.store import contents
from ewspush.store.contents import Body
from ewspush.store.database import Transaction
from ewspush.store.items import Item

_LONGEST_PREVIEW = 255  # characters (Preview, EWS XML reference)

# What an item has that does not say otherwise.
_DEFAULTS: dict[str, Value] = {
    "Sensitivity": "Normal",
    "Importance": "Normal",
    "IsSubmitted": False,
    "IsFromMe": False,
    "IsResend": False,
    "IsUnmodified": False,
    "IsAssociated": False,
    "ReminderIsSet": False,
    "ReminderMinutesBeforeStart": 0,
    "Culture": "en-US",
    "IsReadReceiptRequested": False,
    "IsDeliveryReceiptRequested": False,
    "IsResponseRequested": False,
}
_DEFAULTS_OF_KIND: dict[str, dict[str, Value]] = {
    "ipm.appointment": {
        "IsAllDayEvent": False,
        "LegacyFreeBusyStatus": "Busy",
        "IsCancelled": False,
        "IsRecurring": False,
        "MeetingRequestWasSent": False,
        "IsResponseRequested": True,
        "CalendarItemType": "Single",
        "IsOrganizer": True,
        "MyResponseType": "Organizer",
        "AppointmentState": 0,
        "AllowNewTimeProposal": True,
        "IsOnlineMeeting": False,
        "IsMeeting": False,
    },
    "ipm.task": {
        "Status": "NotStarted",
        "PercentComplete": 0.0,
        "IsRecurring": False,
        "IsTeamTask": False,
    },
}
# PidLidTaskStatus ([MS-OXOTASK] 2.2.2.2.2), in the words of Outlook.
_STATUS_DESCRIPTIONS = {
    "NotStarted": "Not Started",
    "InProgress": "In Progress",
    "Completed": "Completed",
    "WaitingOnOthers": "Waiting on someone else",
    "Deferred": "Deferred",
}


def own_values(item: Item) -> dict[str, Any]:
    """What was set of an item, by its sender or a client; contents not included."""
    values: dict[str, Any] = {
        **item.properties,
        "ItemClass": item.item_class,
        "IsRead": item.is_read,
    }
    if item.subject is not None:
        values["Subject"] = item.subject
    return values


def with_values(item: Item, values: Mapping[str, Any]) -> Item:
    """The item with these for its `own_values`."""
    return replace(
        item,
        item_class=values["ItemClass"],
        subject=values.get("Subject"),
        is_read=values["IsRead"],
        properties=properties_of(values),
    )


def values_of(item: Item) -> dict[str, Any]:
    """All that an item's row tells: what was set, what follows from it, and defaults."""
    prefix = ".".join(item.item_class.lower().split(".")[:2])
    values = {**_DEFAULTS, **_DEFAULTS_OF_KIND.get(prefix, {}), **own_values(item)}
    created = times.to_text(item.created_at_s)
    topic = values.setdefault("ConversationTopic", topic_of(item.subject or ""))
    if prefix == "ipm.task":
        values["IsComplete"] = values["Status"] == "Completed"
        values["StatusDescription"] = _STATUS_DESCRIPTIONS[values["Status"]]
    values |= {
        "IsDraft": item.is_draft,
        "HasAttachments": item.has_attachments,
        "Size": item.size,
        "DateTimeReceived": times.to_text(item.received_at_s),
        "DateTimeCreated": created,
        "LastModifiedTime": times.to_text(item.modified_at_s),
        "DateTimeSent": values.get("DateTimeSent", created),
        "DisplayTo": _names(values, "ToRecipients"),
        "DisplayCc": _names(values, "CcRecipients"),
        "DisplayBcc": _names(values, "BccRecipients"),
        "IsUnmodified": item.content_change == item.number,
        # MD5 as in PidTagConversationId ([MS-OXOMSG] 2.2.1.3); it tells topics apart, no more.
        "ConversationId": {"Id": b64encode(_digest(str(topic))).decode("ascii")},
    }
    return values


def _digest(topic: str) -> bytes:
    return md5(topic.lower().encode(), usedforsecurity=False).digest()


def topic_of(subject: str) -> str:
    """The subject without the "RE: " and the like (PidTagNormalizedSubject, [MS-OXCMSG])."""
    prefix, colon, rest = subject.partition(": ")
    is_prefix = colon and 1 <= len(prefix) <= 3 and prefix.isalpha()  # noqa: PLR2004  MS-OXCMSG
    return rest if is_prefix else subject


def _names(values: Mapping[str, Any], name: str) -> str:
    return "; ".join(
        mailbox.get("Name") or mailbox.get("EmailAddress", "") for mailbox in values.get(name, ())
    )


@dataclass
class Contents:
    """The contents of an item, read when they are asked for."""

    tx: Transaction
    mailbox: int
    item: Item

    @cached_property
    def mime(self) -> bytes | None:
        """The message as it arrived; None if the item was made from properties."""
        return contents.mime(self.tx, self.mailbox, self.item.content_number)

    @cached_property
    def message(self) -> Message | None:
        """The same, to be read."""
        return None if self.mime is None else Message(self.mime)

    @cached_property
    def own_body(self) -> Body | None:
        """The body that a client set."""
        return contents.body(self.tx, self.mailbox, self.item.content_number)

    def body(self, body_type: str) -> Body:
        """The body as HTML, as Text, or (Best) as HTML if there is any (BodyTypeResponseType)."""
        return body_in(body_type, self.own_body, self.message)

    @property
    def is_message(self) -> bool:
        """Whether the message holds the body and the attachments: nobody has changed them."""
        if self.message is None or self.own_body is not None:
            return False
        parts = [one.part for one in attachments_of(self.tx, self.mailbox, self.item)]
        return parts == [one.part for one in self.message.attachments]

    def as_mime(self) -> bytes:
        """The message as it arrived, or one that is made of the properties."""
        if self.mime is not None:
            return self.mime
        sent_at = times.to_text(self.item.created_at_s)
        return composed(self.draft({"DateTimeSent": sent_at, **own_values(self.item)}))

    def draft(self, values: Mapping[str, Any]) -> Draft:
        """What these contents are with such properties, to be composed."""
        has_body = self.own_body is not None or self.message is not None
        return draft_of(
            values,
            self.body("Best") if has_body else None,
            draft_attachments(self.tx, self.mailbox, self.item),
        )


_CONTENT: dict[str, Callable[[Contents, str], Any]] = {
    "Body": lambda content, body_type: _value(content.body(body_type)),
    "UniqueBody": lambda content, body_type: _value(content.body(body_type)),
    "NormalizedBody": lambda content, body_type: _value(content.body(body_type)),
    "TextBody": lambda content, _: _value(content.body("Text")),
    "Preview": lambda content, _: " ".join(content.body("Text").value.split())[:_LONGEST_PREVIEW],
    "MimeContent": lambda content, _: b64encode(content.as_mime()).decode("ascii"),
    "InternetMessageHeaders": lambda content, _: (
        [list(header) for header in content.message.headers] if content.message else []
    ),
}
CONTENT = frozenset(_CONTENT)  # names of the values that are read from contents


def content_values(
    tx: Transaction, mailbox: int, item: Item, names: frozenset[str], body_type: str
) -> dict[str, Any]:
    """Those of the values in `CONTENT` that are named."""
    content = Contents(tx, mailbox, item)
    return {name: _CONTENT[name](content, body_type) for name in names & CONTENT}


def values_of_parts(parts: Parts, body_type: str, *, with_mime: bool) -> dict[str, Any]:
    """An item that is not stored, as a client sees it."""
    message = None if parts.mime is None else Message(parts.mime)
    values = {
        **_DEFAULTS,
        "ItemClass": "IPM.Note",
        "HasAttachments": parts.has_attachments,
        "Size": parts.size,
        **parts.values,
        "Body": _value(body_in(body_type, parts.body, message)),
    }
    if with_mime and parts.mime is not None:
        values["MimeContent"] = b64encode(parts.mime).decode("ascii")
    return values


def _value(body: Body) -> dict[str, str]:
    return {"BodyType": body.body_type, "Value": body.value}
