"""A server under load with its subscriptions, its responder, and what its event log says came."""

import re
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import OK
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

from ewspush.core.events import EventType
from ewspush.settings import Address
from faults.load import ITEM_ID, ITEMS, Load
from faults.places import SmallDisk, free_port
from faults.reckoning import Counts
from faults.responder import HOST, Port, Responder
from support.ews import ALL_TYPES, subscribe
from support.items import create_item, distinguished, message
from support.running_server import (
    QUICK_HASH,
    QUICK_PASSWORD,
    EwsClient,
    Log,
    Mailbox,
    ServerProcess,
)
from support.strict_reader import Chain

UNWRITTEN = 100  # acknowledgements that a kill may lose: the two groups together
_MOST_PROBLEMS = 20  # that are told
_MISTAKES = ("delivery.internal_error", "delivery.bug")
_WENT_WELL = re.compile(r'"event": "(lmtp\.delivered|ews\.answered)"')


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    mailboxes: int
    rate: float  # events a second in the mailboxes' logs
    patience_s: float  # until everything must have come after a fault is mended
    timeout_s: float = 5.0  # of a notification


@dataclass(frozen=True)
class Kind:
    """What a subscription wants: its types, in some folders or in all."""

    types: tuple[str, ...]
    folders: tuple[str, ...]  # none: SubscribeToAllFolders
    status_frequency_min: int


# The three subscriptions that a mailbox may have. Windows are longer than any fault: what is parked
# gets nothing more.
KINDS = (
    Kind(ALL_TYPES, (), 30),
    Kind(("NewMailEvent", "CreatedEvent"), ("inbox",), 30),
    Kind(("ModifiedEvent", "CopiedEvent", "DeletedEvent"), ("inbox", "drafts"), 5),
)


@dataclass(frozen=True)
class Subscribed:
    """A subscription, as its client knows it."""

    id: str
    address: str
    kind: Kind


@dataclass(frozen=True)
class Reckoned:
    """What came between two times at which everything had come."""

    counts: Counts
    logged: int  # events
    mail_lost: int  # deliveries that were accepted and are not in the log
    worst_kill: int  # notifications repeated for it
    forgotten_s: float  # how old, at a kill, the oldest acknowledgement was that is repeated
    problems: Sequence[str]  # what was wrong, in words


class FaultyServer(ServerProcess):
    """On ports of our choice, in an environment to which something can be added."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.log = _Log()
        self.environment: dict[str, str] = {}
        self.disk: SmallDisk | None = None  # on which its data are, if it is a small one
        self._http, self._lmtp = Address(HOST, free_port()), Address(HOST, free_port())

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), **self.environment}

    def close(self) -> None:
        """Leave nothing behind, not even the disk."""
        if self._process is not None:
            self.kill()
        if self.disk is not None:
            self.disk.close()
        super().close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def database_file(self) -> Path:
        return self.data / "ewspush.db"


class _Log(Log):
    """Without the lines of what went well."""

    def _read(self, stream: IO[str]) -> None:
        super()._read(line for line in stream if not _WENT_WELL.search(line))


class World:
    """Everything that a fault can strike."""

    def __init__(self, server: FaultyServer, responder: Responder, size: Size) -> None:
        self.server = server
        self.responder = responder
        self.size = size
        self.load: Load
        self._repeated: Counter[int] = Counter()  # notifications, by kill
        self.subscriptions: list[Subscribed] = []
        self._after: dict[str, int] = {}  # by address: the sequence at which all had come

    # Its life

    @classmethod
    @contextmanager
    def made(cls, size: Size, seed: int, megabytes: int = 0) -> Iterator[Self]:
        """For a block; with a database on a disk of so many MB, if that is not 0.

        Raises Impossible where there can be no such disk.
        """
        with ExitStack() as held:
            folder = Path(held.enter_context(TemporaryDirectory()))
            responder = held.enter_context(closing(Responder(http=6, https=2, seed=seed)))
            server = FaultyServer(
                delivery_unwritten=UNWRITTEN,
                delivery_timeout_s=size.timeout_s,
                delivery_origin_requests=10,
                delivery_ca_file=_written(folder / "ca.pem", responder.ca_pem),
                log_level="info",
            )
            held.enter_context(closing(server))
            if megabytes:
                server.disk = SmallDisk(server.data, megabytes)
            world = cls(server, responder, size)
            server.start(same_ports=True)
            items = world._subscribe()
            world._after.update(world._read_log().heads)
            world.load = held.enter_context(closing(Load(server, size.rate, items)))
            yield world

    def _subscribe(self) -> list[tuple[Mailbox, list[str]]]:
        addresses = [f"user{n}@example.com" for n in range(self.size.mailboxes)]
        self.server.control.call("mailbox.create", addresses=addresses)
        with self.server.database() as database:  # or every restart verifies passwords for seconds
            database.execute("UPDATE mailboxes SET password_hash = ?", [QUICK_HASH])
        return [
            self._furnish(number, Mailbox(address, QUICK_PASSWORD))
            for number, address in enumerate(addresses)
        ]

    def _furnish(self, number: int, mailbox: Mailbox) -> tuple[Mailbox, list[str]]:
        """Items for a mailbox, and then its subscriptions."""
        client = EwsClient(self.server, mailbox)
        some = [message(f"Task {n}") for n in range(ITEMS)]
        answer = client.send("POST", body=create_item(*some, folder="drafts"))
        assert answer.status == OK, answer.body
        for position, kind in enumerate(KINDS):
            port = self.responder.ports[(number + position) % len(self.responder.ports)]
            id, mark = self._subscribe_once(client, kind, port)
            self.responder.expect(id, mark)
            self.subscriptions.append(Subscribed(id, mailbox.address, kind))
        return mailbox, [id.decode() for id in ITEM_ID.findall(answer.body)]

    def _subscribe_once(self, client: EwsClient, kind: Kind, port: Port) -> tuple[str, str]:
        request = subscribe(
            "".join(map(distinguished, kind.folders)),
            types=kind.types,
            frequency=f"<t:StatusFrequency>{kind.status_frequency_min}</t:StatusFrequency>",
            url=port.url("/push"),
            attributes="" if kind.folders else 'SubscribeToAllFolders="true"',
        )
        answer = client.send("POST", body=request)
        assert answer.status == OK, answer.body
        chain = Chain.of_subscribe_response(answer.body)
        return chain.subscription_id, chain.watermark

    # What is done to it

    def kill(self) -> None:
        """`kill -9`."""
        at_s = time.monotonic()
        self.server.kill()
        self.responder.server_killed(at_s)

    def stop(self) -> None:
        """SIGTERM."""
        status = self.server.terminate()
        assert status == 0, f"the server ended with {status} after SIGTERM:\n{self.log_tail}"

    def start(self) -> None:
        self.server.start(same_ports=True)

    # What is known of it

    @property
    def log_tail(self) -> str:
        return self.server.log.text[-4000:]

    def complaints(self) -> list[str]:
        """What readers disliked, and the server's own mistakes."""
        mistakes = [
            line.get("traceback", line["event"])
            for line in self.server.log.troubles
            if line["event"] in _MISTAKES or line.get("level") == "critical"
        ]
        return [*self.responder.complaints, *mistakes]

    def attempts(self, outcome: str) -> int:
        """Attempts since the server's start that ended so."""
        return sum(
            line["outcome"] == outcome for line in self.server.log.events("delivery.attempted")
        )

    def settle(self) -> Reckoned:
        """Wait until all that was wanted has come, and reckon. The load must be paused.

        What has not come within the patience is lost.
        """
        log = self._wait_until_all_came()
        reckoned = self.responder.ask(lambda: self._reckon(log))
        self._after.update(log.heads)
        return reckoned

    def _wait_until_all_came(self) -> "EventLog":
        until_s = time.monotonic() + self.size.patience_s
        log = self._read_log()
        while time.monotonic() < until_s:
            assert self.server.is_running, f"the server died:\n{self.log_tail}"
            if self.responder.ask(lambda log=log: self._has_all(log)):
                now = self._read_log()
                if now.size == log.size:
                    break
                log = now  # a request that nobody waited for any more was done after all
            time.sleep(0.05)
        return log

    def _has_all(self, log: "EventLog") -> bool:
        return all(
            not wanted or self.responder.accounts[id].last >= wanted[-1]
            for id, wanted in log.wanted.items()
        )

    def _reckon(self, log: "EventLog") -> Reckoned:
        by_kill: Counter[int] = Counter()
        total, forgotten_s = Counts(), 0.0
        problems: list[str] = []
        for subscribed in self.subscriptions:
            account = self.responder.accounts[subscribed.id]
            by_kill += account.repeated
            forgotten_s = max(forgotten_s, account.forgotten_s)
            total += account.settle(log.wanted[subscribed.id])
            problems += [f"{subscribed.id}: {problem}" for problem in account.take_problems()]
        self._repeated += by_kill  # a subscription may have nothing to repeat until much later
        return Reckoned(
            total,
            logged=log.size,
            mail_lost=(self.load.take_accepted() - log.new_mails).total(),
            worst_kill=max((self._repeated[kill] for kill in by_kill), default=0),
            forgotten_s=forgotten_s,
            problems=problems[:_MOST_PROBLEMS],
        )

    def _read_log(self) -> "EventLog":
        uri = f"file:{self.server.database_file}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=self.size.patience_s)) as database:
            return EventLog.read(database, self.subscriptions, self._after)


@dataclass(frozen=True)
class EventLog:
    """What the mailboxes' logs hold behind some place, read from the database."""

    size: int  # events
    wanted: Mapping[str, Sequence[int]]  # by subscription: watermarks
    heads: Mapping[str, int]  # by address: the last sequence
    new_mails: Counter[str]  # by address

    @classmethod
    def read(
        cls,
        database: sqlite3.Connection,
        subscriptions: Sequence[Subscribed],
        after: Mapping[str, int],
    ) -> Self:
        """What is behind these sequences, by address."""
        wanted: dict[str, list[int]] = {}
        heads: dict[str, int] = {}
        new_mails: Counter[str] = Counter()
        size = 0
        by_address = defaultdict(list)
        for subscribed in subscriptions:
            by_address[subscribed.address].append(subscribed)
        for address, of_mailbox in by_address.items():
            mailbox = _MailboxLog(database, address, after.get(address, 0))
            size += len(mailbox.events)
            heads[address] = mailbox.head
            new_mails[address] = sum(row[1] == EventType.NEW_MAIL for row in mailbox.events)
            for subscribed in of_mailbox:
                wanted[subscribed.id] = mailbox.wanted(subscribed.kind)
        return cls(size, wanted, heads, new_mails)


class _MailboxLog:
    """A mailbox's log behind a sequence."""

    def __init__(self, database: sqlite3.Connection, address: str, after: int) -> None:
        id, self._base = database.execute(
            "SELECT id, watermark_base FROM mailboxes WHERE address = ?", [address]
        ).fetchone()
        self._folders = dict(
            database.execute(
                "SELECT distinguished_name, number FROM folders WHERE mailbox_id = ?", [id]
            )
        )
        self.events: list[tuple[Any, ...]] = database.execute(
            "SELECT sequence, type, object, parent, old_object, old_parent FROM events"
            " WHERE mailbox_id = ? AND sequence > ? ORDER BY sequence",
            [id, after],
        ).fetchall()
        self.head = self.events[-1][0] if self.events else after

    def wanted(self, kind: Kind) -> list[int]:
        """The watermarks of the events that such a subscription wants."""
        types = {EventType.from_element(name) for name in kind.types}
        folders = {self._folders[name] for name in kind.folders}
        return [
            self._base + sequence
            for sequence, type_, *places in self.events
            if type_ in types and (not folders or folders.intersection(places))
        ]


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
