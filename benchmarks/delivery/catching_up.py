"""A server of ours in this process: how many events a second one subscription catches up.

The events are logged beforehand, while nobody is subscribed. Each round subscribes with the first
watermark, as Subscribe does, and takes the time until the last cursor is durable. Arguments: URL of
the responder, events, rounds. Prints the events a second of each round.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import serving
from twisted.internet import reactor

from ewspush.core import watermark
from ewspush.core.events import EventType
from ewspush.operations import mailboxes, subscriptions
from ewspush.operations.folders.finding import FolderByName
from ewspush.operations.subscriptions import PushSubscriptionRequest
from ewspush.server import Server
from ewspush.store import event_log
from ewspush.store import mailboxes as stored_mailboxes
from ewspush.store import subscriptions as stored_subscriptions
from ewspush.store.database import Database

LOGGED_TOGETHER = 1000
BATCH = 100  # events in a notification, the default


def make_mailbox(database: Database) -> Sequence[int]:
    with database.write() as tx:
        return [mailboxes.create(tx, "user@example.org", "-", 1).id]


class CatchingUp:
    """Falls behind once, and catches up as often as asked."""

    def __init__(self, url: str, events: int, rounds: int) -> None:
        self._url = url
        self._events = events
        self._rounds = rounds

    def measure(self, server: Server, made: Sequence[int]) -> None:
        database, (mailbox,) = server._database, made
        for first in range(0, self._events, LOGGED_TOGETHER):
            numbers = range(first, min(first + LOGGED_TOGETHER, self._events))
            with database.write() as tx:
                event_log.append(tx, mailbox, [serving.new_mail(1000 + n) for n in numbers])
        for _ in range(self._rounds):
            wanted = serving.acknowledged(server) + -(-self._events // BATCH)
            began_s = time.perf_counter()
            number = self._subscribe(server, mailbox)
            serving.wait_until_durable(server, wanted)
            ended_s = time.perf_counter()
            self._check(server, mailbox, number)
            sys.stdout.write(f"{self._events / (ended_s - began_s)}\n")

    def _check(self, server: Server, mailbox: int, number: int) -> None:
        with server._database.read() as tx:
            reached = stored_subscriptions.by_number(tx, mailbox, number)
        assert reached is not None
        if reached.acknowledged != self._events:
            raise RuntimeError(f"the cursor is at {reached.acknowledged}")

    def _subscribe(self, server: Server, mailbox: int) -> int:
        with server._database.write() as tx:
            found = stored_mailboxes.by_id(tx, mailbox)
            assert found is not None
            request = PushSubscriptionRequest(
                folders=(FolderByName("inbox"),),
                all_folders=False,
                event_types=frozenset({EventType.NEW_MAIL}),
                url=self._url,
                status_frequency_min=1440,
                watermark=watermark.encode(found.watermark_base, 0),
            )
            subscribed = subscriptions.subscribe(
                tx,
                mailbox,
                request,
                judge_url=lambda _: None,
                most=self._rounds,
                now_s=int(time.time()),
            )
        reactor.callFromThread(server._subscribed, subscribed)
        return subscribed.subscription.number


def main(url: str, events: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        serving.run(Path(folder), make_mailbox, CatchingUp(url, events, rounds).measure)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
