"""Delivery beside what people would otherwise use, in one table.

Runs of all are interleaved; a ratio is the median of the ratios of the rounds.
"""

import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import machine
import report
from figures import (
    CATCHING_UP,
    HTTP,
    HTTPS,
    LOGGING,
    P50,
    P99,
    UNRECORDED,
    of_cpu,
    percentile,
)
from report import Results
from runs import PEERS, Runs

RESULTS = Path(__file__).parents[1] / "results"


class Rounds:
    """What the rounds have found so far."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.found: dict[str, list[float]] = defaultdict(list)
        self.latencies: list[list[float]] = []

    def add(self) -> None:
        """Run everything once."""
        rate, cpu_rate, logging, _ = self._runs.delivery()
        self._add(HTTP, rate, cpu_rate)
        self._add(LOGGING, logging)
        rate, cpu_rate, _, _ = self._runs.delivery_unrecorded()
        self._add(UNRECORDED, rate, cpu_rate)
        rate, cpu_rate, _, _ = self._runs.delivery_over_tls()
        self._add(HTTPS, rate, cpu_rate)
        for name in PEERS:
            rate, cpu_rate = self._runs.peer(name)
            self._add(name, rate, cpu_rate)
        self._add(CATCHING_UP, self._runs.catching_up())
        latencies = self._runs.latencies()
        self.latencies.append(latencies)
        self._add(P50, percentile(latencies, 50))
        self._add(P99, percentile(latencies, 99))

    def _add(self, name: str, value: float, by_cpu: float | None = None) -> None:
        self.found[name].append(value)
        if by_cpu is not None:
            self.found[of_cpu(name)].append(by_cpu)
        click.echo(f"  {name:16}{value:14,.2f}", err=True)


@click.command()
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--peers-python", default=sys.executable, help="The Python that has the peers.")
@click.option("--results", default=RESULTS, type=click.Path(path_type=Path), show_default=True)
def main(rounds: int, peers_python: str, results: Path) -> None:
    """Measure, print, and write the results."""
    others = machine.OtherWork()
    with TemporaryDirectory() as name:
        folder = Path(name)
        with machine.static_responder(folder) as responder, machine.redis(folder) as redis:
            runs = Runs(responder, redis, peers_python, folder)
            made = Rounds(runs)
            for n in range(rounds):
                click.echo(f"round {n + 1} of {rounds}", err=True)
                made.add()
            click.echo("profile", err=True)
            samples = runs.profile()
    measured = Results(rounds, others.share(), made.found, made.latencies, samples)
    data = report.write(results, measured)
    machine.run(peers_python, machine.HERE / "plots.py", data)
    click.echo(report.as_text(report.table(measured.found)))
    click.echo()
    click.echo(report.as_text(report.profile_table(measured.found, samples)))
    click.echo(f"\nOther work took {measured.others:.0%} of the cores. Written to {results}")


if __name__ == "__main__":
    main()
