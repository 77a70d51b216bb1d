"""Where the server and the responder are: ports that nothing else is given, and a small disk."""

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

_HOST = "127.0.0.1"
_random = SystemRandom()


def free_port() -> int:
    """A port below those that the system hands out.

    Who calls a port of that range while nothing listens there may be given the same port for its
    own end, and so be connected to itself, and hold it.
    """
    while True:
        port = _random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((_HOST, port))
            return port


class Impossible(Exception):
    """This machine does not allow it. `str()` says why."""


class SmallDisk:
    """A tmpfs of so many MB. Raises Impossible where none can be mounted."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        self._filler = folder / "filler"
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            raise Impossible("mounting a tmpfs takes root")
        folder.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(
            (mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)),
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            raise Impossible(f"no tmpfs can be mounted: {mounted.stderr.strip()}")

    def fill(self) -> None:
        """Leave nothing free."""
        with self._filler.open("ab", buffering=0) as filler:
            for piece in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while filler.write(b"x" * piece) == piece:
                        pass

    def empty(self) -> None:
        """Free what was filled."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it; what is in it is gone."""
        subprocess.run(("umount", str(self._folder)), check=True, capture_output=True)
