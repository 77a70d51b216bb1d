"""One user at a time for an SQLite database: its server, or a command while none runs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url


class InUse(Exception):
    """Another process uses the database."""


@contextmanager
def exclusive(url: str, patience_s: float) -> Iterator[None]:
    """Hold the lock beside an SQLite database; other databases need none.

    Waits `patience_s` for a command that is about to finish. Raises InUse. The operating system
    frees the lock of a process that dies.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        yield
        return
    path = Path(f"{parsed.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, str(parsed.database), time.monotonic() + patience_s)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, database: str, until_s: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise InUse(f"{database} is in use by another ewspush server") from None
            time.sleep(0.05)
        else:
            return
