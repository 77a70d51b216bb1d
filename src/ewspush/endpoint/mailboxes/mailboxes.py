"""Mailboxes."""

from typing import Any
from uuid import UUID

from ewspush.core.accounts import Account
from ewspush.endpoint.mailboxes import listing, types, values
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.operation import Answer, operation
from ewspush.endpoint.mailboxes.types import COUNT, OPTIONAL_TEXT, TEXT, required
from ewspush.endpoint.mailboxes.values import given, optional_period
from ewspush.endpoint.spyne_compat import Service
from ewspush.operations.management import mailboxes

_MAILBOX_ID = {"MailboxId": TEXT}
_MAILBOX = {"Mailbox": required(types.Mailbox)}


def _answer(call: Call, account: Account) -> Answer:
    return {"Mailbox": values.mailbox(account, call.management.now_s())}


class Mailboxes(Service):
    @operation(
        "CreateMailboxes",
        {
            "DomainId": TEXT,
            "SubscriptionPeriod": OPTIONAL_TEXT,
            "Mailboxes": required(types.ArrayOfNewMailbox),
        },
        {"Mailboxes": required(types.ArrayOfMailbox)},
    )
    def create(call: Call, request: Any) -> Answer:
        wanted = [
            values.mailbox_request(each, optional_period(each.SubscriptionPeriod))
            for each in request.Mailboxes.Mailbox
        ]
        period = given(period=optional_period(request.SubscriptionPeriod))
        domain_id = UUID(request.DomainId)
        created = mailboxes.create(call.management, call.actor, domain_id, wanted, **period)
        now_s = call.management.now_s()
        listed = [values.mailbox(each, now_s) for each in created]
        return {"Mailboxes": types.ArrayOfMailbox(Mailbox=listed)}

    @operation(
        "ListMailboxes",
        listing.members("Statuses", types.ArrayOfStatus),
        {"Mailboxes": required(types.ArrayOfMailbox), "TotalCount": COUNT},
    )
    def list_(call: Call, request: Any) -> Answer:
        found = listing.find(call, request, request.Statuses and request.Statuses.Status)
        now_s = call.management.now_s()
        listed = [values.mailbox(each, now_s) for each in found.entries]
        return {
            "Mailboxes": types.ArrayOfMailbox(Mailbox=listed),
            "TotalCount": found.total_count,
        }

    @operation("GetMailbox", _MAILBOX_ID, _MAILBOX)
    def get(call: Call, request: Any) -> Answer:
        id = UUID(request.MailboxId)
        return _answer(call, mailboxes.get(call.management, call.actor, id))

    @operation(
        "UpdateMailbox",
        {**_MAILBOX_ID, "SubscriptionPeriod": OPTIONAL_TEXT, "NewPassword": OPTIONAL_TEXT},
        _MAILBOX,
    )
    def update(call: Call, request: Any) -> Answer:
        id, period = UUID(request.MailboxId), optional_period(request.SubscriptionPeriod)
        updated = mailboxes.update(call.management, call.actor, id, period, request.NewPassword)
        return _answer(call, updated)

    @operation("DeleteMailbox", _MAILBOX_ID, _MAILBOX)
    def delete(call: Call, request: Any) -> Answer:
        id = UUID(request.MailboxId)
        return _answer(call, mailboxes.delete(call.management, call.actor, id))

    @operation("RestoreMailbox", _MAILBOX_ID, _MAILBOX)
    def restore(call: Call, request: Any) -> Answer:
        id = UUID(request.MailboxId)
        return _answer(call, mailboxes.restore(call.management, call.actor, id))
