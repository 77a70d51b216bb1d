"""A server of ours in this process: how many notifications a second it delivers.

Every round one transaction logs an event in each mailbox; from its commit on, time is taken until
every notification is acknowledged and every cursor is durable. Arguments: URL of the responder,
subscriptions, rounds and, for https, the file of the CA. Prints for each round how many a second
and a CPU second were delivered, and both again with the logging of the events counted in, which is
done in the same process.
"""

import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import serving
from stopwatch import Stopwatch

from ewspush.server import Server
from ewspush.store import event_log


def log_and_deliver(rounds: int, server: Server, mailboxes: Sequence[int]) -> None:
    for _ in range(rounds):
        wanted = serving.acknowledged(server) + len(mailboxes)
        with_logging = Stopwatch()
        log_one_each(server, mailboxes)
        watch = Stopwatch()
        serving.wait_until_durable(server, wanted)
        rates = [each.rates(len(mailboxes)) for each in (watch, with_logging)]
        sys.stdout.write(f"{' '.join(rates)}\n")


def log_one_each(server: Server, mailboxes: Sequence[int]) -> None:
    with server._database.write() as tx:
        for mailbox in mailboxes:
            event_log.append(tx, mailbox, [serving.new_mail()])


def main(url: str, count: int, rounds: int, ca_file: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        serving.run(
            Path(folder),
            partial(serving.subscribe, url, count),
            partial(log_and_deliver, rounds),
            ca_file,
        )


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
