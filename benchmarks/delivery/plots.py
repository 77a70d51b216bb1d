"""Draws what was found. Argument: the file of the data; the PNGs are written beside it."""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

_NAMES = {
    "ours": "ewspush",
    "https": "ewspush, https",
    "with logging": "ewspush, with logging\nthe events",
    "aiohttp_loop": "aiohttp loop",
    "twisted_loop": "Twisted's Agent",
    "dramatiq_worker": "dramatiq",
    "celery_worker": "Celery",
}
_OURS, _OTHERS = "#1f6f8b", "#b0b7bd"


def main(data: Path) -> None:
    read = json.loads(data.read_text())
    _rates(read["found"], data.with_name("delivery-rates.png"))
    _latency(read, data.with_name("delivery-latency.png"))
    _profile(read["profile"], data.with_name("delivery-profile.png"))


def _rates(found: Mapping[str, Sequence[float]], file: Path) -> None:
    """Bars of the medians, with a dot for each round. The ceiling would dwarf the others."""
    figure, axes = plt.subplots(figsize=(8, 4))
    for place, (name, label) in enumerate(_NAMES.items()):
        is_ours = label.startswith("ewspush")
        axes.barh(place, statistics.median(found[name]), color=_OURS if is_ours else _OTHERS)
        axes.plot(found[name], [place] * len(found[name]), "k.", markersize=4)
    axes.set_yticks(range(len(_NAMES)), list(_NAMES.values()))
    axes.invert_yaxis()
    ceiling = statistics.median(found["curl_ceiling"])
    axes.set_xlabel(f"notifications a second, one process (libcurl alone: {ceiling:,.0f})")
    _save(figure, file)


def _latency(read: Mapping[str, Any], file: Path) -> None:
    """A line for each round: what part of the events took longer than so many milliseconds."""
    figure, axes = plt.subplots(figsize=(8, 4))
    longer = [1 - percent / 100 for percent in read["percents"]]
    for latencies in read["latencies"]:
        axes.loglog(latencies, longer, color=_OURS, alpha=0.7)
    for name, part in (("p50", 0.5), ("p99", 0.01)):
        axes.plot(read["wanted"][name], part, "kx")
        axes.annotate(f" {name} wanted", (read["wanted"][name], part), va="center")
    axes.set_xlabel("milliseconds from commit to first byte at the responder")
    axes.set_ylabel("part of the events that took longer")
    axes.grid(which="major", alpha=0.3)
    _save(figure, file)


def _profile(parts: Sequence[tuple[str, float]], file: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 3.5))
    axes.barh([part for part, _ in parts], [100 * share for _, share in parts], color=_OURS)
    axes.invert_yaxis()
    axes.set_xlabel("% of the time of a notification")
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    plt.close(figure)


main(Path(sys.argv[1]))
