"""What was found, kept from one run to the next, and written as a table with plots."""

import json
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_NAME = "scale"
_PLOTS = Path(__file__).with_name("plots.py")


@dataclass(frozen=True)
class Row:
    """A figure. `is_met` None: nothing is wanted of it."""

    figure: str
    ours: str
    wanted: str = ""
    is_met: bool | None = None


@dataclass(frozen=True)
class Line:
    """A line of a plot."""

    name: str
    x: list[float]
    y: list[float]


@dataclass(frozen=True)
class Plot:
    """A plot, by the name of its file and the labels of its axes."""

    name: str
    title: str
    x: str
    y: str
    lines: list[Line]
    scale: str = "linear"  # of the first axis


@dataclass(frozen=True)
class Found:
    """What one part found."""

    rows: list[Row]
    plots: list[Plot] = field(default_factory=list)


def keep(folder: Path, part: str, found: Found) -> None:
    """Put it beside what other parts found, perhaps in an earlier run."""
    folder.mkdir(exist_ok=True)
    kept = _kept(folder)
    kept[part] = asdict(found)
    (folder / f"{_NAME}.json").write_text(json.dumps(kept))


def table(folder: Path, parts: list[str]) -> str:
    """In Markdown, of these parts so far as they were run."""
    lines = ["| figure | ours | wanted | met |", "| --- | --- | --- | --- |"]
    kept = _kept(folder)
    for row in (row for part in parts if part in kept for row in kept[part]["rows"]):
        met = {True: "yes", False: "no", None: ""}[row["is_met"]]
        lines.append(f"| {row['figure']} | {row['ours']} | {row['wanted']} | {met} |")
    return "\n".join(lines) + "\n"


def write(folder: Path, parts: list[str], peers_python: str) -> None:
    """`scale.md` and the plots that it shows."""
    plots = [plot for found in _kept(folder).values() for plot in found["plots"]]
    given = folder / f"{_NAME}-plots.json"
    given.write_text(json.dumps(plots))
    subprocess.run([peers_python, str(_PLOTS), str(given), str(folder)], check=True)
    given.unlink()
    shown = "\n".join(f"![{plot['title']}]({plot['name']}.png)\n" for plot in plots)
    title = "# A million subscriptions: `make bench-scale`"
    (folder / f"{_NAME}.md").write_text(f"{title}\n\n{table(folder, parts)}\n{shown}")


def _kept(folder: Path) -> dict[str, Any]:
    path = folder / f"{_NAME}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def ms(seconds: float) -> str:
    """A time, for a row."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
