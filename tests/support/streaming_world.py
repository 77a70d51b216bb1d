"""Streaming without sockets: the real HTTP channel and database, a fake clock, scripted arrival."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ewspush.core.errors import EwsError
from ewspush.core.events import Event, EventType
from ewspush.core.ids import Kind
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.ews.call import StreamRequest
from ewspush.endpoint.http import BoundedRequest, BoundedSite
from ewspush.endpoint.streaming import Streams
from ewspush.operations import events, mailboxes, subscriptions
from ewspush.operations.folders.finding import FolderByName
from ewspush.operations.subscriptions import StreamingSubscriptionRequest
from ewspush.store import event_log, pull_subscriptions
from ewspush.store.database import Database
from ewspush.store.event_log import Happened
from ewspush.store.pull_subscriptions import PullSubscription
from ewspush.wire import ids
from support import disabling
from support.schemas import our_violations
from support.strict_reader import NAMESPACES, streaming_problems
from support.world import pass_time

EPOCH_S = 1_790_000_000
INBOX = 3
NEW_MAIL, CREATED = EventType.NEW_MAIL, EventType.CREATED

_ADDRESS = IPv4Address("TCP", "127.0.0.1", 1)


class Network:
    """Counts what is written to a transport; the far end acknowledges while it `is_up`."""

    def __init__(self, transport: StringTransport) -> None:
        self._transport = transport
        self._acknowledged = 0
        self.is_up = True
        self.is_closed = False

    def counts(self) -> tuple[int, int]:
        written = len(self._transport.value())
        if self.is_up:
            self._acknowledged = written
        return self._acknowledged, written - self._acknowledged

    def close(self) -> None:
        self.is_closed = True


class Message:
    """One chunk of an answer, read by a client that is as strict as the strictest one."""

    def __init__(self, chunk: bytes) -> None:
        assert streaming_problems(chunk) == []
        assert our_violations(chunk) == []
        self.root = etree.fromstring(chunk)

    def texts(self, path: str) -> list[str]:
        return [found.text or "" for found in self.root.findall(f".//{path}", NAMESPACES)]

    @property
    def code(self) -> str:
        (code,) = self.texts("m:ResponseCode")
        return code

    @property
    def status(self) -> str | None:
        """ConnectionStatus."""
        return next(iter(self.texts("m:ConnectionStatus")), None)

    @property
    def refused(self) -> list[str]:
        """ErrorSubscriptionIds."""
        return self.texts("m:SubscriptionId")

    @property
    def told(self) -> dict[str, list[str]]:
        """The objects of the events by the ids of subscriptions."""
        return {
            notification.findtext("t:SubscriptionId", "", NAMESPACES): [
                str(ids.decode(id.get("Id", "")).number)
                for id in notification.iterfind("*/t:ItemId", NAMESPACES)
            ]
            for notification in self.root.iterfind(".//m:Notification", NAMESPACES)
        }


class Client:
    """The far end of one connection."""

    def __init__(self, transport: StringTransport, channel: Any, version: str) -> None:
        self.transport = transport
        self.channel = channel
        self._version = version
        self.network: Network | None = None
        self._read = 0

    @property
    def head(self) -> str:
        return self.transport.value().partition(b"\r\n\r\n")[0].decode()

    @property
    def messages(self) -> list[Message]:
        """Everything that came so far, each chunk a message."""
        return [Message(chunk) for chunk in self._chunks()]

    def new(self) -> list[Message]:
        """What came since the last time."""
        messages = self.messages[self._read :]
        self._read += len(messages)
        return messages

    def told(self) -> list[str]:
        """The objects of the events that came since the last time, of all subscriptions."""
        return [each for message in self.new() for told in message.told.values() for each in told]

    @property
    def is_finished(self) -> bool:
        return self.transport.value().endswith(b"0\r\n\r\n")

    def ask(self) -> None:
        """Send the request, perhaps again."""
        request = f"POST / HTTP/{self._version}\r\nContent-Length: 0\r\n\r\n"
        self.channel.dataReceived(request.encode())

    def disappear(self) -> None:
        """The connection is found to be lost."""
        self.channel.connectionLost(Failure(ConnectionLost()))

    def stop_reading(self) -> None:
        self.transport.producer.pauseProducing()

    def read_again(self) -> None:
        self.transport.producer.resumeProducing()

    def _chunks(self) -> Iterator[bytes]:
        rest = self.transport.value().partition(b"\r\n\r\n")[2]
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if length:
                yield rest[:length]
            assert rest[length : length + 2] == b"\r\n"
            rest = rest[length + 2 :]


class StreamingWorld:
    """One mailbox and the streams of a server."""

    def __init__(self, folder: Path, most: int = 10) -> None:
        self.database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
        with self.database.write() as tx:
            self.mailbox = mailboxes.create(tx, "user@example.org", "-", EPOCH_S)
        self.clock = Clock()
        self.most = most
        self.asked: list[tuple[Any, ...]] = []  # with what the database was asked
        self.wakes = 0  # how often a read is followed by a wake before it ends
        self._networks: list[Network] = []
        self._next_object = 100
        self.is_database_broken = False
        self.start()
        self.database.on_events(self._events_committed)
        self.database.on_status_changed(self._status_changed)

    def _events_committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        for mailbox in by_mailbox:
            self.streams.wake(mailbox)

    def close(self) -> None:
        self.database.close()

    def start(self) -> None:
        """A new server on the same database, which knows nothing but what is stored."""
        clock = Clock()
        clock.rightNow = self.clock.seconds()
        self.clock = clock
        self.streams = Streams(
            clock,
            self.now_s,
            self._in_thread,
            self.database,
            ServerVersion(),
            self.most,
            self._count,
        )

    @property
    def reads(self) -> int:
        """How often the database was asked for anything."""
        return len(self.asked)

    def now_s(self) -> int:
        return EPOCH_S + int(self.clock.seconds())

    def advance(self, seconds: float) -> None:
        pass_time(self.clock, seconds)

    def settle(self) -> None:
        """Let everything happen that is due now."""
        self.advance(0.1)

    # What clients do

    def subscribe(self, *types: EventType, folder: str = "inbox") -> str:
        request = StreamingSubscriptionRequest(
            (FolderByName(folder),), False, frozenset(types or (NEW_MAIL,))
        )
        with self.database.write() as tx:
            new = subscriptions.subscribe_to_streaming(
                tx, self.mailbox.id, request, most=1000, now_s=self.now_s()
            ).subscription
        return ids.encode(Kind.SUBSCRIPTION, new.mailbox, new.number)

    def unsubscribe(self, id: str) -> None:
        with self.database.write() as tx:
            subscriptions.unsubscribe(tx, self.mailbox.id, ids.decode(id), self.now_s())
        self.streams.wake(self.mailbox.id)

    def connect(
        self,
        *subscription_ids: str,
        minutes: int = 1,
        version: str = "1.1",
        is_lost: bool = False,
        and_settle: bool = True,
    ) -> Client:
        """GetStreamingEvents, as the application hands it over; `is_lost` by then."""
        wanted = [ids.decode(id) for id in subscription_ids]
        with self.database.write() as tx:
            refused = events.hold_for_stream(
                tx, self.mailbox.id, wanted, 60 * minutes, self.now_s()
            )
        invalid = tuple(id for id in subscription_ids if ids.decode(id) in refused)
        asked = StreamRequest(self.mailbox, tuple(wanted), 60 * minutes, invalid)
        opening = _Opening(self.streams, asked, is_lost)
        channel: Any = BoundedSite(opening, self.clock, 1000).buildProtocol(_ADDRESS)
        client = Client(StringTransport(), channel, version)
        channel.makeConnection(client.transport)
        networks = len(self._networks)
        client.ask()
        if len(self._networks) > networks:
            client.network = self._networks[-1]
        if and_settle:
            self.settle()
        return client

    # What administrators do

    def disable(self) -> None:
        disabling.disable(self.database, self.mailbox.id, self.now_s())

    def restore(self) -> None:
        disabling.restore(self.database, self.mailbox.id, self.now_s())

    # What happens in the mailbox

    def record(self, *types: EventType, and_settle: bool = True) -> list[str]:
        """Events of one new item each, committed together; the items' numbers as text."""
        first = self._next_object
        self._next_object += len(types)
        numbers = range(first, self._next_object)
        with self.database.write() as tx:
            event_log.append(
                tx,
                self.mailbox.id,
                [
                    Happened(type_, self.now_s(), False, number, INBOX)
                    for type_, number in zip(types, numbers, strict=True)
                ],
            )
        if and_settle:
            self.settle()
        return list(map(str, numbers))

    def stored(self, id: str) -> PullSubscription | None:
        parsed = ids.decode(id)
        with self.database.read() as tx:
            return pull_subscriptions.by_number(tx, parsed.mailbox, parsed.number, self.now_s())

    # The streams' surroundings

    def _status_changed(self, mailbox: int) -> None:
        self.streams.status_changed(mailbox)

    def _count(self, transport: StringTransport) -> Network:
        self._networks.append(Network(transport))
        return self._networks[-1]

    def _in_thread(self, function: Callable[..., Any], /, *args: object) -> "Deferred[Any]":
        """The function's work is done at once, what comes of it is known a little later."""
        done: Deferred[Any] = Deferred()
        self.asked.append(args)
        if self.wakes:
            self.wakes -= 1
            self.clock.callLater(0, self.streams.wake, self.mailbox.id)
        try:
            if self.is_database_broken:
                raise OSError("disk I/O error")
            result = function(*args)
        except (OSError, EwsError) as error:
            self.clock.callLater(0, done.errback, error)
        else:
            self.clock.callLater(0, done.callback, result)
        return done


class _Opening(Resource):
    isLeaf = True

    def __init__(self, streams: Streams, asked: StreamRequest, is_lost: bool) -> None:
        super().__init__()
        self._streams = streams
        self._asked = asked
        self._is_lost = is_lost

    def render_POST(self, request: BoundedRequest) -> int:
        if self._is_lost:
            request.connectionLost(Failure(ConnectionLost()))
        self._streams.open(request, self._asked)
        return NOT_DONE_YET
