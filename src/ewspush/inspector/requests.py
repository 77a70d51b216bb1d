"""What is taken from a request to the inspector, and what is demanded of those that act."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, unquote

from ewspush.endpoint.http import BoundedRequest

COOKIE = "ewspush-inspect"
ROOT = "/inspect"
CSRF_FIELD = "token"

_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = 16 * 1024  # bytes
_LONGEST_QUERY = 4096  # bytes
_MOST_FIELDS = 30
_NUMBER = re.compile("[0-9]{1,19}")
_GREATEST = (1 << 63) - 2  # a page asks for one more
_COOKIE_VALUE = re.compile(rf"(?:^|;)\s*{COOKIE}=([A-Za-z0-9_-]{{20,64}})\s*(?:;|$)")


class Refused(Exception):
    """A request that is not answered with what it asks for. `str()` says why, in a sentence."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class NotFound(Refused):
    """There is no such thing."""

    def __init__(self, text: str = "There is no such page.") -> None:
        super().__init__(HTTPStatus.NOT_FOUND, text)


def path_of(request: BoundedRequest) -> str:
    """What follows /inspect, percent-encoded in one way: what is in a segment stays in it."""
    return "/" + "/".join(quote(segment, safe="@") for segment in request.postpath or ())


def segments_of(found: re.Match[str]) -> list[str]:
    """The segments of a path that a pattern has caught, decoded. Raises NotFound."""
    try:
        return [unquote(segment, errors="strict") for segment in found.groups()]
    except UnicodeDecodeError:
        raise NotFound from None


def query_of(request: BoundedRequest) -> dict[str, str]:
    """The fields of the query, the last of each name, bounded."""
    raw = request.uri.partition(b"?")[2]
    if len(raw) > _LONGEST_QUERY:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG, "The query of this URL is too long.")
    return _fields(raw)


def form_of(request: BoundedRequest) -> dict[str, str]:
    """The fields of a form that was posted. Raises Refused."""
    if request.body_is_too_large or request.is_crowded_out or len(request.body) > _LONGEST_FORM:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too large.")
    media_type = (request.field(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"A form is posted as {_FORM}.")
    return _fields(request.body)


def _fields(raw: bytes) -> dict[str, str]:
    try:
        text = raw.decode("ascii")
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (UnicodeDecodeError, ValueError):
        raise Refused(HTTPStatus.BAD_REQUEST, "The fields cannot be read.") from None
    if any("\0" in value for value in fields.values()):  # which PostgreSQL does not take
        raise Refused(HTTPStatus.BAD_REQUEST, "No field has a NUL in it.")
    return fields


def number_of(text: str | None) -> int | None:
    """A number in a path or a query that a database can be asked for; None if it is none."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if number <= _GREATEST else None


def cookie_of(request: BoundedRequest) -> str | None:
    """The value of our cookie."""
    found = _COOKIE_VALUE.search(request.field(b"cookie") or "")
    return found[1] if found else None


def is_htmx(request: BoundedRequest) -> bool:
    """Whether htmx asks, and puts the answer into the page."""
    return request.field(b"hx-request") == "true"


def is_live(request: BoundedRequest) -> bool:
    """Whether the page asks by itself, nobody having touched it."""
    return request.field(b"x-live") == "1"


class Guard:
    """Keeps other sites from acting through the browser of somebody who is let in here."""

    def __init__(self, *, is_secure_at_proxy: bool, public_url: str) -> None:
        self._key = secrets.token_bytes(32)
        self._is_secure_at_proxy = is_secure_at_proxy
        self._public_url = public_url

    def token(self, cookie: str) -> str:
        """What the forms must have that are shown to whoever has this cookie."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def is_secure(self, request: BoundedRequest) -> bool:
        """Whether the browser reached us by https."""
        return bool(request.isSecure()) or self._is_secure_at_proxy

    def check(self, request: BoundedRequest, form: Mapping[str, str]) -> None:
        """Raise Refused unless the form was posted from one of our own pages."""
        if not self._is_from_here(request):
            raise Refused(HTTPStatus.FORBIDDEN, "This was posted from another site.")
        cookie = cookie_of(request)
        given = form.get(CSRF_FIELD, "").encode("utf-8", "replace")
        if cookie is None or not hmac.compare_digest(given, self.token(cookie).encode()):
            raise Refused(
                HTTPStatus.FORBIDDEN, "This form is not one of this session: load the page again."
            )

    def _is_from_here(self, request: BoundedRequest) -> bool:
        # What browsers say in Sec-Fetch-Site no page can change. They say it by https, and to
        # localhost, alone.
        site = request.field(b"sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme = "https" if self.is_secure(request) else "http"
        own = {f"{scheme}://{request.field(b'host') or ''}", self._public_url}
        return request.field(b"origin") in own - {""}
