"""Commands for what a mailbox shares: aliases, and permissions of delegates."""

from ewspush.control.management import names, records
from ewspush.control.subscription_records import Record
from ewspush.operations.management import aliases, mailboxes, permissions
from ewspush.operations.management.context import Actor, Management


def create_alias(
    management: Management,
    actor: Actor,
    mailbox: str,
    alias: str,
    description: str | None = None,
) -> Record:
    """Give a mailbox another address: a whole one in its domain, or only the local part."""
    id = names.mailbox_id(management, actor, mailbox)
    domain = names.domain_of(mailboxes.get(management, actor, id))
    local_part = names.alias_local_part(alias, domain, "LocalPart")
    return records.of_alias(aliases.create(management, actor, id, local_part, description))


def list_aliases(management: Management, actor: Actor, mailbox: str) -> list[Record]:
    id = names.mailbox_id(management, actor, mailbox)
    return [records.of_alias(alias) for alias in aliases.list_(management, actor, id)]


def delete_alias(management: Management, actor: Actor, alias: str) -> Record:
    id = names.alias_id(management, actor, alias)
    return records.of_alias(aliases.delete(management, actor, id))


def grant_permission(management: Management, actor: Actor, mailbox: str, delegate: str) -> Record:
    id = names.mailbox_id(management, actor, mailbox)
    delegate_id = names.delegate_id(management, actor, delegate)
    return records.of_permission(permissions.grant(management, actor, id, delegate_id))


def revoke_permission(management: Management, actor: Actor, mailbox: str, delegate: str) -> None:
    id = names.mailbox_id(management, actor, mailbox)
    delegate_id = names.delegate_id(management, actor, delegate)
    permissions.revoke(management, actor, id, delegate_id)


def list_permissions(management: Management, actor: Actor, mailbox: str) -> list[Record]:
    id = names.mailbox_id(management, actor, mailbox)
    return [records.of_permission(each) for each in permissions.list_(management, actor, id)]
