"""The server of the fixture `ews_server`, for the clients and readers that the suite has."""

import smtplib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ewspush.settings import Address, parse_address
from ewspush.testing import EwsMailbox, EwsServer, EwsSubscription
from ewspush.testing.records import Attempt
from support.responders import Responder
from support.running_server import MESSAGE, PATIENCE_S, Mailbox
from support.strict_reader import Chain

_UNREACHED = ("connect", "timeout")  # outcomes; a responder that hangs is not followed


class EmulatedServer:
    """What tests use of a ServerProcess, of an emulator."""

    def __init__(self, ews_server: EwsServer) -> None:
        status = ews_server.status()
        self._lmtp = parse_address(status.lmtp)
        self._ews_server = ews_server
        self.http: Address = parse_address(status.http)

    def url(self, path: str = "/EWS/Exchange.asmx") -> str:
        return f"http://{self.http}{path}"

    def add_mailbox(self, address: str) -> Mailbox:
        return owned(self._ews_server.create_mailbox(address))

    def deliver(self, mailbox: Mailbox, message: bytes = MESSAGE) -> None:
        """Hand over a message by LMTP, and return when all that it causes has happened."""
        with smtplib.LMTP(self._lmtp.host, self._lmtp.port, timeout=PATIENCE_S) as lmtp:
            lmtp.sendmail("shop@example.com", [mailbox.address], message)
        self._ews_server.advance(0)


def owned(mailbox: EwsMailbox) -> Mailbox:
    """What the owner of a mailbox knows."""
    return Mailbox(mailbox.address, mailbox.password)


@dataclass(frozen=True)
class Follower:
    """A subscription of a responder that is as strict as the strictest one."""

    chain: Chain
    subscription: EwsSubscription
    responder: Responder

    @property
    def attempts(self) -> list[Attempt]:
        """To notify it, as the server tells. Those that reached the responder came there."""
        attempts = self.subscription.attempts()
        came = [push for push in self.responder.pushes if push.received.subscription == self.id]
        assert len(came) == sum(each.outcome not in _UNREACHED for each in attempts)
        return attempts

    @property
    def id(self) -> str:
        return self.subscription.id

    @property
    def last_watermark(self) -> str:
        """The last one that the responder was given and acknowledged."""
        told = (
            push.received.events[-1][1]
            for push in reversed(self.responder.pushes)
            if push.said.is_ack and push.received.subscription == self.id
        )
        return next(told)

    def seen(self) -> list[int]:
        """The events that were acknowledged, each once, and nothing wrong between them."""
        chain = Chain(self.chain.subscription_id, self.chain.watermark)
        followed = self.responder.followed(chain)
        assert followed.problems == []
        return followed.seen


def offsets(attempts: Sequence[Attempt]) -> list[float]:
    """Seconds from the first of the attempts to each of them."""
    return [seconds_between(attempts[0].at, each.at) for each in attempts]


def seconds_between(sooner: datetime, later: datetime) -> float:
    return (later - sooner).total_seconds()


def log_of(mailbox: EwsMailbox) -> list[int]:
    """Every event of the mailbox, by the number in its watermark."""
    return [_number(event.watermark) for event in mailbox.events()]


def _number(watermark: str) -> int:
    return int.from_bytes(b64decode(watermark), "little")
