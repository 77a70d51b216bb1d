"""Templates, and how times, lengths and URLs are written in them."""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ewspush.inspector import outcomes, pictures
from ewspush.inspector.requests import CSRF_FIELD, ROOT
from ewspush.inspector.static_files import StaticFiles

_KIB = 1024
_SECOND_MS = 1000


class Templates:
    """Renders templates. May be used by several threads at once."""

    def __init__(self, static: StaticFiles) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "clock": clock,
            "relative": relative,
            "iso": iso,
            "segment": lambda text: quote(text, safe="@"),
            "size": size,
            "ms": milliseconds,
        }
        self._environment.globals |= {
            "root": ROOT,
            "csrf_field": CSRF_FIELD,
            "static": lambda name: f"{ROOT}/static/{static.name(name)}",
            "words": outcomes.words,
        }

    def render(self, template: str, values: Mapping[str, Any]) -> bytes:
        """A page, or a part of one."""
        return self._environment.get_template(template).render(values).encode("utf-8", "replace")


def clock(at: str | float) -> str:
    """A time as people read it, in UTC."""
    if isinstance(at, int | float):
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
    return at.replace("T", " ").removesuffix("Z")


def iso(at_s: float) -> str:
    """A time as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def relative(at: str, now_s: float) -> str:
    """How long ago a time is, or how far away. The script of the pages says the same."""
    left_s = datetime.fromisoformat(at).timestamp() - now_s
    if abs(left_s) < 1:
        return "now"
    length = pictures.duration(round(abs(left_s)))
    return f"in {length}" if left_s > 0 else f"{length} ago"


def size(count: int) -> str:
    """A number of bytes."""
    if count < _KIB:
        return f"{count} bytes"
    if count < _KIB * _KIB:
        return f"{count / _KIB:.1f} KiB"
    return f"{count / _KIB / _KIB:.1f} MiB"


def milliseconds(ms: float) -> str:
    """A short length of time."""
    return f"{ms:.1f} ms" if ms < _SECOND_MS else f"{ms / _SECOND_MS:.1f} s"
