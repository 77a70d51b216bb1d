"""A server of ours in this process: how many notifications a second it delivers.

Every round one transaction logs an event in each mailbox; from its commit on, time is taken until
every notification is acknowledged and every cursor is durable. Arguments: URL of the responder,
subscriptions, rounds. Prints two rates for each round: of the delivery alone, and with the logging
of the events, which is done in the same process.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

from twisted.internet import defer, epollreactor

epollreactor.install()

from twisted.internet import reactor  # noqa: E402

from ewspush import log, settings  # noqa: E402
from ewspush.core.events import EventType, event_filter  # noqa: E402
from ewspush.core.folders import DISTINGUISHED_FOLDERS, INBOX  # noqa: E402
from ewspush.core.subscription import IDLE  # noqa: E402
from ewspush.operations import mailboxes  # noqa: E402
from ewspush.server import Server, use_monotonic_time  # noqa: E402
from ewspush.store import event_log, subscriptions  # noqa: E402
from ewspush.store.database import Database  # noqa: E402
from ewspush.store.event_log import Happened  # noqa: E402
from ewspush.store.subscriptions import Progress, Subscription  # noqa: E402

_INBOX = 1 + [folder.name for folder in DISTINGUISHED_FOLDERS].index(INBOX)


class Durable:
    """Counts cursors when they are durable."""

    def __init__(self, wanted: int) -> None:
        self._left = self._wanted = wanted
        self._write = subscriptions.write_progress
        self._reached = threading.Event()
        self._written = 0
        subscriptions.write_progress = self._count

    def _count(self, tx: Any, group: Sequence[Progress], now_s: int) -> None:
        self._write(tx, group, now_s)
        self._written = len(group)

    def committed(self) -> None:
        self._left -= self._written
        self._written = 0
        if self._left <= 0:
            self._left += self._wanted
            self._reached.set()

    def wait(self) -> None:
        self._reached.wait()
        self._reached.clear()


def prepare(url: str, count: int, database: Database) -> list[int]:
    """Mailboxes with a subscription each."""
    wanted = event_filter(frozenset({EventType.NEW_MAIL}), frozenset({_INBOX}))
    made = []
    with database.write() as tx:
        for n in range(count):
            made.append(mailboxes.create(tx, f"user{n}@example.org", "-", 1).id)
            subscriptions.insert_subscription(
                tx,
                Subscription(
                    made[-1],
                    7919 * (n + 1),
                    url,
                    wanted,
                    1440,
                    "Exchange2010_SP2",
                    None,
                    1,
                    0,
                    IDLE,
                ),
            )
    return made


def run(server: Server, made: Sequence[int], rounds: int, durable: Durable) -> None:
    database: Database = server._database
    for _ in range(rounds):
        began_s = time.perf_counter()
        with database.write() as tx:
            for mailbox in made:
                happened = Happened(EventType.NEW_MAIL, int(time.time()), False, 100, _INBOX)
                event_log.append(tx, mailbox, [happened])
        committed_s = time.perf_counter()
        durable.wait()
        ended_s = time.perf_counter()
        rates = len(made) / (ended_s - committed_s), len(made) / (ended_s - began_s)
        sys.stdout.write(f"{rates[0]} {rates[1]}\n")
    reactor.callFromThread(reactor.stop)


def main(url: str, count: int, rounds: int) -> None:
    os.environ |= {
        "EWSPUSH_DELIVERY_CALLBACK_ALLOW": "127.0.0.0/8",
        "EWSPUSH_LOG_LEVEL": "error",
    }
    use_monotonic_time(reactor)
    with tempfile.TemporaryDirectory() as folder:
        given = {"data": folder, "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"}
        chosen = settings.load(None, os.environ, {"server": given})
        log.configure(chosen.log)
        database = Database.open(chosen.server.database_url)
        made = prepare(url, count, database)
        database.close()
        durable = Durable(count)
        server = Server(reactor, chosen)

        async def live() -> None:
            await server.start()
            engine = server._engine
            write = engine._write_progress
            engine._progress._write = lambda group: (write(group), durable.committed())
            threading.Thread(target=run, args=(server, made, rounds, durable), daemon=True).start()

        reactor.callWhenRunning(lambda: defer.ensureDeferred(live()))
        reactor.run()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
