"""Who is let in: administrators of the whole server, or whoever is on this machine."""

import hashlib
import secrets
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

import structlog

from ewspush.core.directory import Administrator
from ewspush.endpoint.auth import (
    Accounts,
    Authenticator,
    Credentials,
    TooManyVerifications,
    Unauthenticated,
)
from ewspush.endpoint.http import BoundedRequest
from ewspush.endpoint.local_hosts import is_loopback_host
from ewspush.endpoint.monitoring import Readers
from ewspush.inspector.login_attempts import LoginAttempts
from ewspush.inspector.requests import Refused, cookie_of
from ewspush.inspector.sessions import Sessions
from ewspush.operations import passwords
from ewspush.operations.management.context import Actor
from ewspush.threads import InThread

log = structlog.get_logger()

_NOBODY = "operator"  # where nobody logs in


class Visitor(NamedTuple):
    """Who looks at a page. `cookie` is their session's; a new one has to be set."""

    name: str | None  # of an administrator
    origin: str  # an address
    cookie: str
    has_new_cookie: bool = False

    @property
    def actor(self) -> Actor:
        """As which the visitor acts."""
        return Actor(self.name or _NOBODY, f"inspector, {self.origin}")


class Entrance(Protocol):
    """Decides who is let in."""

    async def admit(self, request: BoundedRequest, *, is_use: bool) -> Visitor | None:
        """Who this is; None for somebody who has to log in. Raises Refused.

        `is_use`: somebody asks, and not a page by itself.
        """
        ...

    def may_stay(self, visitor: Visitor) -> bool:
        """Whether whoever was let in could be so still."""
        ...


def new_visitor(request: BoundedRequest) -> Visitor:
    """Somebody without a name, known by a cookie."""
    cookie = cookie_of(request)
    new = secrets.token_urlsafe(32)
    return Visitor(None, origin_of(request), cookie or new, has_new_cookie=cookie is None)


def origin_of(request: BoundedRequest) -> str:
    """The connection's own address: whoever connects can claim another one in a header."""
    return str(getattr(request.getClientAddress(), "host", "unknown"))


class WithoutLogin:
    """Lets everybody in from this machine, by a name of this machine, or from anywhere."""

    def __init__(self, *, allow_remote: bool) -> None:
        self._allow_remote = allow_remote
        self._readers = Readers((), behind_proxy=False)

    async def admit(self, request: BoundedRequest, *, is_use: bool) -> Visitor | None:  # noqa: ARG002
        is_near = self._readers.include(request) and is_loopback_host(request.field(b"host") or "")
        if not (is_near or self._allow_remote):
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "The inspector of an emulated server answers this machine alone, at localhost.",
            )
        return new_visitor(request)

    def may_stay(self, _: Visitor) -> bool:
        return True


class Administrators:
    """Lets administrators of the whole server in who have logged in."""

    def __init__(self, clock: Any, accounts: Accounts[Administrator], in_thread: InThread) -> None:
        self._accounts = accounts
        self._in_thread = in_thread
        self._authenticator = Authenticator(accounts, in_thread)
        self._attempts = LoginAttempts(clock.seconds)
        self._sessions = Sessions(clock.seconds)

    async def admit(self, request: BoundedRequest, *, is_use: bool) -> Visitor | None:
        cookie = cookie_of(request)
        session = cookie and self._sessions.find(cookie, is_use=is_use)
        if not cookie or not session:
            return None
        # One who was deleted, or has another password, is let in no longer.
        if await self._in_thread(self._credentials, session.name) != session.credentials:
            self._sessions.end(cookie)
            return None
        return Visitor(session.name, origin_of(request), cookie)

    def may_stay(self, visitor: Visitor) -> bool:
        return self._sessions.find(visitor.cookie, is_use=False) is not None

    async def log_in(self, name: str, password: str, origin: str) -> str:
        """The cookie of a new session. Raises Refused."""
        normalized = self._accounts.normalize(name)
        if normalized is None or len(password) > passwords.LONGEST:
            raise Refused(HTTPStatus.UNAUTHORIZED, _WRONG)
        if not self._attempts.may_try(origin, normalized):
            await self._log_failure("refused", normalized, origin)
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many attempts to log in failed: wait five minutes.",
            )
        self._attempts.failed(origin, normalized)
        administrator = await self._authenticate(Credentials(normalized, password), origin)
        self._attempts.succeeded(origin, normalized)
        if administrator.organization_id is not None:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                f"{normalized} is an administrator of one organization: the inspector shows the"
                " whole server, and is for administrators of all of it.",
            )
        log.info("inspector.logged_in", administrator=normalized, origin=origin)
        credentials = await self._in_thread(self._credentials, normalized)
        return self._sessions.begin(normalized, credentials or b"")

    async def _authenticate(self, credentials: Credentials, origin: str) -> Administrator:
        try:
            return await self._authenticator.authenticate(credentials)
        except Unauthenticated:
            await self._log_failure("failed", credentials.name, origin)
            raise Refused(HTTPStatus.UNAUTHORIZED, _WRONG) from None
        except TooManyVerifications:
            self._attempts.withdrawn(origin, credentials.name)
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "Too many log in at once: try again."
            ) from None

    async def _log_failure(self, how: str, name: str, origin: str) -> None:
        # Somebody may have typed a password into the field for the name.
        known = name if await self._in_thread(self._accounts.find, name) else "unknown"
        log.warning(f"inspector.login_{how}", administrator=known, origin=origin)

    def log_out(self, visitor: Visitor) -> None:
        """End a session."""
        self._sessions.end(visitor.cookie)

    def _credentials(self, name: str) -> bytes | None:
        """A digest of what lets an administrator of everything in; None: nothing does."""
        found = self._accounts.find(name)
        if found is None or found[0].organization_id is not None:
            return None
        return hashlib.sha256(f"{found[0].id} {found[1]}".encode()).digest()


_WRONG = "The name or the password is wrong."
