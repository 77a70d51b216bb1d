"""The style, the scripts and nothing else: all that a page loads, by names that change with it."""

import hashlib
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


class StaticFile(NamedTuple):
    """A file as it is sent."""

    body: bytes
    content_type: bytes


class StaticFiles:
    """The files, read once. A name has a digest in it, so that a file can be cached for ever."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, StaticFile] = {}
        for path in sorted(_FOLDER.iterdir()):
            if path.suffix in _TYPES:
                body = path.read_bytes()
                digest = hashlib.sha256(body).hexdigest()[:16]
                self._names[path.name] = f"{digest}-{path.name}"
                self._files[self._names[path.name]] = StaticFile(body, _TYPES[path.suffix])

    def name(self, of: str) -> str:
        """The name under which a file is sent. Raises KeyError."""
        return self._names[of]

    def find(self, name: str) -> StaticFile | None:
        """The file of such a name."""
        return self._files.get(name)
