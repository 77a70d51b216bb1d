"""What a soak says of its rounds."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from faults import soak, world
from faults.faults import DiskFull
from faults.places import Impossible
from faults.reckoning import Counts
from faults.rounds import Plan, Row
from faults.world import UNWRITTEN, Size

GOOD = Row(
    fault="a fault",
    strikes=2,
    seconds=10.0,
    logged=5000,
    refused=7,
    counts=Counts(events=9000, acknowledged=1200, refused=3, repeated=12),
    mail_lost=0,
    worst_kill=8,
    forgotten_s=0.034,
    complaints=(),
)
BAD = [
    replace(GOOD, counts=replace(GOOD.counts, lost=1)),
    replace(GOOD, counts=replace(GOOD.counts, unwanted=1)),
    replace(GOOD, counts=replace(GOOD.counts, disordered=1)),
    replace(GOOD, counts=replace(GOOD.counts, broken=1)),
    replace(GOOD, mail_lost=1),
    replace(GOOD, worst_kill=UNWRITTEN + 1),
    replace(GOOD, complaints=["an exception"]),
]


def test_a_row_tells_what_came_and_the_last_one_sums_up():
    row = "| 2 | 500 | 1,200 | 3 | 7 | 0 | 0 | 0 | 12 | 8 | 34 |"
    sums = "| 4 | 500 | 2,400 | 6 | 14 | 0 | 0 | 0 | 24 | 8 | 34 |"
    lines = soak.table([GOOD, GOOD], ["another: skipped, no root"]).splitlines()
    assert lines[2:] == [f"| a fault {row}"] * 2 + [
        f"| all {sums}",
        "",
        "another: skipped, no root",
    ]


@pytest.mark.parametrize("row", BAD)
def test_one_bad_count_is_a_failure(row, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(soak, "run", lambda *_: iter([GOOD, row]))
    output = tmp_path / "results" / "soak.md"
    ended = CliRunner().invoke(soak.main, ["--seed", "1", "--output", str(output)])
    assert ended.exit_code == 1
    assert output.read_text().strip() in ended.output


def test_good_counts_are_none_even_if_something_was_skipped(monkeypatch):
    monkeypatch.setattr(soak, "run", lambda *_: iter([GOOD, "another: skipped, no root"]))
    assert CliRunner().invoke(soak.main).exit_code == 0


def test_what_the_machine_does_not_allow_is_said(monkeypatch):
    def refuses(*_):
        raise Impossible("no tmpfs can be mounted")

    monkeypatch.setattr(world, "SmallDisk", refuses)
    plan = Plan(DiskFull(), strikes=1, held_s=0, quiet_s=0)
    (said,) = soak.run([plan], Size(6, 1, 1), 0, 1)
    assert said == "disk full (a small tmpfs): skipped, no tmpfs can be mounted"
