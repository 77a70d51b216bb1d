"""Replies and forwards: the values of a new message that refers to another."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from enum import Enum
from html import escape
from typing import Any

from ewspush.core.item_paths import Value
from ewspush.operations.items.attachments import AttachmentContents, attachments_of
from ewspush.operations.items.values import Contents, topic_of, values_of
from ewspush.store.contents import Attachment, Body
from ewspush.store.database import Transaction
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox

# A tag ends before the next one: looking for its end from each of many that have none takes hours.
_BODY = re.compile(r"<body[^<>]*>(.*?)(</body\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)


class Response(Enum):
    """What is made of a message (the elements of the response objects)."""

    REPLY = "ReplyToItem"
    REPLY_ALL = "ReplyAllToItem"
    FORWARD = "ForwardItem"


def respond(
    tx: Transaction,
    author: Mailbox,
    mailbox: int,
    original: Item,
    response: Response,
    given: Mapping[str, Value],
) -> dict[str, Any]:
    """The values of a reply to `original`, which is in `mailbox`, or a forward of it.

    What the author gave stands above all.

    NewBodyContent is put before the quoted original; a Body stands alone.
    """
    old = values_of(original)
    content = Contents(tx, mailbox, original)
    values: dict[str, Any] = {
        "ItemClass": "IPM.Note",
        "Subject": _subject(old, response),
        "ConversationTopic": old["ConversationTopic"],
        **_recipients(old, author.address, response),
        **_references(old),
    }
    own: dict[str, Any] = {
        name: value for name, value in given.items() if name not in _OF_THE_RESPONSE
    }
    if "Body" not in own:
        values["Body"] = _quoted(given.get("NewBodyContent"), old, content)
    is_forward = response is Response.FORWARD
    carried = list(_carried(tx, mailbox, original, inline_only=not is_forward))
    attachments = carried + list(own.pop("Attachments", []))
    if attachments:
        values["Attachments"] = attachments
    return {**values, **own}


_OF_THE_RESPONSE = frozenset({"ReferenceItemId", "NewBodyContent"})


def _subject(old: Mapping[str, Any], response: Response) -> str:
    prefix = "FW: " if response is Response.FORWARD else "RE: "
    return prefix + topic_of(old.get("Subject", ""))


def _recipients(
    old: Mapping[str, Any], own_address: str, response: Response
) -> dict[str, list[Any]]:
    if response is Response.FORWARD:
        return {}
    author = old.get("From") or old.get("Sender")
    to = list(old.get("ReplyTo") or ([author] if author else []))
    if response is Response.REPLY:
        return {"ToRecipients": to}
    known = {own_address.lower()} | {_address(one) for one in to}
    others: dict[str, list[Any]] = {"ToRecipients": [], "CcRecipients": []}
    for name, kept in others.items():
        for one in old.get(name, ()):
            if _address(one) not in known:
                known.add(_address(one))
                kept.append(one)
    recipients = {**others, "ToRecipients": to + others["ToRecipients"]}
    return {name: mailboxes for name, mailboxes in recipients.items() if mailboxes}


def _address(mailbox: Mapping[str, str]) -> str:
    return mailbox.get("EmailAddress", "").lower()


def _references(old: Mapping[str, Any]) -> dict[str, str]:
    id = old.get("InternetMessageId")
    if not id:
        return {}
    before = old.get("References") or old.get("InReplyTo", "")  # RFC 5322, 3.6.4
    return {"InReplyTo": id, "References": f"{before} {id}" if before.startswith("<") else id}


def _quoted(new: Any, old: Mapping[str, Any], content: Contents) -> dict[str, str]:
    """The new body with the original below it, as HTML unless both are Text."""
    new = new or {"BodyType": "HTML", "Value": ""}
    original = content.body("Best")
    if new["BodyType"] == "Text" and original.body_type == "Text":
        lines = [f"{name}: {value}" for name, value in _heading(old)]
        quoted = "\r\n".join(["", "", "_" * 32, *lines, "", original.value])
        return {"BodyType": "Text", "Value": new["Value"] + quoted}
    is_html = new["BodyType"] == "HTML"
    value = new["Value"] if is_html else f"<pre>{escape(new['Value'], quote=False)}</pre>"
    return {"BodyType": "HTML", "Value": _within(value, _as_html(old, content.body("HTML")))}


def _heading(old: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    author = old.get("From") or {}
    yield "From", author.get("Name") or author.get("EmailAddress", "")
    yield "Sent", old["DateTimeSent"]
    yield "To", old["DisplayTo"]
    if old["DisplayCc"]:
        yield "Cc", old["DisplayCc"]
    yield "Subject", old.get("Subject", "")


def _as_html(old: Mapping[str, Any], body: Body) -> str:
    lines = "<br>".join(
        f"<b>{name}:</b> {escape(value, quote=False)}" for name, value in _heading(old)
    )
    found = _BODY.search(body.value)
    return f"<hr><p>{lines}</p>{found[1] if found else body.value}"


def _within(html: str, addition: str) -> str:
    """The document with something more at the end of its body."""
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + addition + html[at:]


def _carried(
    tx: Transaction, mailbox: int, original: Item, *, inline_only: bool
) -> Iterator[dict[str, Any]]:
    """The attachments of the original, as a client would give them."""
    inside = AttachmentContents(tx, mailbox)
    for one in attachments_of(tx, mailbox, original):
        if one.is_inline or not inline_only:
            yield _as_given(one, inside.of(one))


def _as_given(attachment: Attachment, content: bytes) -> dict[str, Any]:
    given: dict[str, Any] = {
        "Kind": "FileAttachment",
        "Name": attachment.name,
        "ContentType": attachment.content_type,
        "ContentId": attachment.content_id,
        "IsInline": attachment.is_inline,
    }
    if attachment.is_item and attachment.part is None:
        return {**given, "Kind": "ItemAttachment", "Item": json.loads(content)}
    encoded = b64encode(content).decode("ascii")
    if attachment.is_item:
        message = {"Kind": "Message", "Values": {"MimeContent": encoded}}
        return {**given, "Kind": "ItemAttachment", "Item": message}
    return {**given, "Content": encoded}
