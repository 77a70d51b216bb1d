"""Finding what requests name: mailboxes by address, folders and items by id, and the like."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from ewspush.control.operators import own_id
from ewspush.core import addresses
from ewspush.core.accounts import Account, AccountStatus
from ewspush.core.errors import InvalidIdEmpty, InvalidIdMalformed
from ewspush.core.ids import Kind, ObjectId
from ewspush.emulator.api.errors import ApiError, not_found, shown
from ewspush.emulator.emulator import Emulator
from ewspush.operations.journal import Journal
from ewspush.operations.management.context import Actor
from ewspush.store import accounts, folders, items, mailboxes, subscriptions
from ewspush.store.database import Transaction
from ewspush.store.folders import Folder
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox
from ewspush.store.subscriptions import Subscription
from ewspush.wire import ids

ACTOR = Actor("emulator", "control API")
OPERATOR = own_id()


def account_at(tx: Transaction, address: str, field: str | None = None) -> Account:
    """The account that has an address, a disabled one too. Raises ApiError."""
    try:
        local_part, _, domain = addresses.normalize(address).rpartition("@")
    except addresses.InvalidAddress as error:
        status = HTTPStatus.NOT_FOUND if field is None else HTTPStatus.BAD_REQUEST
        raise ApiError(status, f"there is no mailbox {shown(address)}: {error}", field) from None
    account = accounts.by_address(tx, domain, local_part)
    if account is None or account.status is AccountStatus.DELETED:
        raise not_found(f"mailbox {shown(address)}", field)
    return account


def mailbox_at(tx: Transaction, address: str, field: str | None = None) -> Mailbox:
    """The mailbox that has an address, a disabled one too. Raises ApiError."""
    mailbox = mailboxes.by_id(tx, account_at(tx, address, field).mailbox_id)
    assert mailbox is not None, "it is purged only when its account is deleted"
    return mailbox


@contextmanager
def journal_of(emulator: Emulator, address: str) -> Iterator[Journal]:
    """A change of a mailbox, which is written and told if the block ends well. Blocks.

    Raises ApiError, or AccountDisabled.
    """
    with emulator.database.write() as tx:
        account = account_at(tx, address)
        journal = Journal(tx, account.mailbox_id, emulator.management.now_s())
        yield journal
        journal.settle()


def folder_in(tx: Transaction, mailbox: int, given: str, field: str | None = None) -> Folder:
    """The folder of a mailbox that has an id or a distinguished name. Raises ApiError."""
    folder = folders.by_name(tx, mailbox, given.lower())
    if folder is None:
        id = _decoded(given)
        if id is not None and id.kind is Kind.FOLDER and id.mailbox == mailbox:
            folder = folders.by_number(tx, mailbox, id.number)
    if folder is None:
        what = f"folder {shown(given)} in this mailbox, by id or by a name such as inbox"
        raise not_found(what, field)
    return folder


def item_in(tx: Transaction, mailbox: int, given: str) -> Item:
    """The item of a mailbox with this id. Raises ApiError."""
    id = _decoded(given)
    item = None
    if id is not None and id.kind is Kind.ITEM and id.mailbox == mailbox:
        item = items.by_number(tx, mailbox, id.number)
    if item is None:
        raise not_found(f"item {shown(given)} in this mailbox")
    return item


def number_of(mailbox: int, given: str, kind: Kind, field: str) -> int:
    """The number in an id of a mailbox's item or folder, which may be gone. Raises ApiError."""
    id = _decoded(given)
    if id is None or id.kind is not kind or id.mailbox != mailbox:
        text = f"{field} should be the id of {_ARTICLES[kind]} of this mailbox, present or gone"
        raise ApiError(HTTPStatus.BAD_REQUEST, text, field)
    return id.number


_ARTICLES = {Kind.ITEM: "an item", Kind.FOLDER: "a folder"}


def subscription_with(
    tx: Transaction, given: str, field: str | None = None
) -> tuple[Mailbox, Subscription]:
    """The push subscription with this id, over or not, and its mailbox. Raises ApiError."""
    id = _decoded(given)
    if id is not None and id.kind is Kind.SUBSCRIPTION:
        account = accounts.by_mailbox(tx, id.mailbox)
        owner = mailboxes.by_id(tx, id.mailbox)
        found = subscriptions.by_number(tx, id.mailbox, id.number)
        if owner and found and account and account.status is not AccountStatus.DELETED:
            return owner, found
    raise not_found(f"push subscription {shown(given)}", field)


def _decoded(given: str) -> ObjectId | None:
    try:
        return ids.decode(given)
    except (InvalidIdEmpty, InvalidIdMalformed):
        return None
