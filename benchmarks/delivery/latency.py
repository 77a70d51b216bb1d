"""A server of ours in this process, and when each of the events was committed that it delivers.

Events are logged at even times, each with a commit of its own in another mailbox, as LMTP does it:
from several threads, so that one that waits for the disk does not hold up the next. Arguments: URL
of the responder, subscriptions, events a second, seconds, and the file to write, a line for each
event: SubscriptionId, Watermark, and seconds on the monotonic clock.
"""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import serving

from ewspush.core import watermark
from ewspush.core.events import Event
from ewspush.core.ids import Kind
from ewspush.server import Server
from ewspush.store import event_log, subscriptions
from ewspush.wire import ids

COMMITTING = 8  # threads
WARM_UP_S = 3  # connections are opened, caches filled


class Load:
    """Commits events, and notes when each commit was done."""

    def __init__(self, rate: int, duration_s: int) -> None:
        self._rate = rate
        self._duration_s = duration_s
        self.committed: list[tuple[float, int, int]] = []  # when, the mailbox, the sequence

    def measure(self, server: Server, made: Sequence[int]) -> None:
        # Before the server's own listener, so that the delivery has no head start.
        server._database._listeners.insert(0, self._note)
        wanted = self._commit(server, made, self._rate * WARM_UP_S)
        self.committed.clear()
        wanted += self._commit(server, made, self._rate * self._duration_s)
        serving.wait_until_durable(server, wanted)

    def _note(self, by_mailbox: Mapping[int, Sequence[Event]]) -> None:
        at_s = time.monotonic()
        for mailbox, events in by_mailbox.items():
            self.committed += [(at_s, mailbox, event.sequence) for event in events]

    def _commit(self, server: Server, made: Sequence[int], count: int) -> int:
        began_s = time.monotonic()
        commits: list[Future[list[Event]]] = []
        with ThreadPoolExecutor(COMMITTING) as pool:
            for n in range(count):
                time.sleep(max(0.0, began_s + n / self._rate - time.monotonic()))
                log_one = partial(
                    event_log.append,
                    mailbox=made[n % len(made)],
                    happened=[serving.new_mail()],
                )
                commits.append(pool.submit(server._mail.write, log_one))
        for commit in commits:
            commit.result()
        return count


def write(file: Path, server: Server, load: Load) -> None:
    with server._database.read() as tx:
        known = {
            one.mailbox: (ids.encode(Kind.SUBSCRIPTION, one.mailbox, one.number), base)
            for one, base, _ in subscriptions.all_live(tx)
        }
    with file.open("w") as out:
        for at_s, mailbox, sequence in load.committed:
            subscription, base = known[mailbox]
            out.write(f"{subscription} {watermark.encode(base, sequence)} {at_s}\n")


def main(url: str, count: int, rate: int, duration_s: int, file: Path) -> None:
    load = Load(rate, duration_s)

    def measure(server: Server, made: Sequence[int]) -> None:
        load.measure(server, made)
        write(file, server, load)

    with tempfile.TemporaryDirectory() as folder:
        serving.run(Path(folder), partial(serving.subscribe, url, count), measure)


main(sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5]))
