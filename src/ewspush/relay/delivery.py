"""Handing one message to the relay (RFC 5321), over a connection of its own.

A connection for each message costs a little and leaves nothing to go stale between two.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

from ewspush.core.outgoing import Outcome, Result, deferred, result_of_reply
from ewspush.operations.outgoing import Message
from ewspush.relay.connection import Connection, Reply, Unreachable
from ewspush.relay.route import Credentials, Route

RECIPIENTS_AT_ONCE = 100  # that many every server must take (RFC 5321, 4.5.3.1.8)
_PATIENCE_AFTER_DATA = 10  # who hangs up too soon sends twice (RFC 5321, 4.5.3.2.6)
_CLOSING = 421
_START_MAIL_INPUT = 354
_CONTINUE_AUTH = 334
_AUTHENTICATED = 235

_NEEDS_SMTPUTF8 = Result(  # RFC 6531, 3.5
    Outcome.REFUSED, "5.6.7", "the relay does not take addresses beyond ASCII (SMTPUTF8)"
)
_NEEDS_8BITMIME = Result(  # RFC 6152, 3
    Outcome.REFUSED, "5.6.3", "the relay does not take 8-bit content (8BITMIME)"
)

Offers = Mapping[str, str]
"""Keywords of EHLO and their parameters, in capitals."""


class Delivery:
    """One message on its way to the relay. `run` is called once, in a thread that it blocks."""

    def __init__(self, message: Message, route: Route) -> None:
        self._sender = message.envelope.sender
        self._recipients = message.envelope.recipients
        self._content = message.content
        self._route = route
        self._connection = Connection(route.host, route.port, route.timeout_s)
        self._results: dict[str, Result] = {}

    def abort(self) -> None:
        """Have `run` end soon, with what is known by then. For any thread."""
        self._connection.abort()

    def run(self) -> dict[str, Result]:
        """Try to hand the message over: what came of it for each recipient."""
        try:
            with self._connection:
                self._converse()
        except Unreachable as error:
            failure = Result(Outcome.DEFERRED, error.status, str(error), error.code)
            return {each: self._results.get(each, failure) for each in self._recipients}
        return {each: self._results[each] for each in self._recipients}

    def _converse(self) -> None:
        self._connection.open()
        offers = self._begin()
        octets = wire_form(self._content)
        recipients = self._sendable(offers)
        for start in range(0, len(recipients), RECIPIENTS_AT_ONCE):
            self._transact(recipients[start : start + RECIPIENTS_AT_ONCE], octets, offers)
        # Without waiting for the answer: what became of the message is known.
        self._connection.send_data(b"QUIT\r\n")

    # Before the message

    def _begin(self) -> Offers:
        route = self._route
        if route.tls == "implicit":
            self._connection.start_tls(route.context)
        _check(self._connection.reply())
        offers = self._hello()
        if route.tls == "starttls":
            if "STARTTLS" not in offers:
                raise Unreachable("the relay does not offer STARTTLS", "4.7.5")
            _check(self._connection.command("STARTTLS"))
            self._connection.start_tls(route.context)
            offers = self._hello()
        if route.credentials is not None:
            self._authenticate(route.credentials, offers.get("AUTH", "").split())
        return offers

    def _hello(self) -> Offers:
        reply = _check(self._connection.command(f"EHLO {self._own_name()}"))
        pairs = (line.upper().partition(" ") for line in reply.lines[1:])
        return {keyword: parameters for keyword, _, parameters in pairs}

    def _own_name(self) -> str:
        name = self._route.own_name
        return name if "." in name else address_literal(self._connection.own_address)

    def _authenticate(self, known_by: Credentials, mechanisms: Sequence[str]) -> None:
        if "PLAIN" in mechanisms:
            secret = _base64(f"\0{known_by.username}\0{known_by.password}")
            reply = self._connection.command(f"AUTH PLAIN {secret}")
        elif "LOGIN" in mechanisms:  # all that some offer
            reply = self._connection.command("AUTH LOGIN")
            for answer in (known_by.username, known_by.password):
                if reply.code == _CONTINUE_AUTH:
                    reply = self._connection.command(_base64(answer))
        else:
            raise Unreachable("the relay offers neither AUTH PLAIN nor AUTH LOGIN", "4.7.0")
        if reply.code != _AUTHENTICATED:
            raise _unwilling(reply)

    # The message

    def _sendable(self, offers: Offers) -> list[str]:
        """The recipients who can be reached with what the relay offers; settles the others."""
        recipients = list(self._recipients)
        if not self._content.isascii() and "8BITMIME" not in offers:
            self._settle(recipients, _NEEDS_8BITMIME)
            return []
        if "SMTPUTF8" in offers:
            return recipients
        beyond = [each for each in recipients if not (each.isascii() and self._sender.isascii())]
        self._settle(beyond, _NEEDS_SMTPUTF8)
        return [each for each in recipients if each not in self._results]

    def _transact(self, recipients: Sequence[str], octets: bytes, offers: Offers) -> None:
        reply = self._command(self._mail(recipients, offers))
        if not _is_ok(reply):
            self._settle(recipients, _result(reply))
            return
        taken = [each for each in recipients if self._is_taken(each)]
        if taken and self._may_send(taken):
            self._connection.send_data(octets)
            reply = self._connection.reply(_PATIENCE_AFTER_DATA)
            self._settle(taken, _result(reply))
        else:
            self._command("RSET")

    def _mail(self, recipients: Iterable[str], offers: Offers) -> str:
        parameters = [f"MAIL FROM:<{self._sender}>"]
        if "SIZE" in offers:
            parameters.append(f"SIZE={len(self._content)}")
        needs_utf8 = not all(each.isascii() for each in (self._sender, *recipients))
        if not self._content.isascii() or needs_utf8:
            parameters.append("BODY=8BITMIME")
        if needs_utf8:
            parameters.append("SMTPUTF8")
        return " ".join(parameters)

    def _is_taken(self, recipient: str) -> bool:
        reply = self._command(f"RCPT TO:<{recipient}>")
        if not _is_ok(reply):
            self._settle([recipient], _result(reply))
        return _is_ok(reply)

    def _may_send(self, recipients: Sequence[str]) -> bool:
        reply = self._command("DATA")
        if _is_ok(reply):  # nothing was sent that it could have taken
            raise _unwilling(reply)
        if reply.code != _START_MAIL_INPUT:
            self._settle(recipients, _result(reply))
        return reply.code == _START_MAIL_INPUT

    def _command(self, line: str) -> Reply:
        reply = self._connection.command(line)
        if reply.code == _CLOSING:
            raise _unwilling(reply)
        return reply

    def _settle(self, recipients: Iterable[str], result: Result) -> None:
        self._results.update(dict.fromkeys(recipients, result))


def wire_form(content: bytes) -> bytes:
    """A message as it follows DATA, with the lone dot (RFC 5321, 4.5.2).

    Every line ends with CRLF: a CR or LF alone may not be sent (2.3.8), and would let a message end
    early for some servers.
    """
    lines = re.sub(rb"\r\n?|\n", b"\r\n", content)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def address_literal(ip: str) -> str:
    """An IP address in the place of a host name (RFC 5321, 4.1.3)."""
    ip = ip.partition("%")[0]
    return f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]"


def _check(reply: Reply) -> Reply:
    if not _is_ok(reply):
        raise _unwilling(reply)
    return reply


def _is_ok(reply: Reply) -> bool:
    return reply.code // 100 == 2  # noqa: PLR2004 - the class of success


def _result(reply: Reply) -> Result:
    return result_of_reply(reply.code, reply.text)


def _unwilling(reply: Reply) -> Unreachable:
    """What the relay says is not about a message or a recipient: later it may be another."""
    result = deferred(_result(reply))
    return Unreachable(result.detail, result.status, result.code)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
