"""A client of GetStreamingEvents on a socket, which looks at each HTTP chunk by itself."""

import socket
import ssl
from types import TracebackType
from typing import Self

from support.ews import get_streaming_events
from support.running_server import PATIENCE_S, Listening, Mailbox
from support.streaming_world import Message


class StreamingClient:
    """One connection, for subscriptions or with a request of its own.

    Messages are read when they are asked for.
    """

    def __init__(
        self,
        server: Listening,
        mailbox: Mailbox,
        *subscription_ids: str,
        minutes: int = 30,
        request: bytes | None = None,
        tls: ssl.SSLContext | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(PATIENCE_S)
        plain.connect(server.http)
        self._socket = tls.wrap_socket(plain, server_hostname="127.0.0.1") if tls else plain
        self._input = self._socket.makefile("rb")
        self._mailbox = mailbox
        self.head = self.post(request or get_streaming_events(*subscription_ids, minutes=minutes))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, without a word of TLS."""
        self._input.close()
        self._socket.close()

    def post(self, body: bytes) -> str:
        """Send a request; the head of its answer, in small letters."""
        self._socket.sendall(
            b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
            + f"Authorization: {self._mailbox.authorization}\r\n".encode()
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        return b"".join(iter(self._input.readline, b"\r\n")).decode().lower()

    def next(self) -> Message | None:
        """The next message; None when the answer has ended."""
        size = int(self._input.readline(), 16)
        chunk = self._input.read(size)
        assert self._input.readline() == b"\r\n"
        return Message(chunk) if size else None

    def rest(self) -> list[Message]:
        """Everything up to the end of the answer."""
        return list(iter(self.next, None))

    def told(self, number: int) -> list[str]:
        """The objects of so many item events, of all subscriptions, as they come."""
        told: list[str] = []
        while len(told) < number:
            message = self.next()
            assert message is not None, f"the answer ended after {told}"
            told += [each for items in message.told.values() for each in items]
        return told
