"""Showing URLs and answers without the secrets that the query of a push URL may hold."""

import re
from html import escape
from urllib.parse import quote, unquote, unquote_plus, urlsplit

_SEPARATORS = re.compile("[&;]")
_HIDDEN = "..."
_URL_LIMIT = 300  # characters
_EXCERPT_LIMIT = 160  # characters


def one_line(text: str, limit: int) -> str:
    """`text` from outside: its white space as single spaces, printable, bounded in characters."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return line if len(line) <= limit else f"{line[:limit]}..."


class Redaction:
    """Hides the values in the query of `url`, in the forms in which an answer may repeat them."""

    def __init__(self, url: str) -> None:
        values = {value for _, value in _parameters(_query_of(url))}
        plain = {f(value) for value in values for f in (str, unquote, unquote_plus)}
        forms = {f(value) for value in plain for f in (str, escape, quote)}
        longest_first = sorted(filter(None, forms), key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def hide(self, text: str) -> str:
        """`text` without the values."""
        return self._values.sub(_HIDDEN, text)

    def excerpt(self, body: bytes) -> str:
        """The beginning of an answer."""
        return one_line(self.hide(body.decode("utf-8", "replace")), _EXCERPT_LIMIT)

    def url(self, url: str) -> str:
        """Any URL with the names in its query alone, and without user info and fragment."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return "a URL that cannot be read"
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}{self.hide(parts.path)}"
        names = "&".join(f"{name}={_HIDDEN}" for name, _ in _parameters(parts.query))
        return one_line(f"{shown}?{names}" if names else shown, _URL_LIMIT)


def shown(url: str) -> str:
    """The URL itself, with the names in its query alone."""
    return Redaction("").url(url)


def _query_of(url: str) -> str:
    return url.partition("?")[2].partition("#")[0]


def _parameters(query: str) -> list[tuple[str, str]]:
    """Names and values; what has no name may be a secret all the same."""
    split = (part.partition("=") for part in _SEPARATORS.split(query) if part)
    return [(name, value) if equals else ("", name) for name, equals, value in split]
