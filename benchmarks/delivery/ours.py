"""A server of ours in this process: how many notifications a second it delivers.

Every round one transaction logs an event in each mailbox; from its commit on, time is taken until
every notification is acknowledged and every cursor is durable. Arguments: URL of the responder,
subscriptions, rounds and, for https, the file of the CA. Prints two rates for each round: of the
delivery alone, and with the logging of the events, which is done in the same process.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import serving

from ewspush.server import Server
from ewspush.store import event_log


def log_and_deliver(rounds: int, server: Server, mailboxes: Sequence[int]) -> None:
    for _ in range(rounds):
        wanted = serving.acknowledged(server) + len(mailboxes)
        began_s = time.perf_counter()
        log_one_each(server, mailboxes)
        committed_s = time.perf_counter()
        serving.wait_until_durable(server, wanted)
        ended_s = time.perf_counter()
        rates = len(mailboxes) / (ended_s - committed_s), len(mailboxes) / (ended_s - began_s)
        sys.stdout.write(f"{rates[0]} {rates[1]}\n")


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
