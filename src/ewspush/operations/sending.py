"""Sending messages: to mailboxes on this server directly, to others by the queue of the relay.

All of it happens in the transaction of the journal: a message that is refused for one recipient is
sent to none, and one that was accepted is delivered or queued durably.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ewspush.core import addresses, times
from ewspush.core.errors import (
    InvalidItemForOperationSendItem,
    InvalidRecipients,
    MissingRecipients,
    SendAsDenied,
)
from ewspush.core.item_paths import Value
from ewspush.mail.compose import Draft, new_message_id, with_header, without_bcc
from ewspush.mail.message import Message
from ewspush.operations import mail, outgoing
from ewspush.operations.drafts import composed, draft_of
from ewspush.operations.items import values as item_values
from ewspush.operations.items.attachments import compose_parts
from ewspush.operations.items.creation import create
from ewspush.operations.items.moves import Disposal, delete_items, move_items
from ewspush.operations.items.parts import Parts
from ewspush.operations.journal import Journal
from ewspush.operations.messages import values_of_message
from ewspush.store import items, mailboxes
from ewspush.store.database import Transaction
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox

_RECIPIENTS = ("ToRecipients", "CcRecipients", "BccRecipients")
_MOST_RECIPIENTS = 500  # as Exchange's default
_SENDABLE = ("ipm.note", "ipm.schedule", "report")


def begin(tx: Transaction) -> None:
    """Before the first mailbox is locked, if several may be: those of recipients, for one."""
    mailboxes.lock_several(tx)


def send_new(
    journal: Journal,
    sender: Mailbox,
    values: Mapping[str, Value],
    folder: int | None,
    *,
    queue_limit: int,
) -> Item | None:
    """Send a new message, with a copy in `folder` if there is one, which is returned.

    `queue_limit` is how many messages the mailbox may have on their way to recipients elsewhere.
    Raises InvalidItemForOperationSendItem, MissingRecipients, SendAsDenied, MimeContentInvalid,
    SubmissionQuotaExceeded, or InvalidRecipients if one has no mailbox here and the limit is 0.
    """
    parts = Parts.of_values(values)
    stamped = _stamped(parts.values, sender, journal.now_s)
    _check(stamped, sender)
    if parts.mime is not None and parts.is_message:
        message = _with_header(parts.mime, stamped)
    else:
        message = compose_parts(replace(parts, values=stamped))
    copy = None
    if folder is not None:
        copy = create(journal, folder, {**values, **stamped, "IsRead": True})
    _dispatch(journal, sender, stamped, message, queue_limit=queue_limit)
    return copy


def send_item(
    journal: Journal, sender: Mailbox, item: Item, folder: int | None, *, queue_limit: int
) -> Item | None:
    """Send a message of the sender's mailbox, and move it to `folder` or else delete it.

    Raises what `send_new` raises.
    """
    content = item_values.Contents(journal.tx, journal.mailbox, item)
    values = item_values.own_values(item)
    stamped = _stamped(values, sender, journal.now_s)
    _check(stamped, sender)
    if content.mime is not None and content.is_message:
        message = _with_header(content.mime, stamped)
    else:
        message = composed(content.draft(stamped))
    kept = None
    if folder is None:
        delete_items(journal, [item], Disposal.HARD)
    else:
        (kept,) = move_items(journal, [_sent(journal, item, stamped)], folder)
    _dispatch(journal, sender, stamped, message, queue_limit=queue_limit)
    return kept


def own_mailbox(mailbox: Mailbox) -> dict[str, str]:
    """A mailbox as From, Sender or Organizer of what it makes."""
    return {"Name": mailbox.address, "EmailAddress": mailbox.address, "RoutingType": "SMTP"}


def _with_header(mime: bytes, values: Mapping[str, Any]) -> bytes:
    """A message whose header says what the properties do, and otherwise octet for octet."""
    told = values_of_message(Message(mime))
    if "DateTimeSent" in told and _said(told) == _said(values):
        return without_bcc(mime)
    return with_header(mime, draft_of(values, None, ()))


def _said(values: Mapping[str, Any]) -> Draft:
    """What a header says, but for the time; who gets a blind copy is said by none."""
    return replace(draft_of(values, None, ()), bcc=(), sent_at_s=None)


def _sent(journal: Journal, item: Item, values: dict[str, Any]) -> Item:
    sent = replace(item_values.with_values(item, values), is_draft=False, is_read=True)
    items.update_items(journal.tx, journal.mailbox, [(item.number, sent)])
    if item.unread_count:
        journal.item_modified(item, sent)
    return sent


def _stamped(values: Mapping[str, Any], sender: Mailbox, now_s: int) -> dict[str, Any]:
    """The properties of a message as it goes out: with sender, date and Message-ID."""
    own = own_mailbox(sender)
    domain = sender.address.rpartition("@")[2]
    return {
        "From": own,
        "Sender": own,
        "InternetMessageId": new_message_id(domain, secrets.token_bytes(16)),
        **values,
        "DateTimeSent": times.to_text(now_s),
    }


def _check(values: Mapping[str, Any], sender: Mailbox) -> None:
    if not str(values.get("ItemClass", "IPM.Note")).lower().startswith(_SENDABLE):
        raise InvalidItemForOperationSendItem
    for name in ("From", "Sender"):
        address = values[name].get("EmailAddress", "")
        if _normalized(address, SendAsDenied) != sender.address:
            raise SendAsDenied(f"You may not send as {address}.")


def _normalized(address: str, refusal: type[SendAsDenied | InvalidRecipients]) -> str:
    try:
        return addresses.normalize(address)
    except addresses.InvalidAddress as error:
        raise refusal(f"{error}.") from None


def _dispatch(
    journal: Journal,
    sender: Mailbox,
    values: Mapping[str, Any],
    message: bytes,
    *,
    queue_limit: int,
) -> None:
    # By normalized address, as it is written: what is before the @ is the business of its server.
    recipients = {
        _normalized(mailbox.get("EmailAddress", ""), InvalidRecipients): mailbox["EmailAddress"]
        for name in _RECIPIENTS
        for mailbox in values.get(name, ())
    }
    if not recipients:
        raise MissingRecipients
    if len(recipients) > _MOST_RECIPIENTS:
        raise InvalidRecipients(f"A message may have {_MOST_RECIPIENTS} recipients at most.")
    here = mailboxes.which_exist(journal.tx, list(recipients))
    elsewhere = [written for address, written in recipients.items() if address not in here]
    if elsewhere and not queue_limit:
        raise InvalidRecipients(
            f"There is no mailbox {elsewhere[0]} on this server, and it sends to no other."
        )
    journal.settle()  # what the sender did comes before what the recipients get
    _deliver(journal, _once_each(recipients, here), message)
    if elsewhere:
        outgoing.enqueue(
            journal.tx,
            sender.id,
            sender.address,
            elsewhere,
            message,
            journal.now_s,
            most=queue_limit,
        )


def _once_each(recipients: Iterable[str], here: Mapping[str, int]) -> list[str]:
    """Of the addresses of each mailbox the one that is named first."""
    first: dict[int, str] = {}
    for address in recipients:
        if address in here:
            first.setdefault(here[address], address)
    return list(first.values())


def _deliver(journal: Journal, recipients: Sequence[str], message: bytes) -> None:
    arriving = mail.read(message)
    for address in recipients:
        try:
            mail.deliver(journal.tx, address, arriving, journal.now_s)
        except mail.UnknownRecipient as error:  # disabled since it was found
            raise InvalidRecipients(f"A recipient cannot be reached: {error}.") from None
