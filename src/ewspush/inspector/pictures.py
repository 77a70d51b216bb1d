"""A picture of the attempts of a subscription over time, as numbers that a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ewspush.core import retry

WIDTH = 760
LEFT, RIGHT = 24, 736  # of the axis
AXIS_Y = 74
_NEAREST = 44  # units between two labels
_MOST_PLANNED = 12
_ROUNDED_S = 1.5  # what is told in whole seconds differs by less


class Made(NamedTuple):
    """An attempt that was made."""

    at_s: float
    is_good: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows, while a notification waits to be tried again. Seconds since the epoch."""

    since_s: float  # the first failed attempt began
    window_s: float
    first_wait_s: float
    failures: int
    next_s: float | None  # None: it is due, or nothing is planned
    is_over: bool  # nothing follows


class Mark(NamedTuple):
    """An attempt in the picture: `kind` is "good", "bad" or "planned"."""

    x: float
    kind: str
    title: str


class Wait(NamedTuple):
    """The time between two attempts, as an arc with its length in words."""

    x1: float
    x2: float
    label: str  # empty: there is no room for it


class Line(NamedTuple):
    """An upright line with a word below it."""

    x: float
    label: str
    kind: str  # "now", "end" or "start"
    anchor: str  # start, middle or end


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything is in the units of the view box."""

    title: str
    description: str
    marks: Sequence[Mark]
    waits: Sequence[Wait]
    lines: Sequence[Line]


def draw(made: Sequence[Made], now_s: float, plan: Plan | None) -> Picture | None:
    """The attempts, oldest first, with those that are planned; None if there is nothing to show.

    While something is retried, or was until the server gave up, only that is shown.
    """
    shown = [each for each in made if plan is None or each.at_s >= plan.since_s - 1]
    if not shown:
        return None
    planned = [] if plan is None or plan.is_over else _planned(plan, now_s)
    end_s = None if plan is None else plan.since_s + plan.window_s
    last_s = max(filter(None, (shown[-1].at_s, end_s, *planned)))
    if plan is None or not plan.is_over:
        last_s = max(last_s, now_s)
    scale = _Scale(shown[0].at_s, last_s)
    marks = [
        Mark(
            scale.x(each.at_s),
            "good" if each.is_good else "bad",
            f"{'acknowledged' if each.is_good else 'failed'}, {scale.after(each.at_s)}",
        )
        for each in shown
    ]
    marks += [Mark(scale.x(at_s), "planned", f"planned, {scale.after(at_s)}") for at_s in planned]
    times = [*(each.at_s for each in shown), *planned]
    return Picture(
        "Attempts over time",
        _describe(shown, planned, plan),
        marks,
        _waits(scale, times) if plan else (),
        _lines(scale, now_s, end_s, plan),
    )


class _Scale:
    def __init__(self, first_s: float, last_s: float) -> None:
        self.first_s = first_s
        self.last_s = max(last_s, first_s + 1)

    def x(self, at_s: float) -> float:
        part = (at_s - self.first_s) / (self.last_s - self.first_s)
        return round(LEFT + (RIGHT - LEFT) * min(max(part, 0.0), 1.0), 1)

    def after(self, at_s: float) -> str:
        return f"{duration(at_s - self.first_s)} after the first"


def _planned(plan: Plan, now_s: float) -> list[float]:
    """When the next attempts are made, as far as is known: the last at the window's end."""
    next_s = now_s if plan.next_s is None else plan.next_s
    by_law_s = plan.since_s + retry.offset_s(plan.failures, plan.window_s, plan.first_wait_s)
    if abs(next_s - by_law_s) < _ROUNDED_S:
        next_s = by_law_s
    times, failures = [next_s], plan.failures + 1
    end_s = plan.since_s + plan.window_s
    while times[-1] < end_s - 0.5 and len(times) < _MOST_PLANNED:
        offset = retry.offset_s(
            failures, plan.window_s, plan.first_wait_s, times[-1] - plan.since_s
        )
        times.append(plan.since_s + offset)
        failures += 1
    return times


def _waits(scale: _Scale, times: Sequence[float]) -> list[Wait]:
    waits = []
    for before_s, after_s in pairwise(times):
        x1, x2 = scale.x(before_s), scale.x(after_s)
        label = duration(after_s - before_s) if x2 - x1 >= _NEAREST else ""
        waits.append(Wait(x1, x2, label))
    return waits


def _lines(scale: _Scale, now_s: float, end_s: float | None, plan: Plan | None) -> list[Line]:
    ends = [] if end_s is None else [("end", end_s, "gives up" if not _over(plan) else "gave up")]
    lines = [
        Line(scale.x(at_s), label, kind, _anchor(scale.x(at_s)))
        for kind, at_s, label in (("start", scale.first_s, "first"), *ends)
    ]
    x = scale.x(now_s)
    if not _over(plan):
        is_free = all(abs(x - each.x) >= _NEAREST for each in lines)
        lines.append(Line(x, "now" if is_free else "", "now", _anchor(x)))
    return lines


def _over(plan: Plan | None) -> bool:
    return plan is not None and plan.is_over


def _anchor(x: float) -> str:
    if x < LEFT + _NEAREST:
        return "start"
    return "end" if x > RIGHT - _NEAREST else "middle"


def _describe(made: Sequence[Made], planned: Sequence[float], plan: Plan | None) -> str:
    failed = sum(not each.is_good for each in made)
    text = f"{len(made)} attempts were made, of which {failed} failed."
    if planned:
        text += f" {len(planned)} more are planned if they fail, too."
    if plan is not None and plan.is_over:
        text += " Then the server gave up."
    return text


def duration(seconds: float) -> str:
    """A length of time in at most two units; a short one with its tenths."""
    whole = round(seconds)
    if whole != seconds < _SHORT_S:
        return f"{seconds:.1f} s"
    for (unit, name), (smaller, smaller_name) in pairwise(_UNITS):
        if whole >= unit:
            rest = whole % unit // smaller
            longest = f"{whole // unit} {name}"
            return f"{longest} {rest} {smaller_name}" if rest else longest
    return f"{whole} s"


_SHORT_S = 10
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
