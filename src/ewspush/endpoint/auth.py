"""HTTP Basic authentication of mailboxes."""

import hashlib
import hmac
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections import OrderedDict
from typing import NamedTuple

from twisted.internet.defer import DeferredSemaphore

from ewspush.core import addresses
from ewspush.operations import Database, mailboxes, passwords
from ewspush.operations.mailboxes import Mailbox
from ewspush.threads import InThread

# Nothing but the realm, as Exchange has it; UTF-8 is understood without being announced.
CHALLENGE = 'Basic realm="ewspush"'

_REMEMBERED = 10_000  # credentials
_VERIFICATIONS = 2  # argon2 at once: each takes a core and 64 MiB
_WAITING = 100  # verifications that may wait: who floods us with guesses waits for nothing


class Credentials(NamedTuple):
    """What a client sent. Not to be logged."""

    address: str
    password: str


class Unauthenticated(Exception):
    """No credentials, or not the right ones."""


class TooManyVerifications(Exception):
    """So many passwords are being verified that this one would wait too long."""


def parse_basic(header: str | None) -> Credentials:
    """The credentials of an Authorization header (RFC 7617). Raises Unauthenticated."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        raise Unauthenticated
    try:
        raw = b64decode(token.strip(), validate=True)
    except (Base64Error, ValueError):
        raise Unauthenticated from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:  # older clients send Latin-1
        text = raw.decode("latin-1")
    user, colon, password = text.partition(":")
    if not colon or len(password) > passwords.LONGEST:
        raise Unauthenticated
    try:
        return Credentials(addresses.normalize(user), password)
    except addresses.InvalidAddress:
        raise Unauthenticated from None


class Authenticator:
    """Tells whose mailbox a request is for.

    A password that was verified is remembered (as a keyed hash, in memory) together with the stored
    hash that it matched: a busy client pays argon2 once, and a changed password is not remembered.
    """

    def __init__(self, database: Database, in_thread: InThread) -> None:
        self._database = database
        self._in_thread = in_thread
        self._verifying = DeferredSemaphore(_VERIFICATIONS)
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, str] = OrderedDict()

    async def authenticate(self, credentials: Credentials) -> Mailbox:
        """The mailbox. Raises Unauthenticated or TooManyVerifications."""
        mailbox = await self._in_thread(self._find, credentials.address)
        digest = self._digest(credentials)
        if mailbox is not None and self._verified.get(digest) == mailbox.password_hash:
            self._verified.move_to_end(digest)
            return mailbox
        if len(self._verifying.waiting) >= _WAITING:
            raise TooManyVerifications
        stored = mailbox.password_hash if mailbox else None
        right = await self._verifying.run(
            self._in_thread, passwords.verify, stored, credentials.password
        )
        if not right or mailbox is None:
            raise Unauthenticated
        self._verified[digest] = mailbox.password_hash
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return mailbox

    def _find(self, address: str) -> Mailbox | None:
        with self._database.read() as tx:
            return mailboxes.find(tx, address)

    def _digest(self, credentials: Credentials) -> bytes:
        text = f"{credentials.address}\0{credentials.password}"
        return hmac.new(self._key, text.encode("utf-8"), hashlib.sha256).digest()
