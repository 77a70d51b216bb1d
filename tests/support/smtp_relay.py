"""An SMTP relay on loopback that plays a part."""

import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

PATIENCE_S = 30.0  # for what takes milliseconds; only a failing test waits so long

CUT = ""  # instead of a reply: the connection is closed
SILENCE = "silence"  # instead of a reply: nothing comes any more
END = "."  # the command that ends a message

OFFERS = ("SIZE 1000000", "8BITMIME", "SMTPUTF8")


@dataclass(frozen=True)
class Script:
    """What is said on one connection.

    `replies` are by the beginning of a command, the longest that fits; the others go well.
    """

    greeting: str = "220 relay.test ESMTP"
    offers: tuple[str, ...] = OFFERS
    replies: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False  # TLS from the first byte


@dataclass
class Received:
    """A message for which the relay took the responsibility."""

    mail: str
    recipients: list[str]
    content: bytes
    is_secure: bool
    secrets: list[str]  # what was said to authenticate


class ScriptedRelay:
    """Plays one script for each connection, the last one for all that follow."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts) or [Script()]
        self.received: list[Received] = []
        self.commands: list[str] = []  # of all connections
        self.connections = 0
        self._news = threading.Condition()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, *, messages: int = 0, command: str = "") -> None:
        """Until it has taken that many messages, and was told this command."""
        with self._news:
            assert self._news.wait_for(
                lambda: len(self.received) >= messages and self._was_told(command), PATIENCE_S
            ), f"{len(self.received)} messages came; commands: {self.commands}"

    def close(self) -> None:
        """Listen no more, and cut every connection."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def _was_told(self, command: str) -> bool:
        return not command or any(each.startswith(command) for each in self.commands)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            self.connections += 1
            self._open.append(accepted)
            conversation = _Conversation(self, accepted, script)
            threading.Thread(target=conversation.hold, daemon=True).start()

    def heard(self, command: str) -> None:
        with self._news:
            self.commands.append(command)
            self._news.notify_all()

    def took(self, message: Received) -> None:
        with self._news:
            self.received.append(message)
            self._news.notify_all()


_USUAL = {"DATA": "354 Go on", "STARTTLS": "220 Go on", "AUTH": "235 2.7.0 Welcome"}


def _verb(command: str) -> str:
    return command.partition(" ")[0]


class _Over(Exception):
    """Nothing more is said on this connection."""


class _Conversation:
    def __init__(self, relay: ScriptedRelay, accepted: socket.socket, script: Script) -> None:
        self._relay = relay
        self._socket = accepted
        self._script = script
        self._input: IO[bytes] = accepted.makefile("rb")
        self._message = Received("", [], b"", False, [])

    def hold(self) -> None:
        with suppress(_Over, OSError):
            if self._script.is_implicit:
                self._start_tls()
            self._say(self._script.greeting)
            while True:
                self._answer(self._read_line())
        self._input.close()
        self._socket.close()

    def _answer(self, command: str) -> None:
        self._relay.heard(command)
        reply = self._reply(command)
        self._say(reply)
        if not reply.startswith(("2", "3")):
            return
        match _verb(command):
            case "STARTTLS":
                self._start_tls()
            case "AUTH":
                self._learn_secrets(command, reply)
            case "MAIL":
                self._message.mail, self._message.recipients = command, []
            case "RCPT":
                self._message.recipients.append(command[len("RCPT TO:<") : -1])
            case "DATA":
                self._take_message()
            case "QUIT":
                raise _Over

    def _reply(self, command: str) -> str:
        own = [key for key in self._script.replies if command.startswith(key)]
        if own:
            return self._script.replies[max(own, key=len)]
        if command == "AUTH LOGIN":
            return "334 VXNlcm5hbWU6"
        if command.startswith("EHLO"):
            lines = ("relay.test", *self._script.offers)
            return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
        return _USUAL.get(_verb(command), "250 2.0.0 Ok")

    def _learn_secrets(self, command: str, reply: str) -> None:
        secrets = [command.split()[2]] if reply.startswith("2") else []
        if not secrets:
            secrets.append(self._read_line())
            self._say("334 UGFzc3dvcmQ6")
            secrets.append(self._read_line())
            self._say(self._script.replies.get("password", "235 2.7.0 Welcome"))
        self._message.secrets = [b64decode(each).decode() for each in secrets]

    def _take_message(self) -> None:
        content = b""
        while (line := self._input.readline()) != b".\r\n":
            if not line:
                raise _Over
            content += line.removeprefix(b".")
        self._relay.heard(END)
        reply = self._reply(END)
        if reply.startswith("2"):
            message = self._message
            self._relay.took(
                Received(
                    message.mail,
                    list(message.recipients),
                    content,
                    isinstance(self._socket, ssl.SSLSocket),
                    message.secrets,
                )
            )
        self._say(reply)

    def _start_tls(self) -> None:
        if self._script.tls is None:
            raise _Over
        self._input.close()
        self._socket = self._script.tls.wrap_socket(self._socket, server_side=True)
        self._input = self._socket.makefile("rb")

    def _read_line(self) -> str:
        line = self._input.readline()
        if not line:
            raise _Over
        return line.decode().rstrip("\r\n")

    def _say(self, reply: str) -> None:
        if reply == CUT:
            raise _Over
        if reply == SILENCE:
            self._input.read()  # until the other end hangs up
            raise _Over
        self._socket.sendall(f"{reply}\r\n".encode())
