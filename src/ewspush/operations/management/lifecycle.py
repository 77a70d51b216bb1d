"""The life of an account: disabled, restored, deleted, purged.

Disabling a user and deleting a mailbox are one thing, as are enabling and restoring.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from ewspush.core import times
from ewspush.core.accounts import Account, AccountStatus, DeletionCause
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations.management.context import Actor, Change, Management
from ewspush.store import (
    accounts,
    impersonation,
    mailbox_purge,
    mailboxes,
    organizations,
    permissions,
    pull_subscriptions,
    subscriptions,
)
from ewspush.store.database import Transaction

_TIME = Actor("ewspush", "retention")  # who acts when time has come
_DISABLED_TOGETHER = 100  # mailboxes, in one transaction
_PUT_OFF_S = 600
_PURGED_TOGETHER = 500  # rows removed in one transaction


def disable(change: Change, mailbox_id: int, action: str) -> Account:
    """Let nobody use a mailbox from now on, and schedule its unrecoverable deletion.

    One that is disabled already stays so, with the date that it has.
    """
    old = _lock(change.tx, mailbox_id)
    if old.status is AccountStatus.DELETION_SCHEDULED:
        return old
    if old.status is AccountStatus.DELETED:
        raise _not_in_directory(old)
    deletion_at_s = change.now_s + change.policy.retention_s
    new = replace(
        old,
        status=AccountStatus.DELETION_SCHEDULED,
        deletion_scheduled_at_s=deletion_at_s,
        updated_at_s=change.now_s,
        due_at_s=deletion_at_s,
    )
    mailboxes.set_disabled(change.tx, mailbox_id, change.now_s)
    return _put(change, old, new, action)


def restore(change: Change, mailbox_id: int, action: str) -> Account:
    """Bring everything back as it was. Raises ManagementError, which says why it cannot be."""
    old = _lock(change.tx, mailbox_id)
    _check_restorable(change, old)
    mailbox = mailboxes.lock(change.tx, mailbox_id)
    assert mailbox is not None
    assert mailbox.disabled_at_s is not None
    renewal = old.renewal.resumed(change.now_s)
    new = replace(
        old,
        status=AccountStatus.ACTIVE,
        deletion_scheduled_at_s=None,
        updated_at_s=change.now_s,
        renewal=renewal,
        due_at_s=renewal.ends_at_s,
    )
    subscriptions.restart(change.tx, mailbox_id)
    pull_subscriptions.extend(change.tx, mailbox_id, change.now_s - mailbox.disabled_at_s)
    mailboxes.set_disabled(change.tx, mailbox_id, None)
    return _put(change, old, new, action)


def delete(change: Change, mailbox_id: int, cause: DeletionCause, action: str) -> Account:
    """Delete an account for good. Its addresses are free at once; `step` purges what it had."""
    old = _lock(change.tx, mailbox_id)
    if old.status is AccountStatus.DELETED:
        raise _not_in_directory(old)
    new = replace(
        old,
        status=AccountStatus.DELETED,
        deleted_at_s=change.now_s,
        deletion_cause=cause,
        deletion_scheduled_at_s=None,
        renewal=old.renewal.followed_by(Period.CANCELED, change.now_s),
        updated_at_s=change.now_s,
        due_at_s=change.now_s,
    )
    if old.status is AccountStatus.ACTIVE:
        mailboxes.set_disabled(change.tx, mailbox_id, change.now_s)
    accounts.delete_addresses(change.tx, mailbox_id)
    impersonation.revoke_all_of(change.tx, mailbox_id)
    permissions.delete_all(change.tx, mailbox_id)
    return _put(change, old, new, action)


def disable_some(management: Management, actor: Actor, organization_id: UUID) -> bool:
    """Disable some mailboxes of a deleted organization. Whether there were any."""
    with management.change(actor) as change:
        found = accounts.active_in(change.tx, organization_id, _DISABLED_TOGETHER)
        for mailbox_id in found:
            if _lock(change.tx, mailbox_id).status is AccountStatus.ACTIVE:
                disable(change, mailbox_id, "organization.delete")
    return bool(found)


def step(management: Management) -> bool:
    """Do a little of what is due. False when nothing is left to do.

    What stops mailboxes comes before what only tidies up.
    """
    with management.look() as tx:
        now_s = management.now_s()
        ends = accounts.first_due(tx, AccountStatus.ACTIVE, now_s)
        deserted = None if ends else accounts.first_deserted(tx)
        due = (
            ends
            or accounts.first_due(tx, AccountStatus.DELETION_SCHEDULED, now_s)
            or accounts.first_due(tx, AccountStatus.DELETED, now_s)
        )
    if deserted is not None:
        return disable_some(management, _TIME, deserted.organization_id)
    if due is None:
        return False
    try:
        take_up(management, due.mailbox_id)
    except Exception:
        _put_off(management, due.mailbox_id)
        raise
    return True


def next_due_s(management: Management) -> int | None:
    """When `step` has something to do for an account, in seconds since the epoch, if ever."""
    with management.look() as tx:
        return accounts.next_due_s(tx)


def _put_off(management: Management, mailbox_id: int) -> None:
    """What cannot be done for one account does not stop what is due for the others."""
    with management.change(_TIME) as change:
        account = _lock(change.tx, mailbox_id)
        later = replace(account, due_at_s=change.now_s + _PUT_OFF_S)
        accounts.update_account(change.tx, account, later)


def take_up(management: Management, mailbox_id: int) -> bool:
    """Do a little of what is due for one account. False when nothing is."""
    with management.change(_TIME) as change:
        account = _lock(change.tx, mailbox_id)
        if account.due_at_s is None or account.due_at_s > change.now_s:
            return False
        if account.status is AccountStatus.ACTIVE:
            disable(change, mailbox_id, "mailbox.end")
        elif account.status is AccountStatus.DELETION_SCHEDULED:
            cause = DeletionCause.RETENTION_ENDED
            delete(change, mailbox_id, cause, "mailbox.retention_end")
        elif not mailbox_purge.purge_some(change.tx, mailbox_id, _PURGED_TOGETHER):
            accounts.update_account(change.tx, account, replace(account, due_at_s=None))
            change.audit(
                "mailbox.purge", subject_of(account), account.organization_id, shown(account)
            )
    return True


def _check_restorable(change: Change, account: Account) -> None:
    organization = organizations.organization(change.tx, account.organization_id, lock=True)
    if organization is None or organization.deleted_at_s is not None:
        raise ManagementError(
            Code.ORGANIZATION_DELETED,
            f"{account.address} cannot be restored: its organization was deleted",
        )
    if account.status is AccountStatus.ACTIVE:
        raise ManagementError(
            Code.NOT_DELETION_SCHEDULED, f"{account.address} is active: there is nothing to restore"
        )
    if account.status is AccountStatus.DELETED:
        raise _gone(change.tx, account)
    deletion_at_s = account.deletion_scheduled_at_s
    if deletion_at_s is None or deletion_at_s <= change.now_s:
        raise _retention_ended(account)


def _gone(tx: Transaction, account: Account) -> ManagementError:
    domain = account.address.rpartition("@")[2]
    newest = accounts.newest_at(tx, account.organization_id, domain, account.local_part)
    if newest is not None and newest.user_id != account.user_id:
        return ManagementError(
            Code.USER_RECREATED,
            f"{account.address} cannot be restored: its user was re-created, and the mailbox"
            " belonged to the one before",
        )
    if account.deletion_cause is DeletionCause.RETENTION_ENDED:
        return _retention_ended(account)
    return _not_in_directory(account)


def _retention_ended(account: Account) -> ManagementError:
    return ManagementError(
        Code.RETENTION_ENDED,
        f"{account.address} cannot be restored: the time in which it could be has passed",
    )


def _not_in_directory(account: Account) -> ManagementError:
    return ManagementError(
        Code.USER_NOT_IN_DIRECTORY, f"the user of {account.address} is not in the directory"
    )


def _lock(tx: Transaction, mailbox_id: int) -> Account:
    account = accounts.lock(tx, mailbox_id)
    assert account is not None, "accounts stay for ever"
    return account


def _put(change: Change, old: Account, new: Account, action: str) -> Account:
    accounts.update_account(change.tx, old, new)
    change.audit(action, subject_of(new), new.organization_id, shown(old), shown(new))
    return new


def subject_of(account: Account) -> str:
    """What the audit log calls an account."""
    return f"mailbox {account.id}"


def shown(account: Account) -> Mapping[str, object]:
    """What the audit log says of an account."""
    deletion_at_s = account.deletion_scheduled_at_s
    return {
        "email": account.address,
        "user_id": str(account.user_id),
        "status": account.status.of_mailbox,
        "subscription_period": account.renewal.period.value,
        "next_subscription_period": account.renewal.next_period.value,
        "deletion_scheduled_at": None if deletion_at_s is None else times.to_text(deletion_at_s),
    }
