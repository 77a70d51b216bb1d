"""One fault after another under load, and the table of what came of it."""

import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom

import click

from faults.places import Impossible
from faults.reckoning import Counts
from faults.rounds import Plan, Row, complaint_counts, long, play
from faults.world import KINDS, UNWRITTEN, Size, World

_DISK_MB = 256

_COLUMNS = (
    "fault",
    "times",
    "events a second",
    "notifications acknowledged",
    "not acknowledged",
    "refused to clients",
    "lost",
    "out of order",
    "broken chains",
    "repeated after kills",
    "most after one kill",
    "oldest, ms before",
)


def run(plans: Sequence[Plan], size: Size, seed: int, disk_mb: int) -> Iterator[Row | str]:
    """Play the rounds; a text says which one this machine does not allow, and why.

    Those that need a small disk have a world of their own.
    """
    random = Random(seed)
    usual = [plan for plan in plans if not plan.fault.needs_small_disk]
    on_disk = [plan for plan in plans if plan.fault.needs_small_disk]
    for some, megabytes in ((usual, 0), (on_disk, disk_mb)):
        if not some:
            continue
        try:
            with World.made(size, seed, megabytes) as world:
                for plan in some:
                    yield _played(world, plan, random)
        except Impossible as error:
            yield from (f"{plan.fault.name}: skipped, {error}" for plan in some)


def _played(world: World, plan: Plan, random: Random) -> Row | str:
    try:
        return play(world, plan, random)
    except Impossible as error:
        return f"{plan.fault.name}: skipped, {error}"


def table(rows: Sequence[Row], skipped: Sequence[str]) -> str:
    """In Markdown, with the sums."""
    lines = [_line(_COLUMNS), _line("---" for _ in _COLUMNS)]
    lines += [_line(_cells(row)) for row in rows]
    lines += [_line(_cells(_total(rows)))] if rows else []
    lines += [f"\n{one}" for one in skipped]
    lines += [f"\n{count} x {text}" for text, count in complaint_counts(rows).items()]
    return "\n".join(lines) + "\n"


def _line(cells: object) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(row: Row) -> tuple[str, ...]:
    wrong = row.counts
    return (
        row.fault,
        str(row.strikes),
        f"{row.logged / row.seconds:,.0f}",
        f"{wrong.acknowledged:,}",
        f"{wrong.refused:,}",
        f"{row.refused:,}",
        f"{wrong.lost + row.mail_lost}",
        f"{wrong.disordered + wrong.unwanted}",
        f"{wrong.broken}",
        f"{wrong.repeated}",
        f"{row.worst_kill}",
        f"{row.forgotten_s * 1000:.0f}" if wrong.repeated else "",
    )


def _total(rows: Sequence[Row]) -> Row:
    return Row(
        fault="all",
        strikes=sum(row.strikes for row in rows),
        seconds=sum(row.seconds for row in rows),
        logged=sum(row.logged for row in rows),
        refused=sum(row.refused for row in rows),
        counts=sum((row.counts for row in rows), Counts()),
        mail_lost=sum(row.mail_lost for row in rows),
        worst_kill=max(row.worst_kill for row in rows),
        forgotten_s=max(row.forgotten_s for row in rows),
        complaints=[],
    )


@click.command()
@click.option("--minutes", default=20.0, show_default=True, help="About so long.")
@click.option("--rate", default=1000.0, show_default=True, help="Events a second.")
@click.option(
    "--mailboxes",
    type=click.IntRange(min=6),
    default=100,
    show_default=True,
    help="With three subscriptions each.",
)
@click.option("--seed", type=int, help="Of what is chosen at random.  [default: another each time]")
@click.option("--output", type=click.Path(path_type=Path), help="A file for the results.")
def main(
    minutes: float, rate: float, mailboxes: int, seed: int | None, output: Path | None
) -> None:
    """Strike with every fault; exit with 1 if anything was lost, or worse."""
    seed = SystemRandom().randrange(1 << 32) if seed is None else seed
    click.echo(f"seed {seed}")
    rows: list[Row] = []
    skipped: list[str] = []
    size = Size(mailboxes, rate, patience_s=180)
    began = datetime.now(UTC)
    for result in run(long(minutes), size, seed, _DISK_MB):
        if isinstance(result, Row):
            rows.append(result)
            click.echo(_line(_cells(result)))
        else:
            skipped.append(result)
            click.echo(result)
    text = _report(table(rows, skipped), size, seed, began)
    click.echo(text)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text)
    sys.exit(0 if all(row.is_good for row in rows) else 1)


def _report(rows: str, size: Size, seed: int, began: datetime) -> str:
    took_min = (datetime.now(UTC) - began).total_seconds() / 60
    return f"""# Faults survived: `make soak`

One server with SQLite and {size.mailboxes} mailboxes, each with {len(KINDS)} subscriptions, to 6
responders with http and 2 with https. Deliveries over LMTP and requests over EWS are made at a pace
that logs {size.rate:,.0f} events a second; each is sent to every subscription that wants it.
`tests/faults/` says how, and what is counted.

{rows}
*Times*: how often the fault struck. *Events a second*: logged while the load was on, the time in
which the server took nothing included. *Not acknowledged*: notifications that came whole and were
not answered with an OK. *Refused to clients*: deliveries and requests that failed, and were tried
again. *Lost*: events in the database's log that came in no acknowledged notification, and accepted
mail that is not in the log. *Out of order* includes events that are not in the log, or not wanted.
*Repeated after kills*: notifications that came again although the whole OK was written before the
kill. {UNWRITTEN} for a kill are allowed, since `delivery.unwritten` lets no more be forgotten: both
groups of acknowledgements, and what is under way. *Oldest*: how long before the kill the first of
them was acknowledged.

{took_min:.0f} minutes, seed {seed}, Python {platform.python_version()}, SQLite.
"""


if __name__ == "__main__":
    main()
