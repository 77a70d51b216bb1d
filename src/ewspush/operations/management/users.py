"""Users. Each has one mailbox, and shares its life."""

from uuid import UUID

from ewspush.core.accounts import Account, DeletionCause
from ewspush.core.management import ManagementError
from ewspush.core.renewal import Period
from ewspush.operations.management import lifecycle, mailboxes
from ewspush.operations.management.context import Actor, Management
from ewspush.operations.management.finding import active, find_user
from ewspush.operations.management.mailboxes import MailboxRequest
from ewspush.store import mailboxes as stored


def create(
    management: Management,
    actor: Actor,
    domain_id: UUID,
    wanted: MailboxRequest,
    period: Period = Period.MONTHLY,
) -> Account:
    """Create a user, enabled, with a mailbox."""
    try:
        (account,) = mailboxes.create(management, actor, domain_id, [wanted], period)
    except ManagementError as error:
        if error.field is not None:
            error.field = error.field.removeprefix("Mailboxes[1].")
        raise
    return account


def describe(management: Management, actor: Actor, user_id: UUID) -> Account:
    """The user with this id, a deleted one too."""
    with management.look() as tx:
        return find_user(tx, actor, user_id)


def disable(management: Management, actor: Actor, user_id: UUID) -> Account:
    """Let a user's mailbox be used by nobody, and schedule its unrecoverable deletion."""
    with management.change(actor) as change:
        account = find_user(change.tx, actor, user_id)
        return lifecycle.disable(change, account.mailbox_id, "user.disable")


def enable(management: Management, actor: Actor, user_id: UUID) -> Account:
    """Bring a disabled user's mailbox back as it was."""
    with management.change(actor) as change:
        account = find_user(change.tx, actor, user_id)
        return lifecycle.restore(change, account.mailbox_id, "user.enable")


def delete(management: Management, actor: Actor, user_id: UUID) -> Account:
    """Delete a user, and all that their mailbox has, for good and at once."""
    with management.change(actor) as change:
        account = find_user(change.tx, actor, user_id)
        cause = DeletionCause.USER_DELETED
        return lifecycle.delete(change, account.mailbox_id, cause, "user.delete")


def change_password(management: Management, actor: Actor, user_id: UUID, password: str) -> Account:
    """Give a user another password."""
    account = describe(management, actor, user_id)
    password_hash = mailboxes.hash_password(management, account, password, "Password")
    with management.change(actor) as change:
        account = active(change.tx, find_user(change.tx, actor, user_id), "UserId")
        stored.set_password_hash(change.tx, account.mailbox_id, password_hash)
        change.audit("user.change_password", lifecycle.subject_of(account), account.organization_id)
    return account
