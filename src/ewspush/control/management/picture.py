"""Everything that is known of one mailbox."""

from itertools import takewhile

from ewspush.control.management import grants, names, records
from ewspush.control.subscription_records import Live, Record, describe, describe_pulled
from ewspush.operations.management import mailboxes
from ewspush.operations.management.context import Actor, Management
from ewspush.store import folders, impersonation, pull_subscriptions, subscriptions
from ewspush.store import mailboxes as stored
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox

_MOST_NAMED = 100  # mailboxes that the account may act for; `named` counts all of them


def show_mailbox(live: Live, management: Management, actor: Actor, mailbox: str) -> Record:
    """A mailbox with all that belongs to it. Of one that was purged only the account is left."""
    id = names.mailbox_id(management, actor, mailbox)
    account = mailboxes.get(management, actor, id)
    now_s = management.now_s()
    with management.look() as tx:
        row = stored.by_id(tx, account.mailbox_id)
        contents = _contents(tx, row, live, now_s) if row else _NOTHING
    return {
        **records.of_mailbox(account, now_s),
        "aliases": grants.list_aliases(management, actor, str(id)),
        "delegates": grants.list_permissions(management, actor, str(id)),
        **contents,
    }


_NOTHING: Record = {
    "folders": 0,
    "items": 0,
    "unread_items": 0,
    "events": 0,
    "events_ever": 0,
    "subscriptions": [],
    "may_act_for": {"all": False, "named": 0, "mailboxes": []},
}


def _contents(tx: Transaction, row: Mailbox, live: Live, now_s: int) -> Record:
    its_folders = folders.of_mailbox(tx, row.id)
    pushed = subscriptions.of_mailbox(tx, row.id)
    pulled = pull_subscriptions.of_mailbox(tx, row.id, now_s)
    return {
        "folders": len(its_folders),
        "items": sum(folder.total_count for folder in its_folders),
        "unread_items": sum(folder.unread_count for folder in its_folders),
        "events": row.head - row.floor,
        "events_ever": row.head,
        "subscriptions": [
            *describe(tx, [(row, one) for one in pushed], live),
            *(describe_pulled(tx, row, one) for one in pulled),
        ],
        "may_act_for": _rights(tx, row.id),
    }


def _rights(tx: Transaction, account: int) -> Record:
    extent = impersonation.extent(tx, account)
    found = impersonation.in_order(tx, (account, impersonation.ALL), _MOST_NAMED)
    own = takewhile(lambda right: right.account == account, found)
    return {
        "all": extent.is_of_all,
        "named": extent.named,
        "mailboxes": [right.of_address for right in own],
    }
