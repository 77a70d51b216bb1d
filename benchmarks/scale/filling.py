"""Databases with a great many subscriptions, written directly."""

import random
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ewspush.core.events import EventType, types_to_mask
from ewspush.core.folders import DISTINGUISHED_FOLDERS, INBOX
from ewspush.core.ids import shard_of
from ewspush.core.watermark import BASE_LIMIT
from ewspush.operations import mailboxes, passwords
from ewspush.store.database import Database

INBOX_NUMBER = 1 + [folder.name for folder in DISTINGUISHED_FOLDERS].index(INBOX)
EACH = 3  # subscriptions of a mailbox
LONGEST_MIN = 1440  # StatusFrequency of those that are idle

UrlOf = Callable[[int], str]
"""The URL of the n-th subscription."""


@dataclass(frozen=True)
class User:
    """A whole mailbox, with folders and a password."""

    id: int
    address: str
    password: str


def new_folder(path: Path) -> Path:
    """For a database of its own."""
    path.mkdir()
    return path


def make_users(folder: Path, count: int) -> list[User]:
    """Mailboxes that requests and mail can be sent to, in a new or an old database."""
    database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
    password = secrets.token_urlsafe()
    hashed = passwords.hash_password(password)
    users = []
    with database.write() as tx:
        for n in range(count):
            address = f"user{n}@example.org"
            made = mailboxes.create(tx, address, hashed, 1)
            users.append(User(made.id, address, password))
    database.close()
    return users


def add_idle(folder: Path, count: int, url_of: UrlOf, status_frequency_min: int) -> None:
    """Mailboxes with three subscriptions each, `count` in all.

    They have what is read of mailboxes that nobody logs in to: their rows.
    """
    with _connect(folder) as database:
        (after,) = database.execute("SELECT coalesce(max(id), 0) FROM mailboxes").fetchone()
        ids = range(after + 1, after + 1 + -(-count // EACH))
        _insert(database, "mailboxes", map(_mailbox, ids))
        subscriptions = (
            _subscription(ids[n // EACH], _head_of(ids[n // EACH]), url_of(n), status_frequency_min)
            for n in range(count)
        )
        _insert(database, "subscriptions", subscriptions)


def add_active(folder: Path, users: list[User], url_of: UrlOf, frequency_min: int) -> None:
    """A subscription for each of these users."""
    with _connect(folder) as database:
        rows = (_subscription(user.id, 0, url_of(n), frequency_min) for n, user in enumerate(users))
        _insert(database, "subscriptions", rows)


def set_status_frequency(folder: Path, minutes: int) -> None:
    """Of all that there are."""
    with _connect(folder) as database:
        database.execute("UPDATE subscriptions SET status_frequency_min = ?", (minutes,))


def count(folder: Path, condition: str) -> int:
    """How many subscriptions of a server that has stopped are so."""
    with _connect(folder) as database:
        found = database.execute(f"SELECT count(*) FROM subscriptions WHERE {condition}")
        return int(found.fetchone()[0])


def _connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "ewspush.db")


def _insert(database: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    columns, values = ", ".join(first), ", ".join(f":{name}" for name in first)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"
    database.execute(statement, first)
    database.executemany(statement, rows)


def _head_of(mailbox: int) -> int:
    """Logs differ in length, and so cursors are numbers of their own."""
    return 1000 + mailbox % 9973


def _mailbox(id: int) -> dict[str, Any]:
    return {
        "id": id,
        "shard": shard_of(id),
        "address": f"idle{id}@example.org",
        "password_hash": "-",
        "created_at_s": 1,
        "next_number": 100,
        "watermark_base": random.randrange(BASE_LIMIT),
        "floor": _head_of(id),
        "head": _head_of(id),
    }


def _subscription(mailbox: int, acknowledged: int, url: str, frequency_min: int) -> dict[str, Any]:
    return {
        "mailbox_id": mailbox,
        "shard": shard_of(mailbox),
        "number": random.getrandbits(63),
        "url": url,
        "event_types": types_to_mask({EventType.NEW_MAIL}),
        "folders": str(INBOX_NUMBER),
        "status_frequency_min": frequency_min,
        "server_version": "Exchange2010_SP2",
        "created_at_s": 1,
        "acknowledged": acknowledged,
        "phase": "idle",
        "failures": 0,
    }
