"""Where the time of the server's process goes, from the stacks that py-spy sampled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

# A sample counts for the part that its innermost frame of these files belongs to: what the standard
# library does is done for its caller.
_PARTS = {
    "libcurl and its sockets": ("push/curl_reactor.py", "push/monotonic_timer.py"),
    "sender": (
        "push/sender.py",
        "push/curl_handle.py",
        "push/exchange.py",
        "push/name_lookups.py",
    ),
    "compose and render": (
        "core/notification.py",
        "core/watermark.py",
        "wire/notification.py",
        "wire/ids.py",
    ),
    "acknowledgement": ("wire/ack.py", "wire/xml.py", "push/outcome.py"),
    "attempt log": ("push/attempt_recorder.py", "store/attempts.py"),
    "writing progress": ("push/progress.py", "ewspush/store/", "sqlalchemy/"),
    "hearing of commits": ("push/live.py", "ewspush/server.py", "core/events.py"),
    "engine": ("ewspush/push/", "ewspush/core/", "ewspush/metrics.py"),
    "Twisted: reactor, Deferreds, threads": ("twisted/",),
}
OTHERS = "others"

# The process also starts the server and fills the event log.
_NOT_MEASURED = ("log_one_each (ours.py", "Server._start (ewspush")
_MEASURED = ("mainLoop (twisted", "ThreadPool.callInThreadWithCallback")
_WAITING = (
    "doPoll (twisted",
    "select (selectors.py",
    "wait (threading.py",
    "get (queue.py",
    "acquire (threading.py",
)

Sample = tuple[list[str], int]  # frames from the outermost on, how often


def samples(raw: Path) -> Iterator[Sample]:
    """What the process did while it delivered, without waiting."""
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if _is_delivery(stack) and not any(wait in frames[-1] for wait in _WAITING):
            yield frames, int(count)


def _is_delivery(stack: str) -> bool:
    return any(frame in stack for frame in _MEASURED) and not any(
        frame in stack for frame in _NOT_MEASURED
    )


def shares(found: Sequence[Sample]) -> list[tuple[str, float]]:
    """The parts, and their shares of the time, 0 to 1."""
    counts: Counter[str] = Counter()
    for frames, count in found:
        counts[_part_of(frames)] += count
    return [(part, count / counts.total()) for part, count in counts.most_common()]


def busiest(found: Sequence[Sample], most: int) -> list[tuple[str, float]]:
    """The functions in which the most time is spent, not counting what they call."""
    counts: Counter[str] = Counter()
    for frames, count in found:
        counts[_without_line(frames[-1])] += count
    return [(function, count / counts.total()) for function, count in counts.most_common(most)]


def _part_of(frames: Sequence[str]) -> str:
    for frame in reversed(frames):
        for part, files in _PARTS.items():
            if any(file in frame for file in files):
                return part
    return OTHERS


def _without_line(frame: str) -> str:
    return frame.rpartition(":")[0] + ")" if ":" in frame else frame
