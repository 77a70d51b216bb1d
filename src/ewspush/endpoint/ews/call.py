"""What a service is given beside the request itself."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lxml import etree

from ewspush.core import addresses
from ewspush.core.errors import EwsError
from ewspush.core.ids import ObjectId
from ewspush.operations import Database, sending
from ewspush.operations.delegates import Journals
from ewspush.operations.mailboxes import Mailbox
from ewspush.operations.subscriptions import JudgeUrl, Subscribed
from ewspush.wire import ids
from ewspush.wire.namespaces import TYPES


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
    def journals(
        self, named: Iterable[etree._Element] = (), *, may_send: bool = False
    ) -> Iterator[Journals]:
        """One transaction that changes mailboxes, and may send from the caller's.

        `named` are the ids of what is changed if there may be several.
        """
        with self.backend.database.write() as tx:
            if may_send or any(map(self._is_elsewhere, named)):
                sending.begin(tx)
            yield Journals(tx, self.caller, self.backend.now_s())

    def _is_elsewhere(self, id: etree._Element) -> bool:
        """Whether an id may be of another's mailbox. A bad one is answered in its own message."""
        if id.tag == f"{{{TYPES}}}DistinguishedFolderId":
            address = id.findtext(f"{{{TYPES}}}Mailbox/{{{TYPES}}}EmailAddress")
            return address is not None and addresses.fold(address) != self.caller.address
        try:
            return ids.decode(id.get("Id", "")).mailbox != self.caller.id
        except EwsError:
            return False
