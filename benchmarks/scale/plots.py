"""Plots of what `benchmarks/scale` found. Arguments: its JSON file and the folder for the PNGs."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def main(found: Path, folder: Path) -> None:
    """One PNG for each plot that was found."""
    for plot in json.loads(found.read_text()):
        _draw(plot, folder / f"{plot['name']}.png")


def _draw(plot: dict[str, Any], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 3.5))
    for line in plot["lines"]:
        axes.plot(line["x"], line["y"], label=line["name"], marker=plot.get("marker"))
    axes.set(title=plot["title"], xlabel=plot["x"], ylabel=plot["y"])
    axes.set_xscale(plot.get("scale", "linear"))
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if len(plot["lines"]) > 1:
        axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)


main(Path(sys.argv[1]), Path(sys.argv[2]))
