"""Internet messages as values of EWS."""

from collections.abc import Iterable
from typing import Any

from ewspush.core import times
from ewspush.mail.message import Address, Message


def values_of_message(message: Message) -> dict[str, Any]:
    """The properties that a message has by its header."""
    summary = message.summary
    values: dict[str, Any] = {
        "Subject": summary.subject,
        "From": _mailbox(summary.from_),
        "Sender": _mailbox(summary.sender or summary.from_),
        "ToRecipients": _mailboxes(summary.to),
        "CcRecipients": _mailboxes(summary.cc),
        "BccRecipients": _mailboxes(summary.bcc),
        "ReplyTo": _mailboxes(summary.reply_to),
        "InternetMessageId": summary.message_id,
        "InReplyTo": summary.in_reply_to,
        "References": summary.references,
        "Importance": summary.importance,
        "Sensitivity": summary.sensitivity,
        "IsReadReceiptRequested": summary.is_read_receipt_requested,
        "IsDeliveryReceiptRequested": summary.is_delivery_receipt_requested,
        "ConversationTopic": summary.thread_topic,
        "ConversationIndex": summary.thread_index,
    }
    if summary.sent_at_s is not None:
        values["DateTimeSent"] = times.to_text(summary.sent_at_s)
    return {name: value for name, value in values.items() if value not in (None, [])}


def _mailbox(address: Address | None) -> dict[str, str] | None:
    if address is None:
        return None
    return {
        "Name": address.name or address.address,
        "EmailAddress": address.address,
        "RoutingType": "SMTP",
    }


def _mailboxes(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [mailbox for address in addresses if (mailbox := _mailbox(address))]
