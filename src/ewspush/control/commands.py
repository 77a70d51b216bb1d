"""The commands that operators can give. They block; a running server calls them in a thread."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ewspush.control import CommandError, operators
from ewspush.control.attempt_records import list_attempts
from ewspush.control.management import management_commands
from ewspush.control.steering import Engine, Steering
from ewspush.control.subscription_records import (
    Live,
    Record,
    decode,
    describe,
    describe_exactly,
    in_whole_seconds,
    time_text,
)
from ewspush.core import addresses
from ewspush.core.accounts import Account, AccountStatus
from ewspush.operations.management.context import Change, Management
from ewspush.operations.management.lifecycle import subject_of
from ewspush.store import accounts, impersonation, mailboxes, outgoing, subscriptions
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.outgoing import Key, Outgoing
from ewspush.store.subscriptions import Subscription

PAGE = 500  # mailboxes, or subscriptions or a few more, in one answer


class Commands:
    """Commands on a database. `live` tells what a running engine knows of a subscription.

    `wake_relay` has a running relay look what is due; `engine` is the running engine.
    """

    def __init__(
        self,
        management: Management,
        live: Live = lambda _: None,
        wake_relay: Callable[[], object] = lambda: None,
        engine: Engine | None = None,
    ) -> None:
        self._management = management
        self._database = management.database
        self._live = live
        self._wake_relay = wake_relay
        self._engine = engine

    def by_name(self, operator: int) -> dict[str, Callable[..., Any]]:
        """The commands by the names under which the control socket knows them.

        `operator` is the id of the user who gives them.
        """
        steering = Steering(
            self._management, self._live, self._engine, partial(operators.actor, operator)
        )
        return {
            **management_commands(self._management, self._live, operator),
            **steering.by_name(),
            "impersonation.grant": partial(self.grant_impersonation, operator),
            "impersonation.list": self.list_impersonation,
            "impersonation.revoke": partial(self.revoke_impersonation, operator),
            "queue.list": self.list_queue,
            "queue.retry": self.retry_queue,
            "subscription.attempts": partial(list_attempts, self._database),
            "subscription.list": self.list_subscriptions,
            "subscription.show": self.show_subscription,
        }

    def grant_impersonation(self, operator: int, account: str, of: list[str] | None) -> Record:
        """Let an account act for these mailboxes, or for all; what it may now."""
        with self._management.change(operators.actor(operator)) as change:
            holder = _find_account(change.tx, account)
            if of is None:
                granted = [impersonation.ALL]
            else:
                granted = [_find_account(change.tx, address).mailbox_id for address in of]
            impersonation.grant(change.tx, holder.mailbox_id, granted)
            _audit(change, "impersonation.grant", holder, after={"of": of or "all"})
            return _describe_rights(change.tx, holder)

    def revoke_impersonation(self, operator: int, account: str, of: list[str] | None) -> Record:
        """Take rights to these mailboxes back, or every right; what the account still may."""
        with self._management.change(operators.actor(operator)) as change:
            holder = _find_account(change.tx, account)
            if of is None:
                impersonation.revoke_every(change.tx, holder.mailbox_id)
            for address in of or ():
                mailbox = _find_account(change.tx, address).mailbox_id
                if not impersonation.revoke(change.tx, holder.mailbox_id, mailbox):
                    raise CommandError(f"{holder.address} was not granted {address}")
            _audit(change, "impersonation.revoke", holder, before={"of": of or "all"})
            return _describe_rights(change.tx, holder)

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
            waited = outgoing.make_due(tx, owner, self._management.now_s())
        self._wake_relay()
        return {"messages": waited}

    def list_subscriptions(self, mailbox: str | None = None, after: int = 0) -> Record:
        """A page of subscriptions, live and over, by mailbox. `next` is where to go on, or null."""
        with self._database.read() as tx:
            if mailbox is not None:
                following: int | None = None
                some = [_find_mailbox(tx, mailbox)]
            else:
                some = mailboxes.after(tx, after, PAGE)
                following = some[-1].id if len(some) == PAGE else None
            found: list[tuple[Mailbox, Subscription]] = []
            for owner in some:
                found += [(owner, one) for one in subscriptions.of_mailbox(tx, owner.id)]
                if len(found) >= PAGE and mailbox is None:
                    following = owner.id
                    break
            described = describe(tx, found, self._live)
        return {"subscriptions": described, "next": following}

    def show_subscription(self, id: str) -> Record:
        """Everything that is known of one subscription."""
        return in_whole_seconds(self.subscription_exactly(id))

    def subscription_exactly(self, id: str) -> Record:
        """The same, with times to come in seconds since the epoch."""
        wanted = decode(id)
        with self._database.read() as tx:
            owner = mailboxes.by_id(tx, wanted.mailbox)
            found = subscriptions.by_number(tx, wanted.mailbox, wanted.number)
            if owner is None or found is None:
                raise CommandError(f"there is no subscription {id}")
            return describe_exactly(tx, [(owner, found)], self._live)[0]


def _find_account(tx: Transaction, address: str) -> Account:
    """The account of the mailbox at an address, one that is disabled too."""
    local_part, _, domain = _normalize(address).rpartition("@")
    account = accounts.by_address(tx, domain, local_part)
    if account is None or account.status is AccountStatus.DELETED:
        raise CommandError(f"there is no mailbox {address}")
    return account


def _find_mailbox(tx: Transaction, address: str) -> Mailbox:
    mailbox = mailboxes.by_id(tx, _find_account(tx, address).mailbox_id)
    assert mailbox is not None, "it is purged only when its account is deleted"
    return mailbox


def _normalize(address: str) -> str:
    try:
        return addresses.normalize(address)
    except addresses.InvalidAddress as error:
        raise CommandError(str(error)) from None


def _audit(change: Change, action: str, holder: Account, **what: Mapping[str, object]) -> None:
    change.audit(action, subject_of(holder), holder.organization_id, **what)


def _describe_rights(tx: Transaction, account: Account) -> Record:
    extent = impersonation.extent(tx, account.mailbox_id)
    return {"account": account.address, "of_all": extent.is_of_all, "named": extent.named}


def _describe_outgoing(tx: Transaction, one: Outgoing) -> Record:
    owner = mailboxes.by_id(tx, one.mailbox)
    return {
        "mailbox": owner.address if owner else None,
        "sender": one.sender,
        "recipients": one.recipients,
        "size": one.size,
        "queued_at": time_text(one.created_at_s),
        "failures": one.failures,
        "next_at": time_text(one.due_at_s),
        "last_failure": one.last_failure,
    }
