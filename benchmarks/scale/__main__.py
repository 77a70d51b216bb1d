"""The rows of the table that take a million subscriptions, or waiting.

Each part can be run alone; the table that is written is of all that were ever run.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import cost
import faulty
import findings
import heartbeats
import idle
import outage
import pressure
from findings import Found

RESULTS = Path(__file__).parent.parent / "results"
PARTS: dict[str, Callable[[Path], Found]] = {
    "idle": idle.run,
    "heartbeats": heartbeats.run,
    "faulty": faulty.run,
    "outage": outage.run,
    "cost": cost.run,
    "pressure": pressure.run,
}


@click.command()
@click.option(
    "--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="Instead of all."
)
@click.option("--peers-python", default=sys.executable, help="The Python that has matplotlib.")
def main(parts: Sequence[str], peers_python: str) -> None:
    """Measure, print, and write benchmarks/results/scale.md."""
    for part in parts or PARTS:
        with TemporaryDirectory() as folder:
            findings.keep(RESULTS, part, PARTS[part](Path(folder)))
    click.echo(findings.table(RESULTS, list(parts or PARTS)))
    findings.write(RESULTS, list(PARTS), peers_python)


if __name__ == "__main__":
    main()
