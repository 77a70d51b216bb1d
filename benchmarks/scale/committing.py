"""A server in this process, and events that are committed in it as it is told.

Argument: the data directory. The first line that is printed says where http and lmtp are. Each line
that is read is JSON: `mailboxes`, the events of one each in turn; `events`, how many in all;
`together`, how many with one transaction; `rate`, how many a second (0: as quickly as can be);
`tell`, whether the answer, a line too, is to list when each was committed, with its mailbox.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from twisted.internet import defer, epollreactor

epollreactor.install()

from filling import INBOX_NUMBER  # noqa: E402
from twisted.internet import reactor  # noqa: E402

from ewspush import log, settings  # noqa: E402
from ewspush.core.events import Event, EventType  # noqa: E402
from ewspush.server import Server, use_monotonic_time  # noqa: E402
from ewspush.store import event_log  # noqa: E402
from ewspush.store.database import Database  # noqa: E402
from ewspush.store.event_log import Happened  # noqa: E402


class Commits:
    """Commits events and remembers when."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._times: list[tuple[float, int]] | None = None
        database.on_events(self._committed)

    def _committed(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        if self._times is not None:
            now_s = time.monotonic()
            self._times += [(now_s, mailbox) for mailbox in by_mailbox]

    def make(
        self, mailboxes: Sequence[int], events: int, together: int, rate: float, tell: bool
    ) -> list[tuple[float, int]]:
        self._times = [] if tell else None
        turns, began_s = cycle(mailboxes), time.monotonic()
        for made in range(0, events, together):
            if rate:
                time.sleep(max(0.0, began_s + made / rate - time.monotonic()))
            with self._database.write() as tx:
                for mailbox in islice(turns, together):
                    happened = Happened(
                        EventType.NEW_MAIL, int(time.time()), False, 100, INBOX_NUMBER
                    )
                    event_log.append(tx, mailbox, [happened])
        return self._times or []


def _obey(database: Database) -> None:
    commits = Commits(database)
    for line in sys.stdin:
        _say(commits.make(**json.loads(line)))


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(folder: str) -> None:
    """Serve until terminated."""
    os.environ |= {
        "EWSPUSH_DELIVERY_CALLBACK_ALLOW": "127.0.0.0/8",
        "EWSPUSH_LOG_LEVEL": "error",
    }
    use_monotonic_time(reactor)
    given = {"data": folder, "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"}
    chosen = settings.load(None, os.environ, {"server": given})
    log.configure(chosen.log)
    server = Server(reactor, chosen)

    async def live() -> None:
        await server.start()
        _say([str(server.http), str(server.lmtp)])
        threading.Thread(target=_obey, args=(server._database,), daemon=True).start()

    reactor.addSystemEventTrigger("before", "shutdown", lambda: defer.ensureDeferred(server.stop()))
    reactor.callWhenRunning(lambda: defer.ensureDeferred(live()))
    reactor.run()


main(sys.argv[1])
