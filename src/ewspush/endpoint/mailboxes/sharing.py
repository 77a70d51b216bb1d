"""Aliases of mailboxes, and permissions to use them."""

from typing import Any
from uuid import UUID

from ewspush.core.accounts import AccountStatus
from ewspush.endpoint.mailboxes import types, values
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.operation import Answer, operation
from ewspush.endpoint.mailboxes.types import OPTIONAL_TEXT, TEXT, required
from ewspush.endpoint.spyne_compat import Service
from ewspush.operations.management import aliases, mailboxes, permissions

_MAILBOX_ID = {"MailboxId": TEXT}
_BOTH_IDS = {**_MAILBOX_ID, "DelegateId": TEXT}


class Aliases(Service):
    @operation(
        "CreateMailboxAlias",
        {**_MAILBOX_ID, "LocalPart": TEXT, "Description": OPTIONAL_TEXT},
        {"Alias": required(types.MailboxAlias)},
    )
    def create(call: Call, request: Any) -> Answer:
        id = UUID(request.MailboxId)
        created = aliases.create(
            call.management, call.actor, id, request.LocalPart, request.Description
        )
        return {"Alias": values.alias(created, id, AccountStatus.ACTIVE)}

    @operation(
        "ListMailboxAliases",
        _MAILBOX_ID,
        {"Aliases": required(types.ArrayOfMailboxAlias)},
    )
    def list_(call: Call, request: Any) -> Answer:
        mailbox = mailboxes.get(call.management, call.actor, UUID(request.MailboxId))
        listed = [
            values.alias(each, mailbox.id, mailbox.status)
            for each in aliases.list_(call.management, call.actor, mailbox.id)
        ]
        return {"Aliases": types.ArrayOfMailboxAlias(Alias=listed)}

    @operation("DeleteMailboxAlias", {"AliasId": TEXT}, {})
    def delete(call: Call, request: Any) -> Answer:
        aliases.delete(call.management, call.actor, UUID(request.AliasId))
        return {}


class Permissions(Service):
    @operation(
        "GrantMailboxPermission", _BOTH_IDS, {"Permission": required(types.MailboxPermission)}
    )
    def grant(call: Call, request: Any) -> Answer:
        ids = UUID(request.MailboxId), UUID(request.DelegateId)
        granted = permissions.grant(call.management, call.actor, *ids)
        return {"Permission": values.permission(granted)}

    @operation("RevokeMailboxPermission", _BOTH_IDS, {})
    def revoke(call: Call, request: Any) -> Answer:
        ids = UUID(request.MailboxId), UUID(request.DelegateId)
        permissions.revoke(call.management, call.actor, *ids)
        return {}

    @operation(
        "ListMailboxPermissions",
        _MAILBOX_ID,
        {"Permissions": required(types.ArrayOfMailboxPermission)},
    )
    def list_(call: Call, request: Any) -> Answer:
        id = UUID(request.MailboxId)
        found = permissions.list_(call.management, call.actor, id)
        listed = [values.permission(each) for each in found]
        return {"Permissions": types.ArrayOfMailboxPermission(Permission=listed)}
