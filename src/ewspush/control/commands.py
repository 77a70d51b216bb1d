"""The commands that operators can give. They block; a running server calls them in a thread."""

from collections.abc import Callable, Sequence
from typing import Any

from ewspush.control import CommandError
from ewspush.core import addresses, times, watermark
from ewspush.core.errors import EwsError
from ewspush.core.ids import Kind, ObjectId
from ewspush.core.subscription import Retrying
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.operations import passwords
from ewspush.store import folders, impersonation, mailboxes, outgoing, subscriptions
from ewspush.store.database import Database, Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.outgoing import Key, Outgoing
from ewspush.store.subscriptions import Subscription
from ewspush.wire import ids

PAGE = 500  # mailboxes, and subscriptions or a few more, in one answer

Record = dict[str, Any]
"""A JSON object."""


class Commands:
    """Commands on a database. `live` tells what a running engine knows of a subscription.

    `wake_relay` has a running relay look what is due.
    """

    def __init__(
        self,
        database: Database,
        now_s: Callable[[], float],
        live: Callable[[ObjectId], Record | None] = lambda _: None,
        wake_relay: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._now_s = now_s
        self._live = live
        self._wake_relay = wake_relay

    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names under which the control socket knows them."""
        return {
            "impersonation.grant": self.grant_impersonation,
            "impersonation.list": self.list_impersonation,
            "impersonation.revoke": self.revoke_impersonation,
            "mailbox.create": self.create_mailbox,
            "mailbox.list": self.list_mailboxes,
            "queue.list": self.list_queue,
            "queue.retry": self.retry_queue,
            "subscription.list": self.list_subscriptions,
            "subscription.show": self.show_subscription,
        }

    def create_mailbox(self, address: str, password: str | None = None) -> Record:
        """Create a mailbox; its password is generated, and in the answer, if none is given."""
        chosen = passwords.generate() if password is None else password
        if not 0 < len(chosen) <= passwords.LONGEST:
            raise CommandError(f"a password should have 1 to {passwords.LONGEST} characters")
        address = _normalize(address)
        password_hash = passwords.hash_password(chosen)
        try:
            with self._database.write() as tx:
                mailbox = mailbox_operations.create(tx, address, password_hash, int(self._now_s()))
        except mailbox_operations.AddressTaken as error:
            raise CommandError(str(error)) from None
        created = {"address": mailbox.address}
        return created if password is not None else {**created, "password": chosen}

    def list_mailboxes(self, after: str = "") -> list[Record]:
        """A page of mailboxes in the order of their addresses, those after `after`."""
        with self._database.read() as tx:
            return [
                {
                    "address": mailbox.address,
                    "created_at": _time(mailbox.created_at_s),
                    "events": mailbox.head,
                    "subscriptions": subscriptions.count_live(tx, mailbox.id),
                }
                for mailbox in mailboxes.in_order(tx, after, PAGE)
            ]

    def grant_impersonation(self, account: str, of: list[str] | None) -> Record:
        """Let an account act for these mailboxes, or for all; what it may now."""
        with self._database.write() as tx:
            holder = _find_mailbox(tx, account)
            if of is None:
                granted = [impersonation.ALL]
            else:
                granted = [_find_mailbox(tx, address).id for address in of]
            impersonation.grant(tx, holder.id, granted)
            return _describe_rights(tx, holder)

    def revoke_impersonation(self, account: str, of: list[str] | None) -> Record:
        """Take rights to these mailboxes back, or every right; what the account still may."""
        with self._database.write() as tx:
            holder = _find_mailbox(tx, account)
            if of is None:
                impersonation.revoke_every(tx, holder.id)
            for address in of or ():
                if not impersonation.revoke(tx, holder.id, _find_mailbox(tx, address).id):
                    raise CommandError(f"{holder.address} was not granted {address}")
            return _describe_rights(tx, holder)

    def list_impersonation(self, after: Sequence[int] = (0, 0)) -> Record:
        """A page of rights; `of` is null in one to all. `next` is where to go on, or null."""
        with self._database.read() as tx:
            found = impersonation.in_order(tx, (after[0], after[1]), PAGE)
        return {
            "rights": [{"account": each.account_address, "of": each.of_address} for each in found],
            "next": found[-1][:2] if len(found) == PAGE else None,
        }

    def list_queue(self, mailbox: str | None = None, after: Sequence[int] = (0, 0)) -> Record:
        """A page of mail to recipients elsewhere. `next` is where to go on, or null."""
        with self._database.read() as tx:
            owner = None if mailbox is None else _find_mailbox(tx, mailbox).id
            found = outgoing.in_order(tx, owner, Key(after[0], after[1]), PAGE)
            described = [_describe_outgoing(tx, each) for each in found]
        return {"messages": described, "next": found[-1].key if len(found) == PAGE else None}

    def retry_queue(self, mailbox: str | None = None) -> Record:
        """Have mail to recipients elsewhere that waits tried now; how many messages waited."""
        with self._database.write() as tx:
            owner = None if mailbox is None else _find_mailbox(tx, mailbox).id
            waited = outgoing.make_due(tx, owner, int(self._now_s()))
        self._wake_relay()
        return {"messages": waited}

    def list_subscriptions(self, mailbox: str | None = None, after: str = "") -> Record:
        """A page of subscriptions, live and over, by mailbox. `next` is where to go on, or null."""
        with self._database.read() as tx:
            if mailbox is not None:
                some, following = [_find_mailbox(tx, mailbox)], None
            else:
                some = mailboxes.in_order(tx, after, PAGE)
                following = some[-1].address if len(some) == PAGE else None
            found: list[Record] = []
            for owner in some:
                of_mailbox = subscriptions.of_mailbox(tx, owner.id)
                found += [self._describe(tx, owner, one) for one in of_mailbox]
                if len(found) >= PAGE and mailbox is None:
                    following = owner.address
                    break
        return {"subscriptions": found, "next": following}

    def show_subscription(self, id: str) -> Record:
        """Everything that is known of one subscription."""
        wanted = _decode(id)
        with self._database.read() as tx:
            owner = mailboxes.by_id(tx, wanted.mailbox)
            found = subscriptions.by_number(tx, wanted.mailbox, wanted.number)
            if owner is None or found is None:
                raise CommandError(f"there is no subscription {id}")
            return self._describe(tx, owner, found)

    def _describe(self, tx: Transaction, owner: Mailbox, one: Subscription) -> Record:
        id = ObjectId(Kind.SUBSCRIPTION, one.mailbox, one.number)
        described: Record = {
            "id": ids.encode(id.kind, id.mailbox, id.number),
            "kind": "push",
            "mailbox": owner.address,
            "url": one.url,
            "folders": _folder_names(tx, one),
            "event_types": sorted(type_.element for type_ in one.wanted.types),
            "status_frequency_min": one.status_frequency_min,
            "caller_data": one.caller_data,
            "created_at": _time(one.created_at_s),
            "phase": type(one.phase).__name__.lower(),
            "failures": one.phase.failures if isinstance(one.phase, Retrying) else 0,
            "acknowledged": one.acknowledged,
            "over_at": _time(one.over_at_s),
            "next": None,
            "next_at": None,
            "gives_up_at": _gives_up_s(one),
            "last_attempt": None,
        }
        described |= self._live(id) or {}
        described["watermark"] = watermark.encode(owner.watermark_base, described["acknowledged"])
        described["behind"] = max(0, owner.head - described["acknowledged"])
        for key in ("next_at", "gives_up_at"):
            described[key] = _time(described[key])
        if described["last_attempt"]:
            described["last_attempt"]["at"] = _time(described["last_attempt"]["at"])
        return described


def _decode(id: str) -> ObjectId:
    try:
        decoded = ids.decode(id)
    except EwsError:
        raise CommandError(f"there is no subscription {id}: that is not an id of ewspush") from None
    if decoded.kind is not Kind.SUBSCRIPTION:
        kind = decoded.kind.name.lower()
        raise CommandError(f"there is no subscription {id}: that is an id of a {kind}")
    return decoded


def _find_mailbox(tx: Transaction, address: str) -> Mailbox:
    mailbox = mailboxes.by_address(tx, _normalize(address))
    if mailbox is None:
        raise CommandError(f"there is no mailbox {address}")
    return mailbox


def _normalize(address: str) -> str:
    try:
        return addresses.normalize(address)
    except addresses.InvalidAddress as error:
        raise CommandError(str(error)) from None


def _describe_rights(tx: Transaction, account: Mailbox) -> Record:
    extent = impersonation.extent(tx, account.id)
    return {"account": account.address, "of_all": extent.is_of_all, "named": extent.named}


def _describe_outgoing(tx: Transaction, one: Outgoing) -> Record:
    owner = mailboxes.by_id(tx, one.mailbox)
    return {
        "mailbox": owner.address if owner else None,
        "sender": one.sender,
        "recipients": one.recipients,
        "size": one.size,
        "queued_at": _time(one.created_at_s),
        "failures": one.failures,
        "next_at": _time(one.due_at_s),
        "last_failure": one.last_failure,
    }


def _gives_up_s(one: Subscription) -> float | None:
    if not isinstance(one.phase, Retrying):
        return None
    return one.phase.since_s + one.status_frequency_min * 60


def _folder_names(tx: Transaction, one: Subscription) -> list[str] | None:
    if one.wanted.folders is None:
        return None
    found = (folders.by_number(tx, one.mailbox, number) for number in sorted(one.wanted.folders))
    return [folder.distinguished_name or folder.display_name for folder in found if folder]


def _time(at_s: float | None) -> str | None:
    return None if at_s is None else times.to_text(int(at_s))
