"""What a service is given beside the request itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ewspush.core.ids import ObjectId
from ewspush.operations import Database, sending
from ewspush.operations.journal import Journal
from ewspush.operations.mailboxes import Mailbox
from ewspush.operations.subscriptions import JudgeUrl, Subscribed


@dataclass(frozen=True, slots=True)
class Backend:
    """What services act on, the same for all calls."""

    database: Database
    judge_url: JudgeUrl
    unsubscribed: Callable[[ObjectId], None]  # told after the commit
    subscription_limit: int  # live push subscriptions per mailbox
    pull_subscription_limit: int  # pull and streaming subscriptions per mailbox
    now_s: Callable[[], int]  # seconds since the epoch
    queue_limit: int = 0  # messages to recipients elsewhere per mailbox; 0 without a relay


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """GetStreamingEvents, held against the database: events are to be sent as they come."""

    mailbox: Mailbox
    subscriptions: tuple[ObjectId, ...]
    timeout_s: int  # ConnectionTimeout
    invalid: tuple[str, ...] = ()  # ids that cannot be streamed: the answer is an error


@dataclass(slots=True)
class Call:
    """One request: who asks, and what came of it."""

    caller: Mailbox
    server_version: str  # RequestServerVersion
    backend: Backend
    subscribed: list[Subscribed] = field(default_factory=list)
    stream: StreamRequest | None = None  # instead of an answer
    raised: Exception | None = None  # by the service

    @contextmanager
    def journal(self, *, may_send: bool = False) -> Iterator[Journal]:
        """One transaction that changes the caller's mailbox, and may send from it."""
        with self.backend.database.write() as tx:
            if may_send:
                sending.begin(tx)
            yield Journal(tx, self.caller.id, self.backend.now_s())
