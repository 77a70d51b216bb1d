"""Mailboxes: created, reset, disabled, restored and deleted."""

from ewspush.control.management.accounts import create_mailboxes
from ewspush.core.accounts import Account, AccountStatus, DeletionCause
from ewspush.emulator.api.finding import ACTOR, account_at, mailbox_at
from ewspush.emulator.api.handlers.running import ews_url
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.mailboxes import (
    Mailbox,
    Mailboxes,
    MailboxQuery,
    MailboxWithPassword,
    NewMailbox,
)
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.operations import mailboxes
from ewspush.operations.management import lifecycle
from ewspush.operations.management.context import Change
from ewspush.store import accounts, organizations
from ewspush.store import mailboxes as stored

_PAGE = 500


async def list_mailboxes(around: Surroundings, call: Call[MailboxQuery, Nothing]) -> Mailboxes:
    return await around.emulator.in_thread(_list, around.emulator, call.query)


def _list(emulator: Emulator, query: MailboxQuery) -> Mailboxes:
    found: list[Account] = []
    with emulator.database.read() as tx:
        after = 0 if query.after is None else mailbox_at(tx, query.after, "after").id
        while len(found) < query.limit and (some := stored.after(tx, after, _PAGE)):
            after = some[-1].id
            of_some = (accounts.by_mailbox(tx, each.id) for each in some)
            found += [each for each in of_some if each and each.status != AccountStatus.DELETED]
    return Mailboxes(mailboxes=[_told(emulator, each) for each in found[: query.limit]])


async def create_mailbox(
    around: Surroundings, call: Call[Nothing, NewMailbox]
) -> MailboxWithPassword:
    return await around.emulator.in_thread(_create, around.emulator, call.body)


def _create(emulator: Emulator, new: NewMailbox) -> MailboxWithPassword:
    given = None if new.password is None else [new.password]
    (record,) = create_mailboxes(emulator.management, ACTOR, [new.address], given)
    return MailboxWithPassword(
        address=record["email"],
        status="active",
        ews_url=ews_url(emulator),
        password=new.password or record["password"],
    )


async def get_mailbox(around: Surroundings, call: Call[Nothing, Nothing]) -> Mailbox:
    return await around.emulator.in_thread(_get, around.emulator, call.path["address"])


def _get(emulator: Emulator, address: str) -> Mailbox:
    with emulator.database.read() as tx:
        return _told(emulator, account_at(tx, address))


async def delete_mailbox(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    await around.emulator.in_thread(_delete, around.emulator, call.path["address"])


def _delete(emulator: Emulator, address: str) -> None:
    with emulator.management.change(ACTOR) as change:
        _delete_for_good(change, account_at(change.tx, address))


def _delete_for_good(change: Change, account: Account) -> None:
    lifecycle.delete(change, account.mailbox_id, DeletionCause.USER_DELETED, "mailbox.delete")


async def reset_mailbox(around: Surroundings, call: Call[Nothing, Nothing]) -> Mailbox:
    return await around.emulator.in_thread(_reset, around.emulator, call.path["address"])


def _reset(emulator: Emulator, address: str) -> Mailbox:
    """Put another mailbox in its place: all that was in the old one goes with it."""
    with emulator.management.change(ACTOR) as change:
        old = account_at(change.tx, address)
        aliases = accounts.aliases_of(change.tx, old.mailbox_id)
        new = mailboxes.NewMailbox(
            old.local_part,
            old.name,
            mailbox_at(change.tx, address).password_hash,
            old.renewal.period,
            [each.local_part for each in aliases],
        )
        domain = organizations.domain(change.tx, old.domain_id, lock=True)
        assert domain is not None, "the domain of an account that is not deleted is there"
        _delete_for_good(change, old)
        (account,) = mailboxes.create_in(change.tx, domain, [new], change.now_s)
        return _told(emulator, account)


async def disable_mailbox(around: Surroundings, call: Call[Nothing, Nothing]) -> Mailbox:
    return await around.emulator.in_thread(_disable, around.emulator, call.path["address"])


def _disable(emulator: Emulator, address: str) -> Mailbox:
    with emulator.management.change(ACTOR) as change:
        account = account_at(change.tx, address)
        return _told(emulator, lifecycle.disable(change, account.mailbox_id, "mailbox.disable"))


async def restore_mailbox(around: Surroundings, call: Call[Nothing, Nothing]) -> Mailbox:
    return await around.emulator.in_thread(_restore, around.emulator, call.path["address"])


def _restore(emulator: Emulator, address: str) -> Mailbox:
    with emulator.management.change(ACTOR) as change:
        account = account_at(change.tx, address)
        if account.status is not AccountStatus.ACTIVE:
            account = lifecycle.restore(change, account.mailbox_id, "mailbox.restore")
        return _told(emulator, account)


def _told(emulator: Emulator, account: Account) -> Mailbox:
    return Mailbox(
        address=account.address,
        status="active" if account.status is AccountStatus.ACTIVE else "disabled",
        ews_url=ews_url(emulator),
    )
