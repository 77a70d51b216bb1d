"""Notifications a second, beside what people would otherwise use, in one table.

The responder is nginx with a static answer, on a core of its own where there are two. Runs of all
are interleaved; a ratio is the median of the ratios of the rounds.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

HERE = Path(__file__).parent
PORT = 9191
URL = f"http://127.0.0.1:{PORT}/responder"
BODY_BYTES = 1200  # of a notification with one event
CONNECTIONS = 50  # as many as the server opens to one origin
SUBSCRIPTIONS = 2000
PEERS = {  # name, requests in a run, the ratio that is wanted
    "aiohttp_loop": (20_000, 1.5),
    "twisted_loop": (10_000, 2.5),
    "curl_ceiling": (100_000, 0.2),
}


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--peers-python", default=sys.executable, help="The Python that has the peers.")
def main(rounds: int, peers_python: str) -> None:
    """Measure and print."""
    found: dict[str, list[float]] = {name: [] for name in ("ours", "with logging", *PEERS)}
    with TemporaryDirectory() as folder, _nginx(Path(folder)):
        for _ in range(rounds):
            ours, with_logging = _ours()
            found["ours"].append(ours)
            found["with logging"].append(with_logging)
            for name, (requests, _) in PEERS.items():
                script = str(HERE / f"{name}.py")
                command = (peers_python, script, URL, BODY_BYTES, requests, CONNECTIONS)
                found[name].append(float(_run(*command)))
    _print(found)


def _ours() -> tuple[float, float]:
    """The medians of a run; its first rounds fill caches and open connections."""
    lines = _run(sys.executable, HERE / "ours.py", URL, SUBSCRIPTIONS, 12).splitlines()[2:]
    rates = [tuple(map(float, line.split())) for line in lines]
    return statistics.median(r[0] for r in rates), statistics.median(r[1] for r in rates)


def _print(found: dict[str, list[float]]) -> None:
    click.echo(f"{'':24}{'a second':>12}{'ours / it':>12}{'wanted':>9}")
    for name, rates in found.items():
        ratio = wanted = ""
        if name in PEERS:
            ratios = (ours / rate for ours, rate in zip(found["ours"], rates, strict=True))
            ratio, wanted = f"{statistics.median(ratios):.2f}", f"{PEERS[name][1]:.2f}"
        click.echo(f"{name:24}{statistics.median(rates):12.0f}{ratio:>12}{wanted:>9}")


def _run(*command: object) -> str:
    """What a process prints that has the first core to itself."""
    cores = ["taskset", "-c", "0"] if _cores() > 1 else []
    done = subprocess.run([*cores, *map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr)
    return done.stdout.strip()


@contextmanager
def _nginx(folder: Path) -> Iterator[None]:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        raise click.ClickException("nginx is needed: apt-get install nginx-light")
    text = (HERE / "nginx.conf").read_text().replace("FOLDER", str(folder))
    core = "10" if _cores() > 1 else "1"
    config = folder / "nginx.conf"
    config.write_text(text.replace("CORE", core).replace("PORT", str(PORT)))
    with subprocess.Popen((nginx, "-c", str(config)), stderr=subprocess.DEVNULL) as process:
        try:
            _wait()
            yield
        finally:
            process.terminate()


def _wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(URL, timeout=5).close()
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise click.ClickException("nginx does not answer")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    main()
