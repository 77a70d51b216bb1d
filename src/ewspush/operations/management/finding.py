"""Finding accounts, by the ids that requests give."""

from uuid import UUID

from ewspush.core.accounts import Account, AccountStatus
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management.context import Actor
from ewspush.store import accounts
from ewspush.store.database import Transaction


def find_mailbox(tx: Transaction, actor: Actor, id: UUID, *, field: str = "MailboxId") -> Account:
    """The account whose mailbox has this id, a deleted one too."""
    found = accounts.by_id(tx, id)
    if found is None or not actor.may_see(found.organization_id):
        raise mailbox_not_found(str(id), field)
    return found


def find_active_mailbox(
    tx: Transaction, actor: Actor, id: UUID, *, field: str = "MailboxId"
) -> Account:
    """The account whose mailbox has this id, if it may be used; it stays so."""
    return active(tx, find_mailbox(tx, actor, id, field=field), field)


def active(tx: Transaction, account: Account, field: str) -> Account:
    """The account again, if it is active; it stays so."""
    locked = accounts.lock(tx, account.mailbox_id)
    assert locked is not None, "accounts stay for ever"
    if locked.status is not AccountStatus.ACTIVE:
        raise ManagementError(
            Code.NOT_ACTIVE, f"{locked.address} is {locked.status.of_user}", field=field
        )
    return locked


def find_user(tx: Transaction, actor: Actor, user_id: UUID) -> Account:
    """The account of a user, a deleted one too."""
    found = accounts.by_user_id(tx, user_id)
    if found is None or not actor.may_see(found.organization_id):
        raise ManagementError(Code.USER_NOT_FOUND, f"there is no user {user_id}", field="UserId")
    return found


def mailbox_not_found(id: str, field: str = "MailboxId") -> ManagementError:
    """The error of a mailbox that is not there, or that the actor may not see."""
    return ManagementError(Code.MAILBOX_NOT_FOUND, f"there is no mailbox {id[:64]}", field=field)
