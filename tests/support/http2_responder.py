"""A responder that speaks HTTP/2 over TLS and plays one behaviour per request.

A behaviour is a function of the `Stream` that a request came on: it may answer, refuse, break the
stream or the connection, or do nothing.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions

from support.scripted_responder import ScriptedResponder

_SO_ATTACH_FILTER = 26  # socket(7); Python's socket module has no name for it
_BPF_RETURN = 6  # from the filter, with the number of bytes to keep


@dataclass(eq=False)
class Stream:
    """A request and the stream that it came on; connections count from 1."""

    far_end: "_Connection"
    id: int
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)

    @property
    def connection(self) -> int:
        return self.far_end.number

    def answer(self, status: int = 200, body: bytes = b"ok") -> None:
        """A complete answer, if the client still waits for one."""
        if self.id in self.far_end.streams:
            h2 = self.far_end.h2
            h2.send_headers(self.id, [(":status", str(status))])
            h2.send_data(self.id, body, end_stream=True)
            self.far_end.forget(self)

    def begin_answer(self) -> None:
        """The head of an answer, and half of its body."""
        self.far_end.h2.send_headers(self.id, [(":status", "200"), ("content-length", "4")])
        self.far_end.h2.send_data(self.id, b"ha")
        self.far_end.flush()

    def reset(self, code: ErrorCodes) -> None:
        self.far_end.h2.reset_stream(self.id, code)
        self.far_end.forget(self)

    def is_last_of_connection(self) -> None:
        """Say that this stream, and those before it, are the last to be answered (GOAWAY)."""
        # h2 sends nothing any more once it has said so.
        self.far_end.transport.write(GoAwayFrame(0, self.id, ErrorCodes.NO_ERROR).serialize())

    def lose_touch(self) -> None:
        """Nothing that the client sends arrives any more, and it is not told so."""
        with socket.socket(fileno=os.dup(self.far_end.transport.fileno())) as same:
            drop_everything = struct.pack("HBBI", _BPF_RETURN, 0, 0, 0)
            program = ctypes.create_string_buffer(drop_everything)
            filters = struct.pack("HL", 1, ctypes.addressof(program))
            same.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)

    def say_nonsense(self) -> None:
        self.far_end.transport.write(b"\xff" * 300)

    def end_connection(self) -> None:
        self.far_end.transport.loseConnection()

    def abort_connection(self) -> None:
        self.far_end.transport.abortConnection()


Behaviour = Callable[[Stream], object]


class Http2Responder(ScriptedResponder[Stream]):
    """Listens on loopback; a behaviour is played with the stream.

    `streams` that are open at once on one connection it announces, and refuses more.
    """

    def __init__(
        self, *behaviours: Behaviour, tls: CertificateOptions, streams: int | None = None
    ) -> None:
        super().__init__(behaviours, reactor.listenSSL(0, self, tls, interface="127.0.0.1"))
        self.refused = 0
        self.streams = streams

    def url(self, path: str = "/") -> str:
        return f"https://localhost:{self.port}{path}"

    def connection(self, number: int) -> Protocol:
        return _Connection(self, number)


class _Connection(Protocol):
    def __init__(self, responder: Http2Responder, number: int) -> None:
        self.responder = responder
        self.number = number
        self.streams: dict[int, Stream] = {}  # neither answered nor reset
        self.lost: Deferred[None] = Deferred()
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def connectionMade(self) -> None:
        self.responder.open.add(self)
        self.h2.initiate_connection()
        if self.responder.streams is not None:
            limit = {SettingCodes.MAX_CONCURRENT_STREAMS: self.responder.streams}
            self.h2.update_settings(limit)
        self.flush()

    def connectionLost(self, _reason: object) -> None:
        self.responder.open.discard(self)
        self.streams.clear()
        self.lost.callback(None)

    def dataReceived(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()

    def forget(self, stream: Stream) -> None:
        """The stream is over."""
        del self.streams[stream.id]
        self.flush()

    def flush(self) -> None:
        self.transport.write(self.h2.data_to_send())

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._admit(Stream(self, event.stream_id, dict(event.headers)))
            case DataReceived():
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.stream_id in self.streams:
                    self.streams[event.stream_id].body += event.data
            case StreamEnded() if event.stream_id in self.streams:
                stream = self.streams[event.stream_id]
                self.responder.take(stream, stream)
            case StreamReset():
                self.streams.pop(event.stream_id, None)

    def _admit(self, stream: Stream) -> None:
        self.streams[stream.id] = stream
        limit = self.responder.streams
        if limit is not None and len(self.streams) > limit:
            self.responder.refused += 1
            stream.reset(ErrorCodes.REFUSED_STREAM)
