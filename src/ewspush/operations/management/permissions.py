"""Permissions: whose mailboxes a delegate may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ewspush.core.accounts import Account
from ewspush.core.management import Code, ManagementError
from ewspush.operations.management import lifecycle, values
from ewspush.operations.management.context import Actor, Management
from ewspush.operations.management.finding import active, find_active_mailbox, find_mailbox
from ewspush.store import accounts
from ewspush.store import permissions as stored


@dataclass(frozen=True, slots=True)
class Granted:
    """That a delegate has full access to a mailbox."""

    mailbox: Account
    delegate: Account
    granted_at_s: int


def grant(management: Management, actor: Actor, mailbox_id: UUID, delegate_id: UUID) -> Granted:
    """Give the owner of one mailbox full access to another of the same organization."""
    with management.change(actor) as change:
        mailbox = find_mailbox(change.tx, actor, mailbox_id)
        delegate = find_mailbox(change.tx, actor, delegate_id, field="DelegateId")
        for each in sorted((mailbox.mailbox_id, delegate.mailbox_id)):
            accounts.lock(change.tx, each)  # in one order, so that no two wait for each other
        mailbox = find_active_mailbox(change.tx, actor, mailbox_id)
        if delegate.id == mailbox.id or delegate.organization_id != mailbox.organization_id:
            raise values.invalid(
                "DelegateId",
                f"{delegate.address} cannot be a delegate of {mailbox.address}",
                "another mailbox of the same organization",
            )
        active(change.tx, delegate, "DelegateId")
        if stored.grant(change.tx, mailbox.mailbox_id, delegate.mailbox_id, change.now_s):
            change.audit(
                "permission.grant",
                lifecycle.subject_of(mailbox),
                mailbox.organization_id,
                after={"delegate": delegate.address, "permission": "full_access"},
            )
        granted = stored.of_mailbox(change.tx, mailbox.mailbox_id)
        at_s = next(g.granted_at_s for g in granted if g.delegate_id == delegate.mailbox_id)
    return Granted(mailbox, delegate, at_s)


def revoke(management: Management, actor: Actor, mailbox_id: UUID, delegate_id: UUID) -> None:
    """Take full access back, from the delegate's next request on."""
    with management.change(actor) as change:
        mailbox = find_mailbox(change.tx, actor, mailbox_id)
        delegate = find_mailbox(change.tx, actor, delegate_id, field="DelegateId")
        if not stored.revoke(change.tx, mailbox.mailbox_id, delegate.mailbox_id):
            raise ManagementError(
                Code.PERMISSION_NOT_FOUND,
                f"{delegate.address} has no access to {mailbox.address}",
                field="DelegateId",
            )
        change.audit(
            "permission.revoke",
            lifecycle.subject_of(mailbox),
            mailbox.organization_id,
            before={"delegate": delegate.address, "permission": "full_access"},
        )


def list_(management: Management, actor: Actor, mailbox_id: UUID) -> Sequence[Granted]:
    """Who has full access to a mailbox, in the order of their addresses."""
    with management.look() as tx:
        mailbox = find_mailbox(tx, actor, mailbox_id)
        found = []
        for each in stored.of_mailbox(tx, mailbox.mailbox_id):
            delegate = accounts.by_mailbox(tx, each.delegate_id)
            assert delegate is not None
            found.append(Granted(mailbox, delegate, each.granted_at_s))
    return sorted(found, key=lambda each: each.delegate.address)
