"""The table, as it is printed and as it is kept, and the data of the plots."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import breakdown
from figures import FIGURES, HTTP, PERCENTS, Figure, Found, percentile

_COLUMNS = ("figure", "ewspush", "compared with", "it", "ratio", "by CPU time", "wanted", "")
_FUNCTIONS = 15
_US = 1_000_000


def table(found: Found) -> list[Sequence[str]]:
    """Its lines, the titles first."""
    return [_COLUMNS, *(_line(figure, found) for figure in FIGURES)]


def _line(figure: Figure, found: Found) -> Sequence[str]:
    ratio, peer, wanted = figure.ratio(found), "", ""
    if ratio is not None:
        peer = f"{_median(found, figure.peer):,.0f}"
    if figure.wanted is not None:
        wanted = f"{'≤' if figure.at_most else '≥'} {figure.wanted:,g}"
    return (
        figure.what,
        f"{figure.value(found):,.{figure.decimals}f}",
        figure.peer_is,
        peer,
        _two_decimals(ratio),
        _two_decimals(figure.cpu_ratio(found)),
        wanted,
        "" if figure.is_met(found) else "missed",
    )


def _two_decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _median(found: Found, name: str) -> float:
    return Figure("", name).value(found)


def profile_table(found: Found, samples: Sequence[breakdown.Sample]) -> list[Sequence[str]]:
    """Where a notification's microseconds go, the titles first; the ceiling's for comparison."""
    each_us = _US / _median(found, HTTP)
    parts = [
        (part, f"{100 * share:.0f} %", f"{share * each_us:.1f}")
        for part, share in breakdown.shares(samples)
    ]
    ceiling_us = _US / _median(found, "curl_ceiling")
    return [
        ("part", "share", "µs"),
        *parts,
        ("a notification", "", f"{each_us:.1f}"),
        ("one of the ceiling's", "", f"{ceiling_us:.1f}"),
    ]


def functions_table(samples: Sequence[breakdown.Sample]) -> list[Sequence[str]]:
    """The functions in which the most time is spent, the titles first."""
    busiest = breakdown.busiest(samples, _FUNCTIONS)
    return [
        ("function, without what it calls", "share"),
        *((f"`{function}`", f"{100 * share:.1f} %") for function, share in busiest),
    ]


def as_text(lines: Sequence[Sequence[str]]) -> str:
    """A table in columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([rows[0], "|" + " --- |" * len(lines[0]), *rows[1:]])


@dataclass(frozen=True)
class Results:
    """What a run of the benchmark brought."""

    rounds: int
    others: float  # share of the cores that other work took, 0 to 1
    found: Found
    latencies: Sequence[Sequence[float]]  # of each round: milliseconds, ascending
    samples: Sequence[breakdown.Sample]


def write(folder: Path, results: Results) -> Path:
    """Write the tables, and the data that plots are made of; the path of these."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "delivery.md").write_text(_document(results))
    data = folder / "delivery.json"
    data.write_text(
        json.dumps(
            {
                "found": results.found,
                "wanted": {figure.ours: figure.wanted for figure in FIGURES},
                "latencies": [
                    [round(percentile(each, percent), 3) for percent in PERCENTS]
                    for each in results.latencies
                ],
                "percents": PERCENTS,
                "profile": breakdown.shares(results.samples),
            },
            indent=1,
        )
    )
    return data


def _document(results: Results) -> str:
    cores = len(os.sched_getaffinity(0))
    parts = [
        "# Delivery",
        f"`make bench` on {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()},"
        f" {cores} cores, of which other work took {results.others:.0%}; {results.rounds} rounds."
        " Medians; a ratio is the median of the rounds'.",
        as_markdown(table(results.found)),
        "![Notifications a second](delivery-rates.png)",
        "![From commit to first byte](delivery-latency.png)",
        "Where the time of a notification goes, by stacks sampled in a run of its own:",
        as_markdown(profile_table(results.found, results.samples)),
        "![Where the time goes](delivery-profile.png)",
        as_markdown(functions_table(results.samples)),
    ]
    return "\n\n".join(parts) + "\n"
