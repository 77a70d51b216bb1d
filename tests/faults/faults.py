"""The faults: each strikes a world, shows that it has, and is mended."""

import os
import resource
import socket
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

from faults.manners import Manner, well
from faults.places import Impossible
from faults.responder import Port
from faults.world import World

_LIBRARIES = (
    *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
    *Path("/usr/lib/faketime").glob("libfaketimeMT.so.1"),
)
_HOUR_S = 3600
_IDLE_CONNECTIONS = 60
_ENOUGH = 5  # that were seen to meet with a fault


class Fault(ABC):
    """Something that goes wrong. It is struck and mended, in turn, as often as wanted."""

    name: str
    needs_small_disk = False
    explains: str | None = None  # what the server may log as a mistake meanwhile holds this

    def conditions(self, world: World) -> AbstractContextManager[None]:
        """What has to be so while it strikes, as a block. Raises Impossible."""
        return nullcontext()

    @abstractmethod
    def strike(self, world: World) -> None: ...

    def has_bitten(self, world: World) -> bool:
        """Whether what goes on has met with it since it struck."""
        return True

    @abstractmethod
    def mend(self, world: World) -> None: ...


class Killed(Fault):
    name = "server killed (`kill -9`)"

    def strike(self, world: World) -> None:
        world.kill()

    def mend(self, world: World) -> None:
        world.start()


class Stopped(Fault):
    name = "server restarted (SIGTERM)"

    def strike(self, world: World) -> None:
        world.stop()

    def mend(self, world: World) -> None:
        world.start()


class Misbehaves(Fault):
    """Some of the responder's ports change their manner; others go on."""

    def __init__(
        self, name: str, manner: Manner, choose: Callable[[Sequence[Port]], Sequence[Port]]
    ) -> None:
        self.name = name
        self._manner = manner
        self._choose = choose
        self._met = 0

    def strike(self, world: World) -> None:
        self._met = world.responder.met[self._manner]
        world.responder.behave(self._choose(world.responder.ports), self._manner)

    def has_bitten(self, world: World) -> bool:
        return world.responder.met[self._manner] >= self._met + _ENOUGH

    def mend(self, world: World) -> None:
        world.responder.behave(self._choose(world.responder.ports), well)


class Distrusted(Fault):
    name = "certificates changed: not trusted, then trusted"

    def __init__(self) -> None:
        self._failed = 0

    def strike(self, world: World) -> None:
        self._failed = world.attempts("tls")
        world.responder.change_certificates(trusted=False)

    def has_bitten(self, world: World) -> bool:
        return world.attempts("tls") > self._failed

    def mend(self, world: World) -> None:
        world.responder.change_certificates(trusted=True)


class Together(Fault):
    """Several at the same time."""

    def __init__(self, name: str, *faults: Fault) -> None:
        self.name = name
        self._faults = faults

    def strike(self, world: World) -> None:
        for fault in self._faults:
            fault.strike(world)

    def has_bitten(self, world: World) -> bool:
        return all(fault.has_bitten(world) for fault in self._faults)

    def mend(self, world: World) -> None:
        for fault in self._faults:
            fault.mend(world)


class KilledAmid(Together):
    """Several at the same time, and before they are mended the server is killed."""

    def mend(self, world: World) -> None:
        world.kill()
        world.start()
        super().mend(world)


class DiskFull(Fault):
    name = "disk full (a small tmpfs)"
    needs_small_disk = True

    def __init__(self) -> None:
        self._refused = 0

    def strike(self, world: World) -> None:
        assert world.server.disk is not None
        self._refused = world.load.refused
        world.server.disk.fill()

    def has_bitten(self, world: World) -> bool:
        return world.load.refused >= self._refused + _ENOUGH

    def mend(self, world: World) -> None:
        assert world.server.disk is not None
        world.server.disk.empty()


class Locked(Fault):
    """Another connection to the database writes, and does not come to an end."""

    def __init__(self) -> None:
        self.name = "database locked"
        self._connection: sqlite3.Connection | None = None

    def strike(self, world: World) -> None:
        self._connection = sqlite3.connect(
            world.server.database_file, isolation_level=None, timeout=world.size.patience_s
        )
        self._connection.execute("BEGIN EXCLUSIVE")

    def mend(self, world: World) -> None:
        assert self._connection is not None
        self._connection.execute("ROLLBACK")
        self._connection.close()


class ClockStepped(Fault):
    """The wall clock of the server's process alone: an hour forward and back; or back, and on."""

    name = "clock stepped by an hour, forward and back"

    def __init__(self) -> None:
        self._ahead_s = -_HOUR_S

    @contextmanager
    def conditions(self, world: World) -> Iterator[None]:
        """A server whose clock can be set. It stays one until the next restart."""
        library = next(iter(_LIBRARIES), None)
        if library is None:
            raise Impossible("there is no libfaketime (Debian's package faketime)")
        self._set(world, 0)
        world.server.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file(world)),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # which makes waits of threads far too long
            "NO_FAKE_STAT": "1",
        }
        world.stop()
        world.start()
        try:
            yield
        finally:
            world.server.environment = {}

    def strike(self, world: World) -> None:
        """Forward the first time, back the second, and so on."""
        self._ahead_s = -self._ahead_s
        self._set(world, self._ahead_s)

    def has_bitten(self, world: World) -> bool:
        came = world.responder.timestamp
        if not came:
            return False
        off_s = (datetime.fromisoformat(came) - datetime.now(UTC)).total_seconds()
        return off_s / self._ahead_s > 0.5

    def mend(self, world: World) -> None:
        self._set(world, 0)

    def _file(self, world: World) -> Path:
        return world.server.folder / "faketime"

    def _set(self, world: World, ahead_s: int) -> None:
        new = self._file(world).with_suffix(".new")
        new.write_text(f"{ahead_s:+d}\n")
        new.replace(self._file(world))


class DescriptorsOut(Fault):
    """The server may open no more files: its limit is lowered, and what is left is taken."""

    name = "file descriptors running out"
    explains = "Too many open files"  # Twisted says so when it cannot keep one in reserve

    def __init__(self) -> None:
        self._limits = (0, 0)
        self._idle: list[socket.socket] = []
        self._before = 0

    def strike(self, world: World) -> None:
        pid = world.server.pid
        self._before = self._trouble(world)
        self._limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        held = sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
        lowered = held[len(held) * 3 // 4] + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowered, self._limits[1]))
        world.responder.drop_connections()
        with suppress(OSError):  # nobody accepts any more
            for number in range(_IDLE_CONNECTIONS):
                where = world.server.lmtp if number % 2 else world.server.http
                self._idle.append(socket.create_connection(where, timeout=1))

    def has_bitten(self, world: World) -> bool:
        return self._trouble(world) >= self._before + _ENOUGH

    def mend(self, world: World) -> None:
        for one in self._idle:
            one.close()
        self._idle.clear()
        resource.prlimit(world.server.pid, resource.RLIMIT_NOFILE, self._limits)

    def _trouble(self, world: World) -> int:
        return world.load.refused + len(world.server.log.events("delivery.attempted"))
