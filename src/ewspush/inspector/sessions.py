"""Sessions of administrators, in memory alone: a restart of the server ends them."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

IDLE_S = 30 * 60.0
LONGEST_S = 12 * 3600.0
MOST = 100  # sessions, of all administrators
MOST_OF_ONE = 10


@dataclass(slots=True)
class Session:
    """One login. Times are seconds on the clock of `Sessions`."""

    name: str  # of the administrator
    credentials: bytes  # a digest: when they change, the session is over
    began_s: float
    used_s: float


class Sessions:
    """The open sessions, by tokens that only their cookies have. For one thread."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._open: OrderedDict[bytes, Session] = OrderedDict()  # the one used last comes last

    def begin(self, name: str, credentials: bytes) -> str:
        """The token of a new session; where there are too many, the one unused longest ends."""
        self._forget_old()
        own = [key for key, each in self._open.items() if each.name == name]
        for key in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
            del self._open[key]
        while len(self._open) >= MOST:
            self._open.popitem(last=False)
        token, now_s = secrets.token_urlsafe(32), self._seconds()
        self._open[_key(token)] = Session(name, credentials, now_s, now_s)
        return token

    def find(self, token: str, *, is_use: bool) -> Session | None:
        """The session of a token; `is_use` puts the end off that idleness brings."""
        self._forget_old()
        session = self._open.get(_key(token))
        if session is not None and is_use:
            session.used_s = self._seconds()
            self._open.move_to_end(_key(token))
        return session

    def end(self, token: str) -> None:
        """End a session, if it is not over."""
        self._open.pop(_key(token), None)

    def _forget_old(self) -> None:
        now_s = self._seconds()
        over = [key for key, each in self._open.items() if _is_over(each, now_s)]
        for key in over:
            del self._open[key]


def _is_over(session: Session, now_s: float) -> bool:
    return now_s - session.used_s >= IDLE_S or now_s - session.began_s >= LONGEST_S


def _key(token: str) -> bytes:
    """What is looked up tells nothing of tokens by the time it takes."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
