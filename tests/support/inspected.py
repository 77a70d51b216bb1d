"""The inspector on a database, in this process: threads, engine and time are scripted."""

import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ewspush.core.directory import Administrator
from ewspush.core.ids import Kind, ObjectId
from ewspush.endpoint.auth import Accounts, administrator_accounts
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.http import BoundedSite
from ewspush.endpoint.web import Tree
from ewspush.inspector.laboratory import LaboratoryTime
from ewspush.inspector.resource import inspector_resource
from ewspush.operations.management.context import Management, Policy
from ewspush.settings import Settings
from ewspush.store import attempts, audit_log, subscriptions
from ewspush.store.attempts import Keep
from ewspush.store.database import Database
from ewspush.wire import ids
from support.attempts import attempt
from support.checks_for_store import NOW_S, new_mailbox, subscription
from support.directory import DAY_S, hash_nothing
from support.fake_engine import FakeEngine
from support.running_server import QUICK_HASH, QUICK_PASSWORD

LIMIT = 1024 * 1024
HOST = "localhost:8080"
CONTRACT = Contract.load()


class InspectedClock(Clock):
    """A clock that takes calls from threads, too."""

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.callLater(0, function, *arguments)


class DescribedEngine(FakeEngine):
    """A FakeEngine that knows something of subscriptions."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, dict[str, Any]] = {}

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        return self.known.get(id.number)


class FakeDeliveries:
    """What the engine tells of, when a test says so."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[int, int], None]] = []
        self.writing: Deferred[None] | None = None

    def watch(self, listener: Callable[[int, int], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def written(self) -> "Deferred[None]":
        return self.writing or succeed(None)

    def tell(self, mailbox: int, number: int) -> None:
        for listener in list(self.listeners):
            listener(mailbox, number)


@dataclass
class FakeLaboratory:
    """Time and faults that are put down."""

    now_s: float = NOW_S
    is_frozen: bool = False
    told: list[Any] = field(default_factory=list)
    added: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: str | None = None

    def time(self) -> LaboratoryTime:
        return LaboratoryTime(self.now_s, self.is_frozen, self.now_s + 25)

    def freeze(self) -> None:
        self.is_frozen = True

    def resume(self) -> None:
        self.is_frozen = False

    async def advance(self, seconds: float) -> None:
        self.now_s += seconds

    async def reset(self) -> None:
        self.told.append("reset")

    def faults(self) -> list[dict[str, Any]]:
        return list(self.added.values())

    def add_fault(self, fault: Any) -> None:
        if self.refusal:
            raise ValueError(self.refusal)
        id = str(len(self.added) + 1)
        self.added[id] = {"id": id, "left": fault.get("times", 1), "used": 0, **fault}

    def remove_fault(self, id: str) -> None:
        del self.added[id]

    def clear_faults(self) -> None:
        self.added.clear()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def words(self) -> str:
        """What a reader sees, in one line."""
        reader = _Words()
        reader.feed(self.text)
        return " ".join(" ".join(reader.parts).split())

    @property
    def cookie(self) -> str | None:
        given = self.headers["Set-Cookie"]
        return None if given is None else str(given).partition(";")[0]

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.text)
        assert found, "there is no form"
        return found[1]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


class Inspected:
    """An inspector with a mailbox and its subscriptions, and a browser's cookie."""

    def __init__(
        self,
        database: Database,
        *,
        is_emulated: bool = False,
        peer: str = "127.0.0.1",
        settings: Settings | None = None,
        allow_remote: bool = False,
    ) -> None:
        self.database = database
        self.clock = InspectedClock()
        self.engine = DescribedEngine()
        self.deliveries = FakeDeliveries()
        self.laboratory = FakeLaboratory() if is_emulated else None
        self.administrators = {"root": (_administrator("root"), QUICK_HASH)}
        self.peer = peer
        self.cookie: str | None = None
        self.mailbox = new_mailbox(database)
        policy = Policy(retention_s=30 * DAY_S, shortest_password=8)
        accounts: Accounts[Administrator] = administrator_accounts(self.administrators.get)
        self.resource = inspector_resource(
            self.clock,
            maybeDeferred,
            Management(database, lambda: NOW_S, policy, hash_nothing),
            self.engine,
            self.deliveries,
            settings or Settings(),
            CONTRACT,
            None if is_emulated else accounts,
            self.laboratory,
            allow_remote=allow_remote,
        )
        self.site = BoundedSite(Tree({b"inspect": self.resource}), self.clock, LIMIT)

    # What is there

    def add_administrator(self, name: str, organization: Any = None) -> None:
        self.administrators[name] = (_administrator(name, organization), QUICK_HASH)

    def store(self, number: int = 7, **values: Any) -> str:
        """A subscription; its id."""
        new = subscription(self.mailbox.id, number, **values)
        with self.database.write() as tx:
            subscriptions.insert_subscription(tx, new)
        return ids.encode(Kind.SUBSCRIPTION, new.mailbox, number)

    def log(self, *some: dict[str, Any], number: int = 7) -> None:
        """Attempts, in the order in which they were made."""
        made = [attempt(self.mailbox.id, number, **each) for each in some]
        with self.database.write() as tx:
            attempts.append(tx, made, Keep(1000, 100))

    def audited(self) -> list[tuple[str, str, str]]:
        with self.database.read() as tx:
            found, _ = audit_log.newest_first(tx, None, None, 0, 10)
        return [(each.actor, each.origin, each.action) for each in found]

    # What a browser does

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str | None
    ) -> StringTransport:
        """Send a request; where its answer is written to."""
        transport = StringTransport(peerAddress=IPv4Address("TCP", self.peer, 1234))
        protocol = self.site.buildProtocol(None)
        protocol.makeConnection(transport)
        transport.protocol = protocol
        fields = {"Host": HOST, "Cookie": self.cookie, "Content-Length": str(len(body)), **headers}
        lines = [f"{k.replace('_', '-')}: {v}" for k, v in fields.items() if v is not None]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
        protocol.dataReceived(head.encode() + body)
        return transport

    def get(self, path: str = "/", method: str = "GET", **headers: str | None) -> Answer:
        answer = read(self.ask(method, f"/inspect{path}", **headers), method)
        self.cookie = answer.cookie or self.cookie
        return answer

    def post(self, path: str, form: dict[str, str], **headers: str | None) -> Answer:
        """Post a form as a browser does from our own pages."""
        fields = {
            "Sec_Fetch_Site": "same-origin",
            "Content_Type": "application/x-www-form-urlencoded",
            **headers,
        }
        answer = read(self.ask("POST", f"/inspect{path}", urlencode(form).encode(), **fields))
        self.cookie = answer.cookie or self.cookie
        return answer

    def log_in(self, name: str = "root", password: str = QUICK_PASSWORD, **more: str) -> Answer:
        token = self.get("/login").token
        return self.post("/login", {"name": name, "password": password, "token": token, **more})

    def press(self, page: str, action: str, **form: str) -> Answer:
        """Press a button, as htmx does it."""
        token = self.get(page).token
        return self.post(action, {"token": token, **form}, HX_Request="true")


def read(transport: StringTransport, method: str = "GET") -> Answer:
    """The whole answer."""

    class Socket:
        def makefile(self, *_: object) -> BytesIO:
            return BytesIO(transport.value())

    response: Any = http.client.HTTPResponse(Socket(), method=method)  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read())


def _administrator(name: str, organization: Any = None) -> Administrator:
    return Administrator(uuid4(), name, organization, NOW_S)
