"""A throw-away PostgreSQL cluster where the server's programs are, for the tests of the store.

It listens on a Unix socket in a folder of its own alone, does not wait for the disk, and is gone
when the tests are.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from ewspush.store.database import Database

_INSTALLED = Path("/usr/lib/postgresql")  # Debian: a folder there for each version
_OWNER = "ewspush"  # the database user
_PATIENCE_S = 60.0  # for what is expected to happen
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 1 << 30  # bytes: a small cluster, and room for others
_OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
)


class Unavailable(Exception):
    """There is no PostgreSQL to test on. `str()` says why."""


def in_memory() -> Path | None:
    """Where files are in memory and nothing waits for a disk; None if there is no such place."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED:
        return _MEMORY
    return None


class Cluster:
    """A running server. Raises Unavailable."""

    def __init__(self) -> None:
        programs = _find_programs()
        self._as_user = _another_user_than_root()
        # Not in a folder of pytest's: the path of a socket has to be short, and root's are private.
        self._folder = Path(tempfile.mkdtemp(prefix="ewspush-pg-", dir=in_memory()))
        self._numbers = count()
        try:
            if self._as_user:
                os.chown(self._folder, self._as_user["user"], self._as_user["group"])
            self._make(programs)
            self._process = self._run(programs)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self._url(self._new_database("template0"))

    def migrated(self) -> str:
        """The URL of a new database with this version's tables."""
        return self._url(self._new_database(self._template))

    def drop(self, url: str) -> None:
        """Remove a database, whoever uses it."""
        name = url.partition("?")[0].rpartition("/")[2]
        self._administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        _stop(self._process)
        shutil.rmtree(self._folder)

    @cached_property
    def _template(self) -> str:
        name = self._new_database("template0")
        Database.open(self._url(name)).close()
        return name

    @cached_property
    def _administrator(self) -> Any:
        return _connect(self._folder)

    def _new_database(self, template: str) -> str:
        name = f"test{next(self._numbers)}"
        self._administrator.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _url(self, database: str) -> str:
        return f"postgresql://{_OWNER}@/{database}?host={self._folder}"

    def _make(self, programs: Path) -> None:
        made = subprocess.run(
            [
                programs / "initdb", "--pgdata", self._folder / "data", "--username", _OWNER,
                "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            check=False, capture_output=True, cwd=self._folder, **self._as_user,
        )  # fmt: skip
        if made.returncode:
            raise Unavailable(f"initdb failed: {_last_line(made.stderr)}")

    def _run(self, programs: Path) -> "subprocess.Popen[bytes]":
        options = [part for option in _OPTIONS for part in ("-c", option)]
        log = self._folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", self._folder / "data", "-k", self._folder, *options],
                stderr=output, cwd=self._folder, start_new_session=True, **self._as_user,
            )  # fmt: skip
        until_s = time.monotonic() + _PATIENCE_S
        while not self._answers():
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < until_s:
                    continue
                _stop(process)
            raise Unavailable(f"postgres does not start: {_last_line(log.read_bytes())}")
        return process

    def _answers(self) -> bool:
        import psycopg  # noqa: PLC0415

        try:
            _connect(self._folder).close()
        except psycopg.OperationalError:
            return False
        return True


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGQUIT)  # at once, whoever is connected
    process.wait(_PATIENCE_S)


def _last_line(output: bytes) -> str:
    return output.decode(errors="replace").strip().rpartition("\n")[2]


def _connect(folder: Path) -> Any:
    import psycopg  # noqa: PLC0415

    return psycopg.connect(f"host={folder} user={_OWNER} dbname=postgres", autocommit=True)


def _find_programs() -> Path:
    try:
        import psycopg  # noqa: F401, PLC0415
    except ImportError as error:
        raise Unavailable(f"psycopg cannot be imported: {error}") from None
    on_path = shutil.which("postgres")
    newest_first = sorted(_INSTALLED.glob("*/bin"), key=lambda folder: folder.parts, reverse=True)
    for folder in [*([Path(on_path).resolve().parent] if on_path else []), *newest_first]:
        if all((folder / program).exists() for program in ("initdb", "postgres")):
            return folder
    raise Unavailable(f"PostgreSQL's initdb and postgres are neither on PATH nor in {_INSTALLED}")


def _another_user_than_root() -> dict[str, Any]:
    """As whom to run the server, which refuses to be root; empty if we are somebody else."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    raise Unavailable("PostgreSQL does not run as root, and there is no user postgres or nobody")
