"""The server: builds every part, gives each the few things it needs, and starts and stops them."""

import gc
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from twisted.internet.defer import (
    Deferred,
    DeferredList,
    ensureDeferred,
    maybeDeferred,
    succeed,
)
from twisted.internet.error import CannotListenError
from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource

import ewspush
from ewspush.chores import Chores
from ewspush.control import CONTROL_SOCKET
from ewspush.control.commands import Commands
from ewspush.control.server import ControlFactory
from ewspush.core.directory import Administrator
from ewspush.core.errors import InvalidPushSubscriptionUrl
from ewspush.core.events import Event
from ewspush.core.ids import ObjectId
from ewspush.endpoint.auth import (
    Accounts,
    Authenticator,
    administrator_accounts,
    mailbox_accounts,
)
from ewspush.endpoint.autodiscover.resources import autodiscover_resources
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews.application import EwsApplication
from ewspush.endpoint.ews.call import StreamRequest
from ewspush.endpoint.http import BoundedRequest, BoundedSite, LimitedConnections
from ewspush.endpoint.monitoring import Health, HealthResource, MetricsResource, Readers
from ewspush.endpoint.service_url import ServiceUrl
from ewspush.endpoint.streaming import Streams
from ewspush.endpoint.tls import UnusableCertificate, load_certificate
from ewspush.endpoint.web import ContractDocument, EwsResource, make_root
from ewspush.intake.lmtp import LmtpServer
from ewspush.metrics import CONTENT_TYPE, DeliveryMetrics, DeliveryState, Metrics, mail_groups
from ewspush.operations import mail, outgoing, passwords
from ewspush.operations.management.context import Management, Policy
from ewspush.operations.older_mail import read_older_mail
from ewspush.operations.subscriptions import Subscribed
from ewspush.push.address_policy import AddressPolicy, UrlRefused
from ewspush.push.courier import Post
from ewspush.push.engine import Engine
from ewspush.push.sender import Sender, SenderSettings, UnusableCAFile
from ewspush.relay.delivery import Delivery
from ewspush.relay.relay import Relay, in_own_thread
from ewspush.relay.route import UnusableRelay, make_route
from ewspush.running_engine import RunningEngine
from ewspush.server_time import RealTime, ServerTime
from ewspush.settings import Address, Settings
from ewspush.store import administrators, lock
from ewspush.store.database import Database
from ewspush.store.group_commit import GroupCommit
from ewspush.threads import InThread, in_pool

if TYPE_CHECKING:
    from ewspush.inspector.laboratory import Laboratory
    from ewspush.inspector.resource import InspectorResource

log = structlog.get_logger()

STOP_GRACE_S = 10.0  # for notifications and requests under way
_WRITING_S = 2.0  # for the last group of acknowledgements, after that
_LOCK_PATIENCE_S = 2.0
_COLLECT_AFTER = (50_000, 20, 50)  # objects more than before; collections of the young ones
_MANAGED_AT_ONCE = 10  # requests of administrators
_COMMANDS_AT_ONCE = 10  # of operators
_LOOKING_ON = 8  # requests of the inspector at once
_QUEUED_S = 20.0  # that an operator's attempt may wait; the command line waits longer


class CannotStart(Exception):
    """What the server needs cannot be had. `str()` says what."""


def use_monotonic_time(reactor: Any) -> None:
    """Have this reactor's calls follow the monotonic clock.

    Twisted's own choice is wall time: a clock set back an hour would hold up every timer so long.
    """
    reactor.seconds = time.monotonic


class Server:
    """A server on one database. Everything is started by `start` and stopped by `stop`.

    What is promised for a time happens by `time`, the machine's if none is given; what bounds the
    patience with others happens by the reactor's clock.
    """

    def __init__(self, reactor: Any, settings: Settings, time: ServerTime | None = None) -> None:
        self._reactor = reactor
        self._settings = settings
        self._time = time or RealTime(reactor)
        self._held = ExitStack()
        self._listening: list[Any] = []
        self._chores: Chores | None = None
        self._relay: Relay | None = None
        self._inspector: InspectorResource | None = None
        self._stopping = False
        self.http: Address | None = None  # where it listens, once started
        self.lmtp: Address | None = None

    async def start(self) -> None:
        """Open or make the database, listen, and resume the subscriptions.

        Raises CannotStart, UnsupportedDatabase or InUse, and leaves nothing running.
        """
        try:
            await self._start()
        except BaseException:
            for port in self._listening:
                await maybeDeferred(port.stopListening)
            self._held.close()
            raise

    async def _start(self) -> None:
        # What is thrown away here is hardly ever part of a cycle: looking often finds nothing.
        gc.set_threshold(*_COLLECT_AFTER)
        settings, reactor = self._settings, self._reactor
        settings.server.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two pools: requests that wait for the database do not hold up notifications.
        self._requests = self._start_pool("requests", 10)
        self._delivery = self._start_pool("delivery", 4)
        url = settings.server.database_url
        self._held.enter_context(lock.exclusive(url, _LOCK_PATIENCE_S))
        self._database = await self._requests(Database.open, url)
        self._held.callback(self._database.close)
        self._mail_groups = mail_groups()
        self._mail = GroupCommit(self._database, self._mail_groups.observe)
        self._management = self._make_management()
        await self._requests(read_older_mail, self._database, self._now_s())

        self._policy = AddressPolicy(settings.delivery.callback_allow)
        self._sender = self._make_sender()
        self._engine = self._make_engine()
        patience_s = settings.delivery.timeout_s + _QUEUED_S
        self._running_engine = RunningEngine(reactor, lambda: self._engine, patience_s)
        self._streams = self._make_streams()
        self._health = Health(reactor, self._delivery, self._database.check)
        self._database.on_events(self._events_committed)
        self._database.on_status_changed(self._status_committed)
        relay = await self._make_relay(self._requests) if settings.relay.is_set else None
        # Wakes count from here on, before the snapshot that the engine starts with is taken.
        self._listen_http(self._requests)
        self._listen_lmtp()
        self._listen_control()
        await self._engine.start()
        self._health.start()
        self._start_relay(relay)
        self._chores = self._make_chores()
        self._chores.start()
        log.info("server.started", http=str(self.http), lmtp=str(self.lmtp))

    def _now_s(self) -> int:
        """Seconds since the epoch. For any thread."""
        return int(self._time.now_s())

    def _make_sender(self) -> Sender:
        settings, user_agent = self._settings.delivery, f"ewspush/{ewspush.__version__}"
        try:
            return Sender(
                self._reactor, self._policy.refusal, SenderSettings.of(settings), user_agent
            )
        except UnusableCAFile as error:
            raise CannotStart(str(error)) from error

    def _make_engine(self, post: Post | None = None, **more: Any) -> Engine:
        return Engine(
            self._time,
            self._time.now_s,
            self._delivery,
            self._database,
            self._policy.judge,
            post or self._sender.post,
            self._settings.delivery,
            self._settings.attempts,
            **more,
        )

    def _make_streams(self) -> Streams:
        return Streams(
            self._time,
            self._now_s,
            self._requests,
            self._database,
            self._settings.server.version,
            self._settings.subscriptions.connections_per_mailbox,
        )

    def _make_management(self) -> Management:
        settings = self._settings.management
        policy = Policy(
            retention_s=settings.retention_days * 86_400,
            shortest_password=settings.shortest_password,
        )
        return Management(self._database, self._now_s, policy, passwords.hash_many)

    def _make_chores(self) -> Chores:
        return Chores(
            self._reactor, self._delivery, self._management, self._settings, self._parked_counted
        )

    def _parked_counted(self, parked: int) -> None:
        self._engine.parked_counted(parked)

    def _start_pool(self, name: str, threads: int) -> InThread:
        pool = ThreadPool(0, threads, name)
        # A process that is stopped while it starts ends without waiting for its threads.
        pool.threadFactory = partial(threading.Thread, daemon=True)  # type: ignore[assignment]
        pool.start()
        self._held.callback(pool.stop)
        return in_pool(self._reactor, pool)

    def _events_committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        self._reactor.callFromThread(self._wake, by_mailbox)

    def _wake(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        for mailbox, events in by_mailbox.items():
            self._engine.wake(mailbox, events)
            self._streams.wake(mailbox)

    def _status_committed(self, mailbox: int) -> None:
        self._reactor.callFromThread(self._status_changed, mailbox)

    def _status_changed(self, mailbox: int) -> None:
        self._engine.status_changed(mailbox)
        self._streams.status_changed(mailbox)

    # HTTP

    def _listen_http(self, in_thread: InThread) -> None:
        settings = self._settings.server
        contract = self._contract = Contract.load()
        application = EwsApplication(
            self._database,
            judge_url=self._judge_url,
            unsubscribed=partial(self._reactor.callFromThread, self._unsubscribed),
            subscription_limit=self._settings.subscriptions.per_mailbox,
            pull_subscription_limit=self._settings.subscriptions.pull_per_mailbox,
            server_version=settings.version,
            now_s=self._now_s,
            contract=contract,
            queue_limit=self._settings.relay.queued if self._settings.relay.is_set else 0,
        )
        service_url = ServiceUrl(settings.public_url, settings.tls_at_proxy)
        wsdl = ContractDocument(contract, "services.wsdl", service_url)
        authenticator = Authenticator(mailbox_accounts(self._database), in_thread)
        ews = self._make_ews_resource(
            application, authenticator, in_thread, self._subscribed, self._open_stream, wsdl
        )
        autodiscover = autodiscover_resources(
            self._database, authenticator, in_thread, service_url, settings.version
        )
        mailboxes = self._make_mailboxes_resource(contract, service_url, in_thread)
        root = make_root(
            ews, mailboxes, autodiscover, contract, service_url, self._other_resources()
        )
        self._site = BoundedSite(root, self._reactor, settings.body_limit)
        self._http_connections = LimitedConnections(self._site, settings.connections)
        address = settings.http
        try:
            if settings.tls_cert and settings.tls_key:
                port = self._reactor.listenSSL(
                    address.port,
                    self._http_connections,
                    load_certificate(settings.tls_cert, settings.tls_key),
                    interface=address.host,
                )
            else:
                port = self._reactor.listenTCP(
                    address.port, self._http_connections, interface=address.host
                )
        except (CannotListenError, OSError) as error:
            raise CannotStart(f"cannot listen for http on {address}: {error}") from error
        except UnusableCertificate as error:
            raise CannotStart(str(error)) from error
        self._listening.append(port)
        self.http = Address(address.host, port.getHost().port)

    def _make_ews_resource(self, *parts: Any) -> EwsResource:
        return EwsResource(*parts)

    def _other_resources(self) -> Mapping[bytes, Resource]:
        """What there is beside the services, by the first part of its path."""
        settings = self._settings.server
        readers = Readers(settings.metrics_allow, settings.tls_at_proxy)
        metrics = Metrics(self._delivery_metrics, self._delivery_state, self._mail_groups)
        return {
            b"metrics": MetricsResource(readers, metrics.render, CONTENT_TYPE),
            b"health": HealthResource(readers, self._health.trouble),
            **self._inspector_resources(),
        }

    def _inspector_resources(self) -> Mapping[bytes, Resource]:
        if not self._settings.server.inspector:
            return {}
        accounts = administrator_accounts(self._find_administrator)
        return {b"inspect": self.make_inspector(accounts)}

    def make_inspector(
        self,
        accounts: Accounts[Administrator] | None,
        laboratory: "Laboratory | None" = None,
        *,
        allow_remote: bool = False,
    ) -> "InspectorResource":
        """The inspector of this server, which ends with it: see `inspector_resource`."""
        from ewspush.inspector.resource import inspector_resource  # noqa: PLC0415 - as below

        self._inspector = inspector_resource(
            self._reactor,
            # A pool of its own: a button may wait for a responder.
            self._start_pool("inspector", _LOOKING_ON),
            self._management,
            self._running_engine,
            self,
            self._settings,
            self._contract,
            accounts,
            laboratory,
            allow_remote=allow_remote,
        )
        return self._inspector

    def watch(self, listener: Callable[[int, int], object]) -> Callable[[], None]:
        """As `Engine.watch`."""
        return self._engine.watch(listener)

    def written(self) -> "Deferred[None]":
        """Fires when everything that has happened is in the database."""
        return self._engine.written()

    def _delivery_metrics(self) -> DeliveryMetrics:
        return self._engine.metrics

    def _delivery_state(self) -> DeliveryState:
        return self._engine.state()

    def _make_mailboxes_resource(
        self, contract: Contract, service_url: ServiceUrl, in_thread: InThread
    ) -> Resource:
        # Not loaded by who is to be ready soon, and makes it later: see emulator/server.py.
        from ewspush.endpoint.mailboxes.application import ManagementApplication  # noqa: PLC0415
        from ewspush.endpoint.mailboxes.resource import MailboxesResource  # noqa: PLC0415

        accounts = administrator_accounts(self._find_administrator)
        return MailboxesResource(
            ManagementApplication(self._management, contract),
            Authenticator(accounts, in_thread),
            # A pool of its own: creating a thousand mailboxes takes seconds.
            self._start_pool("management", _MANAGED_AT_ONCE),
            ContractDocument(contract, "mailboxes.wsdl", service_url),
        )

    def _find_administrator(self, name: str) -> tuple[Administrator, str] | None:
        with self._database.read() as tx:
            return administrators.credentials(tx, name)

    def _judge_url(self, url: str) -> None:
        try:
            self._policy.judge(url)
        except UrlRefused as error:
            raise InvalidPushSubscriptionUrl(str(error)) from None

    def _subscribed(self, subscribed: Subscribed) -> None:
        if not self._stopping:
            self._engine.subscribed(subscribed.subscription, subscribed.mailbox.watermark_base)

    def _open_stream(self, request: BoundedRequest, asked: StreamRequest) -> None:
        self._streams.open(request, asked)

    def _unsubscribed(self, id: ObjectId) -> None:
        self._engine.unsubscribed(id)
        self._streams.wake(id.mailbox)

    # LMTP

    def _listen_lmtp(self) -> None:
        address = self._settings.server.lmtp
        self._lmtp = LmtpServer(
            address.host,
            address.port,
            accepts=self._accepts,
            deliver=self._deliver,
            hostname=socket.gethostname(),
            size_limit=self._settings.mail.size_limit,
            stop_grace_s=STOP_GRACE_S,
        )
        try:
            host, port, *_ = self._lmtp.start()
        except OSError as error:
            raise CannotStart(f"cannot listen for lmtp on {address}: {error}") from error
        self.lmtp = Address(host, port)
        self._held.callback(self._lmtp.stop)

    def _accepts(self, address: str) -> bool:
        try:
            with self._database.read() as tx:
                mail.find_recipient(tx, address)
        except mail.UnknownRecipient:
            return False
        return True

    def _deliver(self, address: str, message: bytes) -> None:
        parts, now_s = mail.read(message), self._now_s()
        self._mail.write(lambda tx: mail.deliver(tx, address, parts, now_s))

    # The relay

    async def _make_relay(self, in_thread: InThread) -> Relay:
        settings, own_name = self._settings.relay, socket.gethostname()
        try:
            route = await in_thread(make_route, settings, own_name)
        except UnusableRelay as error:
            raise CannotStart(str(error)) from error
        return Relay(
            self._time,
            self._time.now_s,
            in_thread,
            partial(in_own_thread, self._reactor),
            self._database,
            partial(Delivery, route=route),
            outgoing.Policy(int(settings.give_up_after_h * 3600), own_name),
            settings.connections,
        )

    def _start_relay(self, relay: Relay | None) -> None:
        self._relay = relay
        self._database.on_mail_queued(self._wake_relay)
        self._wake_relay()

    def _wake_relay(self) -> None:
        """There is mail to recipients elsewhere. For any thread."""
        if self._relay is not None:
            self._reactor.callFromThread(self._relay.wake)

    # Control

    def _listen_control(self) -> None:
        path = self._settings.server.data / CONTROL_SOCKET
        engine = self._running_engine
        self._commands = Commands(self._management, engine.describe, self._wake_relay, engine)
        # A pool of its own: a command may wait for a responder.
        in_thread = self._start_pool("control", _COMMANDS_AT_ONCE)
        factory = ControlFactory(self._commands, self._status, in_thread)
        path.unlink(missing_ok=True)  # of a server that was killed: we hold its lock
        try:
            port = self._reactor.listenUNIX(str(path), factory, mode=0o600)
        except (CannotListenError, OSError) as error:
            raise CannotStart(f"cannot listen for commands on {path}: {error}") from error
        self._listening.append(port)

    def _status(self) -> dict[str, str]:
        return {"http": str(self.http), "lmtp": str(self.lmtp), "version": ewspush.__version__}

    # Stopping

    async def stop(self) -> None:
        """Accept nothing new, let what is under way finish for 10 s at most, write, and close."""
        self._stopping = True
        self._health.stop()
        log.info("server.stopping")
        for port in self._listening:
            await maybeDeferred(port.stopListening)
        if self._chores is not None:
            self._chores.stop()
        self._site.is_closing = True
        if self._inspector is not None:
            self._inspector.stop()
        cut_off = self._reactor.callLater(STOP_GRACE_S, self._cut_off)
        # Not in a pool of our own: its threads may be waiting, for this thread among others.
        in_thread = in_pool(self._reactor, self._reactor.getThreadPool())
        await DeferredList(
            [
                self._stop_engine(),
                self._stop_streams(),
                self._stop_relay(),
                self._site.quiet(),
                in_thread(self._lmtp.stop),
            ],
            fireOnOneErrback=True,
        )
        if cut_off.active():
            cut_off.cancel()
        await self._sender.close()
        await self._http_connections.close(self._reactor)
        await in_thread(self._held.close)
        log.info("server.stopped")

    def _stop_engine(self) -> "Deferred[None]":
        stopping = ensureDeferred(self._engine.stop())
        # A database that stays locked must not hold up the end: what is unwritten is sent again.
        stopping.addTimeout(STOP_GRACE_S + _WRITING_S, self._reactor)
        return stopping.addErrback(lambda _: log.error("server.progress_not_written"))

    def _stop_relay(self) -> "Deferred[None]":
        if self._relay is None:
            return succeed(None)
        stopping = ensureDeferred(self._relay.stop(STOP_GRACE_S))
        # What holds it up longer is in the queue still, and is perhaps sent again.
        stopping.addTimeout(STOP_GRACE_S + _WRITING_S, self._reactor)
        return stopping.addErrback(lambda _: log.error("server.relay_not_stopped"))

    def _stop_streams(self) -> "Deferred[None]":
        stopping = self._streams.stop()
        stopping.addTimeout(STOP_GRACE_S + _WRITING_S, self._reactor)
        return stopping.addErrback(lambda _: log.error("server.positions_not_written"))

    def _cut_off(self) -> None:
        log.warning("server.cut_off", after_s=STOP_GRACE_S)
        self._sender.close()
        self._http_connections.abort_all()
