"""Messages: those that arrive, and those that are there."""

import secrets
from base64 import b64decode
from http import HTTPStatus

from ewspush.core.errors import MimeContentInvalid
from ewspush.core.folders import INBOX
from ewspush.core.paging import IndexedView
from ewspush.emulator.api.errors import ApiError, shown
from ewspush.emulator.api.finding import folder_in, item_in, journal_of, mailbox_at
from ewspush.emulator.api.handlers.items import fields_of, told
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.items import Item, Mail, Message, MessageQuery, Messages
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.mail import address_list, compose
from ewspush.mail.address_list import Address
from ewspush.mail.compose import Draft, DraftAttachment
from ewspush.mail.message import Message as ParsedMessage
from ewspush.operations import mail
from ewspush.operations.items.creation import create_arrived
from ewspush.operations.items.search import ItemSearch, find_items
from ewspush.operations.items.values import Contents

_RANDOM = 16  # bytes of a Message-ID


async def deliver_mail(around: Surroundings, call: Call[Nothing, Mail | bytes]) -> Item:
    emulator, address = around.emulator, call.path["address"]
    return await emulator.in_thread(_deliver, emulator, address, call.body)


def _deliver(emulator: Emulator, address: str, given: Mail | bytes) -> Item:
    with emulator.database.read() as tx:
        owner = mailbox_at(tx, address)
    content = given if isinstance(given, bytes) else _composed(emulator, owner.address, given)
    most = emulator.settings.mail.size_limit
    if len(content) > most:
        text = f"a message should have {most} bytes at most"
        raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    if not content.strip():
        raise ApiError(HTTPStatus.BAD_REQUEST, "the message is empty")
    parts = mail.read(content)
    with journal_of(emulator, address) as journal:
        inbox = folder_in(journal.tx, journal.mailbox, INBOX)
        item = create_arrived(journal, inbox.number, parts)
        return told(journal.tx, journal.mailbox, item, inbox)


def _composed(emulator: Emulator, address: str, given: Mail) -> bytes:
    senders = _addresses([given.from_], "from")
    if len(senders) > 1:
        raise ApiError(HTTPStatus.BAD_REQUEST, "from should be one address", "from")
    to = _addresses([address] if given.to is None else given.to, "to")
    draft = Draft(
        from_=senders[0],
        to=to,
        cc=_addresses(given.cc, "cc"),
        subject=given.subject,
        sent_at_s=emulator.management.now_s(),
        message_id=compose.new_message_id("emulator.invalid", secrets.token_bytes(_RANDOM)),
        text=given.text,
        html=given.html,
        attachments=tuple(
            DraftAttachment(each.name, each.content_type, b64decode(each.content))
            for each in given.attachments
        ),
        extra_headers=tuple(given.headers.items()),
    )
    try:
        return compose.compose(draft)
    except compose.Unwritable as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, f"headers: {error}", "headers") from None


def _addresses(written: list[str], field: str) -> tuple[Address, ...]:
    found: list[Address] = []
    for each in written:
        read = address_list.read(each.encode())
        if not read or any(not one.address for one in read):
            text = f"{field} should be addresses such as Shop <orders@example.com>, not"
            raise ApiError(HTTPStatus.BAD_REQUEST, f"{text} {shown(each)}", field)
        found += read
    return tuple(found)


async def list_messages(around: Surroundings, call: Call[MessageQuery, Nothing]) -> Messages:
    emulator, address = around.emulator, call.path["address"]
    return await emulator.in_thread(_list, emulator, address, call.query)


def _list(emulator: Emulator, address: str, query: MessageQuery) -> Messages:
    with emulator.database.read() as tx:
        mailbox = mailbox_at(tx, address).id
        folder = folder_in(tx, mailbox, query.folder, "folder")
        search = ItemSearch(view=IndexedView(0, most=query.limit))
        found = find_items(tx, mailbox, folder, search, query.limit).items
        return Messages(messages=[told(tx, mailbox, each, folder) for each in found])


async def get_message(around: Surroundings, call: Call[Nothing, Nothing]) -> Message:
    emulator = around.emulator
    return await emulator.in_thread(_get, emulator, call.path["address"], call.path["id"])


def _get(emulator: Emulator, address: str, id: str) -> Message:
    with emulator.database.read() as tx:
        mailbox = mailbox_at(tx, address).id
        item = item_in(tx, mailbox, id)
        mime = _mime(Contents(tx, mailbox, item))
        return Message(
            **fields_of(tx, mailbox, item),
            headers=[] if mime is None else [*map(list, ParsedMessage(mime).headers)],
            mime=None if mime is None else mime.decode("utf-8", "replace"),
        )


def _mime(contents: Contents) -> bytes | None:
    try:
        return contents.as_mime()
    except MimeContentInvalid:
        return None
