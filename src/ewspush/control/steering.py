"""What operators do to a push subscription: pause and resume it, and have it sent something now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ewspush.control import CommandError
from ewspush.control.subscription_records import Live, Record, decode, time_text
from ewspush.core import watermark
from ewspush.core.errors import InvalidWatermark
from ewspush.core.ids import ObjectId
from ewspush.core.subscription import Parked
from ewspush.operations.management.context import Actor, Change, Management
from ewspush.operations.management.lifecycle import subject_of
from ewspush.store import accounts, attempts, mailboxes, pull_subscriptions, subscriptions
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import Mailbox
from ewspush.store.subscriptions import Subscription

Attempted = Record
"""How an attempt ended: `outcome`, `detail`, `http_status` (or null) and `ms`.

The outcome "waiting" is of one that had not ended after as long as anybody waits for it.
"""


class Engine(Protocol):
    """A running engine, for those who block until it has done what it is told.

    What sends something raises CommandError if that is not possible now.
    """

    def pause(self, id: ObjectId) -> None:
        """Send nothing more to a subscription whose row says that it is paused."""

    def resume(self, id: ObjectId) -> None:
        """Take a subscription up as its row says."""

    def end(self, id: ObjectId) -> None:
        """Forget a subscription whose row says that it has ended."""

    def retry_now(self, id: ObjectId) -> Attempted:
        """Make the attempt that a subscription waits for, without waiting."""

    def heartbeat(self, id: ObjectId) -> Attempted:
        """Send a StatusEvent, or the events that are due."""

    def rewind(self, id: ObjectId, sequence: int) -> Attempted:
        """Move the cursor back to a sequence, and send what follows it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A live push subscription of a mailbox in use."""

    id: ObjectId
    one: Subscription
    owner: Mailbox


class Steering:
    """The commands, as given by `actor`.

    That is asked when a command is carried out: to find a name may take a while. `engine` is None
    if no server runs.
    """

    def __init__(
        self,
        management: Management,
        live: Live,
        engine: Engine | None,
        actor: Callable[[], Actor],
    ) -> None:
        self._management = management
        self._live = live
        self._engine = engine
        self._actor = actor

    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names under which the control socket knows them."""
        return {
            "subscription.end": self.end,
            "subscription.heartbeat": self.heartbeat,
            "subscription.pause": self.pause,
            "subscription.resend": self.resend,
            "subscription.resume": self.resume,
            "subscription.retry_now": self.retry_now,
        }

    def pause(self, id: str) -> Record:
        """Send nothing until it is resumed. What it has not acknowledged is kept for it."""
        with self._management.change(self._actor()) as change:
            found = _find(change.tx, id, change.now_s)
            now_s = change.now_s
            if not subscriptions.pause(change.tx, found.id.mailbox, found.id.number, now_s):
                raise CommandError("it is paused already")
            _audit(change, "subscription.pause", found, id)
        if self._engine is not None:
            self._engine.pause(found.id)
        return {"id": id, "paused_at": time_text(now_s)}

    def resume(self, id: str) -> Record:
        """Go on from the last acknowledgement. Retries begin anew, with a whole window."""
        with self._management.change(self._actor()) as change:
            found = _find(change.tx, id, change.now_s)
            if not subscriptions.resume(change.tx, found.id.mailbox, found.id.number):
                raise CommandError("it is not paused")
            _audit(change, "subscription.resume", found, id)
        if self._engine is not None:
            self._engine.resume(found.id)
        return {"id": id, "paused_at": None}

    def end(self, id: str) -> Record:
        """End it, as its responder could by Unsubscribe. Its client has to subscribe again."""
        with self._management.change(self._actor()) as change:
            found = _find(change.tx, id, change.now_s)
            now_s = change.now_s
            if not subscriptions.end(change.tx, found.id.mailbox, found.id.number, now_s):
                raise CommandError("it is over already")
            _audit(change, "subscription.end", found, id)
        if self._engine is not None:
            self._engine.end(found.id)
        return {"id": id, "over_at": time_text(now_s)}

    def retry_now(self, id: str) -> Attempted:
        """Try a notification that waits to be tried again now; how that ended."""
        engine, found = self._find_sending(id)
        return self._put_down("retry_now", found, id, engine.retry_now(found.id))

    def heartbeat(self, id: str) -> Attempted:
        """Send a notification now, though none is due; how that ended."""
        engine, found = self._find_sending(id)
        return self._put_down("heartbeat", found, id, engine.heartbeat(found.id))

    def resend(self, id: str, watermark: str | None = None) -> Attempted:
        """Send again what follows a watermark; how the first notification ended.

        Without one: from the PreviousWatermark of the last notification with events that was
        acknowledged.
        """
        engine, found = self._find_sending(id)
        sequence = self._start(found, watermark)
        return self._put_down("resend", found, id, engine.rewind(found.id, sequence), sequence)

    def _find_sending(self, id: str) -> tuple[Engine, _Found]:
        with self._management.look() as tx:
            found = _find(tx, id, self._management.now_s())
        if found.one.paused_at_s is not None:
            raise CommandError(f"paused since {time_text(found.one.paused_at_s)}: resume it first")
        if self._engine is None:
            raise CommandError("this needs a running server, and none runs on this database")
        return self._engine, found

    def _start(self, found: _Found, text: str | None) -> int:
        """Where to send from."""
        given = None if text is None else _decode_watermark(text, found.owner)
        sequence = self._last_delivered(found) if given is None else given
        cursor = (self._live(found.id) or {}).get("acknowledged", found.one.acknowledged)
        if sequence > cursor:
            raise CommandError("that is after the last watermark acknowledged: nothing to repeat")
        return sequence

    def _last_delivered(self, found: _Found) -> int:
        with self._management.look() as tx:
            last = attempts.last_with_events(tx, found.id.mailbox, found.id.number)
        if last is None:
            raise CommandError(
                "the attempt log has no acknowledged notification with events of this subscription:"
                " say from which watermark"
            )
        if last.attempt.previous < found.owner.floor:
            raise CommandError("events of the last notification are not kept any more")
        return last.attempt.previous

    def _put_down(
        self,
        action: str,
        found: _Found,
        id: str,
        attempted: Attempted,
        sequence: int | None = None,
    ) -> Attempted:
        """In the audit log: what the engine refuses was not done."""
        what = {"outcome": attempted["outcome"]}
        if sequence is not None:
            what["from"] = watermark.encode(found.owner.watermark_base, sequence)
        with self._management.change(self._actor()) as change:
            _audit(change, f"subscription.{action}", found, id, **what)
        return attempted


def _find(tx: Transaction, id: str, now_s: int) -> _Found:
    wanted = decode(id)
    owner = mailboxes.by_id(tx, wanted.mailbox)
    one = subscriptions.by_number(tx, wanted.mailbox, wanted.number)
    if owner is None or one is None:
        if pull_subscriptions.by_number(tx, wanted.mailbox, wanted.number, now_s) is not None:
            raise CommandError("it is no push subscription: its client reads it when it likes")
        raise CommandError(f"there is no subscription {id}")
    if one.over_at_s is not None:
        what = "parked" if isinstance(one.phase, Parked) else "ended"
        since = time_text(one.over_at_s)
        raise CommandError(f"{what} since {since}: its client has to subscribe again")
    if owner.disabled_at_s is not None:
        raise CommandError(
            f"its mailbox is disabled since {time_text(owner.disabled_at_s)}: nothing is sent"
            " before that is restored"
        )
    return _Found(wanted, one, owner)


def _decode_watermark(text: str, owner: Mailbox) -> int:
    try:
        return watermark.decode(text, owner.watermark_base, owner.floor, owner.head)
    except InvalidWatermark:
        raise CommandError(
            f"{text} is no watermark of this mailbox, or of before the events that are kept"
        ) from None


def _audit(change: Change, action: str, found: _Found, id: str, **what: object) -> None:
    account = accounts.by_mailbox(change.tx, found.id.mailbox)
    assert account is not None, "accounts stay for ever"
    after = {"subscription": id, **what}
    change.audit(action, subject_of(account), account.organization_id, after=after)
