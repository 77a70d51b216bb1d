"""How many messages a second LMTP takes, each answered only when it is durable.

A server of its own, 8 connections from another process, messages of 10 KB. Beside it stand the
durable commits of SQLite alone on the same disk: one row of 10 KB each.
"""

import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

CONNECTIONS = 8
MESSAGES = 2_000  # in all
COMMITS = 300
MESSAGE_BYTES = 10_240

HEADER = (
    b"From: Shop <shop@example.com>\r\nTo: user@example.com\r\nSubject: Your order\r\n"
    b"Date: Mon, 21 Sep 2026 12:00:00 +0000\r\nMessage-ID: <%d@shop.example.com>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)
LINE = b"x" * 76 + b"\r\n"


class Measured(NamedTuple):
    """One run."""

    deliveries: float  # a second
    cpu_ms: float  # of the server, for one
    commits: float  # of SQLite alone, a second


def measure(folder: Path) -> Measured:
    """Deliver with one mailbox for each connection."""
    with _server(folder) as (pid, address):
        before_s, began_s = _cpu_s(pid), time.perf_counter()
        clients = [
            threading.Thread(target=_deliver, args=(address, number))
            for number in range(CONNECTIONS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        took_s = time.perf_counter() - began_s
        cpu_s = _cpu_s(pid) - before_s
    return Measured(MESSAGES / took_s, cpu_s / MESSAGES * 1000, _commits(folder / "alone.db"))


@contextmanager
def _server(folder: Path) -> Iterator[tuple[int, tuple[str, int]]]:
    data = str(folder / "data")
    for number in range(CONNECTIONS):
        mailbox = (_ewspush(), "mailbox", "create", f"u{number}@example.com", "--data", data)
        subprocess.run(mailbox, check=True, capture_output=True)
    serve = (_ewspush(), "serve", "--data", data, "--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"server\.started .*lmtp=([\d.]+):(\d+)", line):
                break
        else:
            raise click.ClickException("the server did not start")
        # What it logs is read, or it would wait.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield server.pid, (found[1], int(found[2]))
        server.terminate()


def _ewspush() -> str:
    return str(Path(sys.executable).with_name("ewspush"))


def _deliver(address: tuple[str, int], number: int) -> None:
    with socket.create_connection(address) as connection:
        answers = connection.makefile("rb")

        def expect(code: bytes) -> None:
            line = answers.readline()
            while line[3:4] == b"-":
                line = answers.readline()
            assert line.startswith(code), line

        expect(b"220")
        connection.sendall(b"LHLO client.example\r\n")
        expect(b"250")
        for n in range(MESSAGES // CONNECTIONS):
            connection.sendall(
                b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<u%d@example.com>\r\nDATA\r\n" % number
            )
            for code in (b"250", b"250", b"354"):
                expect(code)
            header = HEADER % n
            body = LINE * ((MESSAGE_BYTES - len(header)) // len(LINE))
            connection.sendall(header + body + b".\r\n")
            expect(b"250")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _commits(file: Path) -> float:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE messages (content BLOB)")
    content, began_s = b"x" * MESSAGE_BYTES, time.perf_counter()
    for _ in range(COMMITS):
        database.execute("INSERT INTO messages VALUES (?)", [content])
    took_s = time.perf_counter() - began_s
    database.close()
    return COMMITS / took_s


@click.command()
def main() -> None:
    """Measure three times, and print all."""
    click.echo("deliveries/s  CPU ms each  commits/s of SQLite alone  ratio")
    for _ in range(3):
        with TemporaryDirectory() as folder:
            run = measure(Path(folder))
        ratio = run.deliveries / run.commits
        click.echo(f"{run.deliveries:12.0f}{run.cpu_ms:13.2f}{run.commits:27.0f}{ratio:7.2f}")


if __name__ == "__main__":
    main()
