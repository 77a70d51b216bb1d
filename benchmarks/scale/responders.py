"""Responders on the other core: nginx, which acknowledges, and our own, which can also fail."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from serving import on_core

HERE = Path(__file__).parent
ORIGINS = 10
_PATIENCE_S = 10.0
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


class Nginx:
    """As many origins as there are ports."""

    def __init__(self, ports: Sequence[int], status: int) -> None:
        self._ports = ports
        self._status = f"http://127.0.0.1:{status}/"
        self._scrapes = 0

    def url(self, n: int) -> str:
        """Of the n-th subscription: its own, as those of real clients mostly are."""
        return f"http://127.0.0.1:{self._ports[n % len(self._ports)]}/notifications?of={n}"

    def requests(self) -> int:
        """How many have come."""
        with urllib.request.urlopen(self._status, timeout=5) as answer:
            _, _, requests = re.findall(r"^ (\d+) (\d+) (\d+)", answer.read().decode(), re.M)[0]
        self._scrapes += 1
        return int(requests) - self._scrapes


@contextmanager
def nginx(origins: int = ORIGINS) -> Iterator[Nginx]:
    """nginx on the second core."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise click.ClickException("nginx is needed: apt-get install nginx-light")
    *ports, status = _free_ports(origins + 1)
    with TemporaryDirectory() as folder:
        filled = {
            "FOLDER": folder,
            "CORE": "10" if len(os.sched_getaffinity(0)) > 1 else "1",
            "LISTEN": " ".join(f"listen 127.0.0.1:{port};" for port in ports),
            "STATUS": str(status),
        }
        text = re.sub("|".join(filled), lambda m: filled[m[0]], (HERE / "nginx.conf").read_text())
        config = Path(folder) / "nginx.conf"
        config.write_text(text.partition("\n")[2])
        with subprocess.Popen((program, "-c", str(config)), stderr=subprocess.DEVNULL) as process:
            try:
                found = Nginx(ports, status)
                _wait_for(found.requests)
                yield found
            finally:
                process.terminate()


class Responder:
    """A process of `responder.py`, which does what it is told and says what it counted."""

    def __init__(self, ports: Sequence[int], control: int) -> None:
        self.ports = ports
        self._control = control

    def url(self, n: int) -> str:
        """Of the n-th subscription."""
        return f"http://127.0.0.1:{self.ports[n % len(self.ports)]}/notifications?of={n}"

    def behave(self, origin: int, behaviour: str) -> None:
        """Have the origin behave so from now on: see `responder.py`."""
        self._ask({"origin": origin, "behaviour": behaviour})

    def counts(self) -> list[dict[str, Any]]:
        """Of each origin."""
        return list(self._ask({}))

    def _ask(self, what: dict[str, Any]) -> Any:
        with socket.create_connection(("127.0.0.1", self._control), timeout=30) as connection:
            connection.sendall(json.dumps(what).encode() + b"\n")
            return json.loads(connection.makefile().readline())


@contextmanager
def responder(origins: int = ORIGINS) -> Iterator[Responder]:
    """Our own, on the second core."""
    control, *ports = _free_ports(origins + 1)
    command = (
        *on_core(1),
        sys.executable,
        str(HERE / "responder.py"),
        *map(str, (control, *ports)),
    )
    with subprocess.Popen(command) as process:
        try:
            found = Responder(ports, control)
            _wait_for(found.counts)
            yield found
        finally:
            process.terminate()


def _wait_for(answer: Any) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            answer()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until_s:
                raise
            time.sleep(0.05)
        else:
            return


def _free_ports(count: int) -> list[int]:
    """Below those that outgoing connections take, one of which could have it while we are away."""
    found: list[int] = []
    first = _FIRST_PORT + os.getpid() * 20 % (_LAST_PORT - _FIRST_PORT)  # others may look, too
    for port in range(first, _LAST_PORT):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise click.ClickException("there are not enough free ports")
