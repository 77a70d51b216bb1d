"""What runs beside what is measured: responders and a broker on a core of their own."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import trustme

HERE = Path(__file__).parent
_PATIENCE_S = 10.0
_LONGEST_RUN_S = 300.0
_POLL_S = 0.05


@dataclass(frozen=True)
class StaticResponder:
    """nginx with a static acknowledgement."""

    http: str  # URLs
    https: str
    ca_file: Path  # PEM, of the CA that signed its certificate


class OtherWork:
    """Tells how much of the machine was used by others than us and what we started."""

    def __init__(self) -> None:
        self._began = self._now()

    def share(self) -> float:
        """Of the cores' time since this was made, 0 to 1. Counts ended processes as ours."""
        busy_s, ours_s, at_s = (
            now - began for now, began in zip(self._now(), self._began, strict=True)
        )
        return max(0.0, (busy_s - ours_s) / (at_s * (os.cpu_count() or 1)))

    def _now(self) -> tuple[float, float, float]:
        user, nice, system, _, _, irq, softirq, steal = map(
            int, Path("/proc/stat").read_text().split()[1:9]
        )
        busy_s = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        return busy_s, sum(os.times()[:4]), time.monotonic()


def on_core(core: int, *command: object) -> list[str]:
    """A command that has this core to itself, where there are two; else the one that there is."""
    cores = sorted(os.sched_getaffinity(0))
    taskset = ["taskset", "-c", str(cores[core])] if len(cores) > 1 else []
    return [*taskset, *map(str, command)]


def run(*command: object, **environment: str) -> str:
    """What a process on the first core prints."""
    return output_of(on_core(0, *command), environment)


def output_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What a process prints. Raises ClickException if it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_RUN_S,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"{' '.join(command)} took too long") from None
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip()


@contextmanager
def static_responder(folder: Path) -> Iterator[StaticResponder]:
    """nginx, with files in this folder."""
    ca, (port, tls_port) = trustme.CA(), _free_ports(2)
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "responder.pem"
    )
    text = (HERE / "nginx.conf").read_text().replace("FOLDER", str(folder))
    cores = sorted(os.sched_getaffinity(0))
    text = text.replace("CORE", bin(1 << cores[min(1, len(cores) - 1)])[2:])
    config = folder / "nginx.conf"
    config.write_text(text.replace("TLS_PORT", str(tls_port)).replace("PORT", str(port)))
    responder = StaticResponder(
        f"http://127.0.0.1:{port}/responder", f"https://127.0.0.1:{tls_port}/responder", ca_file
    )
    with _running(_program("nginx", "nginx-light"), "-c", config) as process:
        _wait(process, "nginx", lambda: _answers(responder.http))
        yield responder


@contextmanager
def redis(folder: Path) -> Iterator[Path]:
    """Redis, keeping nothing on disk; its socket in this folder."""
    path = folder / "redis.sock"
    program = _program("redis-server", "redis-server")
    options = ("--port", 0, "--unixsocket", path, "--save", "", "--appendonly", "no")
    with _running(*on_core(1, program, *options, "--dir", folder)) as process:
        _wait(process, "redis-server", path.exists)
        yield path


@contextmanager
def recording_responder(python: str, file: Path) -> Iterator[str]:
    """A responder that writes to `file`, at its end, when notifications came; its URL."""
    command = on_core(1, python, HERE / "recording_responder.py", file)
    with _running(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "it is a pipe"
        port = process.stdout.readline().decode().strip()
        if not port:
            raise click.ClickException("the recording responder did not start")
        yield f"http://127.0.0.1:{port}/responder"


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise click.ClickException(f"{name} is needed: apt-get install {package}")
    return found


@contextmanager
def _running(
    *command: object, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [*map(str, command)]
    with subprocess.Popen(arguments, stdout=stdout, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE_S)


def _wait(process: subprocess.Popen[bytes], name: str, is_ready: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if is_ready():
            return
        time.sleep(_POLL_S)
    raise click.ClickException(f"{name} does not start")


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.URLError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
