"""Notifications of a subscription, posted to a responder as the server does it."""

import http.client
from collections.abc import Iterable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ewspush.core.events import Event, EventType
from ewspush.core.ids import Kind
from ewspush.core.notification import Notification
from ewspush.core.watermark import encode
from ewspush.wire import ids, notification
from support.running_server import PATIENCE_S

MAILBOX = 5
INBOX = 2
AT_S = 1_795_186_800  # 2026-11-20T15:00:00Z
SUBSCRIPTION = ids.encode(Kind.SUBSCRIPTION, MAILBOX, 3)


def mark(sequence: int) -> str:
    """The watermark of a sequence."""
    return encode(0, sequence)


def item(sequence: int) -> str:
    """The id of the item of the event with this sequence."""
    return ids.encode(Kind.ITEM, MAILBOX, 100 + sequence)


def event(sequence: int, type: EventType = EventType.NEW_MAIL) -> Event:
    return Event(sequence, type, AT_S, False, 100 + sequence, INBOX)


def envelope(
    previous: int,
    sequences: Iterable[int] = (),
    *,
    through: int | None = None,
    type: EventType = EventType.NEW_MAIL,
    subscription: str = SUBSCRIPTION,
) -> bytes:
    """A notification with an event for each sequence, or a StatusEvent if there are none."""
    events = tuple(event(sequence, type) for sequence in sequences)
    last = events[-1].sequence if events else previous
    told = Notification(previous, events, last if through is None else through, False)
    return notification.render(told, MAILBOX, 0, subscription, "Exchange2010_SP2")


class Teller:
    """Posts to a responder, over one connection that is kept alive."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def post(self, body: bytes) -> tuple[int, bytes]:
        """HTTP status and body of the answer. Raises OSError, HTTPException."""
        try:
            self.begin(body)
            return self.finish()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise

    def hang_up(self) -> None:
        """The next request makes a new connection."""
        self._connection.close()

    def begin(self, body: bytes) -> None:
        self._connection.request("POST", "/", body, {"Content-Type": "text/xml; charset=utf-8"})

    def finish(self) -> tuple[int, bytes]:
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def __call__(self, previous: int, sequences: Iterable[int] = (), **given: object) -> int:
        """Post a notification; the HTTP status of the answer."""
        return self.post(envelope(previous, sequences, **given))[0]  # type: ignore[arg-type]
