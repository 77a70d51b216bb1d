"""Where the emulator has its files: in memory, if this machine has a file system there."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "ewspush-emulate-"
_MEMORY = Path("/dev/shm")
_LOCK = "ewspush.db.lock"  # held by a server that runs
_STARTED_S = 60.0  # a younger one may not have its lock yet


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder that is removed at the end, and those that were killed before their end left."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        if _is_deserted(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_deserted(folder: Path) -> bool:
    with suppress(OSError):
        found = folder.stat()
        if found.st_uid != os.getuid() or time.time() - found.st_mtime < _STARTED_S:
            return False
        lock = folder / _LOCK
        if not lock.exists():
            return True
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False
