"""Values of EWS as Internet messages."""

from collections.abc import Mapping
from typing import Any, cast

from ewspush.core import times
from ewspush.core.errors import MimeContentInvalid
from ewspush.core.item_paths import Value
from ewspush.mail import compose
from ewspush.mail.compose import Draft, DraftAttachment, Unwritable
from ewspush.mail.html_text import html_to_text
from ewspush.mail.message import Address
from ewspush.mail.summary import Importance, Sensitivity
from ewspush.store.contents import Body


def composed(draft: Draft) -> bytes:
    """The message. Raises MimeContentInvalid for values that no message can carry."""
    try:
        return compose.compose(draft)
    except Unwritable as error:
        raise MimeContentInvalid(f"{error}.") from None


def address_of(mailbox: Any) -> Address:
    """A t:Mailbox as an address of a message."""
    name, address = mailbox.get("Name", ""), mailbox.get("EmailAddress", "")
    return Address("" if name == address else name, address)


def addresses_of(values: Mapping[str, Any], name: str) -> tuple[Address, ...]:
    """A property that lists mailboxes."""
    return tuple(address_of(mailbox) for mailbox in values.get(name, ()))


def draft_of(
    values: Mapping[str, Value], body: Body | None, attachments: tuple[DraftAttachment, ...]
) -> Draft:
    """What an item is as an Internet message, which has a text beside every HTML body."""
    sent_at = values.get("DateTimeSent")
    sender = values.get("Sender")
    from_ = values.get("From") or sender
    is_html = body is not None and body.body_type == "HTML"
    return Draft(
        from_=address_of(from_) if from_ else None,
        sender=address_of(sender) if sender else None,
        to=addresses_of(values, "ToRecipients"),
        cc=addresses_of(values, "CcRecipients"),
        bcc=addresses_of(values, "BccRecipients"),
        reply_to=addresses_of(values, "ReplyTo"),
        subject=_text(values, "Subject") or "",
        sent_at_s=times.to_seconds(sent_at) if isinstance(sent_at, str) else None,
        message_id=_text(values, "InternetMessageId"),
        in_reply_to=_text(values, "InReplyTo"),
        references=_text(values, "References"),
        importance=cast(Importance, values.get("Importance", "Normal")),
        sensitivity=cast(Sensitivity, values.get("Sensitivity", "Normal")),
        is_read_receipt_requested=bool(values.get("IsReadReceiptRequested")),
        is_delivery_receipt_requested=bool(values.get("IsDeliveryReceiptRequested")),
        thread_topic=_text(values, "ConversationTopic"),
        thread_index=_text(values, "ConversationIndex"),
        text=None if body is None else html_to_text(body.value) if is_html else body.value,
        html=body.value if body is not None and is_html else None,
        attachments=attachments,
    )


def _text(values: Mapping[str, Value], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) else None
