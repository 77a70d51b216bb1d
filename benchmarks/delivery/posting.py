"""What the tasks of workers do: post a body with the requests session of their thread."""

import threading

import requests
from stopwatch import Stopwatch

_HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"',
}
_TIMEOUT_S = 30


class Posting:
    """Posts, and takes the time from the start of the first post to the end of the last."""

    def __init__(self, count: int) -> None:
        self._count = self._left = count
        self._lock = threading.Lock()
        self._sessions = threading.local()
        self._watch: Stopwatch | None = None
        self._rates = ""
        self._ended = threading.Event()

    def post(self, url: str, body: str) -> None:
        """Raises requests.RequestException, upon which the task is tried again."""
        with self._lock:
            watch = self._watch = self._watch or Stopwatch()
        session = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
        answer = session.post(url, data=body, headers=_HEADERS, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        with self._lock:
            self._left -= 1
            if not self._left:
                self._rates = watch.rates(self._count)
                self._ended.set()

    def wait(self) -> str:
        """Posts a second and a CPU second, once the last has ended."""
        self._ended.wait()
        return self._rates
