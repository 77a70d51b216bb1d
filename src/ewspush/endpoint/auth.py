"""HTTP Basic authentication of mailboxes, and of administrators."""

import hashlib
import hmac
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from twisted.internet.defer import DeferredSemaphore

from ewspush.core import addresses, directory
from ewspush.core.directory import Administrator
from ewspush.operations import Database, mailboxes, passwords
from ewspush.operations.mailboxes import Mailbox
from ewspush.threads import InThread

T = TypeVar("T")

# Nothing but the realm, as Exchange has it; UTF-8 is understood without being announced.
CHALLENGE = 'Basic realm="ewspush"'

_REMEMBERED = 10_000  # credentials
_VERIFICATIONS = 2  # argon2 at once: each takes a core, and 12 MiB or more
_WAITING = 100  # verifications that may wait: who floods us with guesses waits for nothing


class Credentials(NamedTuple):
    """What a client sent. Not to be logged."""

    name: str  # normalized: of a mailbox, its address
    password: str


class Unauthenticated(Exception):
    """No credentials, or not the right ones."""


class TooManyVerifications(Exception):
    """So many passwords are being verified that this one would wait too long."""


Normalize = Callable[[str], str | None]  # None: nobody can have such a name


@dataclass(frozen=True, slots=True)
class Accounts(Generic[T]):
    """Who may log in."""

    normalize: Normalize
    find: Callable[[str], tuple[T, str] | None]  # by name, with the hash of the password; blocks


def mailbox_accounts(database: Database) -> Accounts[Mailbox]:
    """The mailboxes that may be used, by their addresses."""

    def find(address: str) -> tuple[Mailbox, str] | None:
        with database.read() as tx:
            mailbox = mailboxes.find(tx, address)
        return None if mailbox is None else (mailbox, mailbox.password_hash)

    return Accounts(_normalize_address, find)


def administrator_accounts(
    find: Callable[[str], tuple[Administrator, str] | None],
) -> Accounts[Administrator]:
    """The administrators, by their names."""
    return Accounts(directory.normalize_name, find)


def _normalize_address(text: str) -> str | None:
    try:
        return addresses.normalize(text)
    except addresses.InvalidAddress:
        return None


def parse_basic(header: str | None, normalize: Normalize) -> Credentials:
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
    name = normalize(user) if colon and len(password) <= passwords.LONGEST else None
    if name is None:
        raise Unauthenticated
    return Credentials(name, password)


class Authenticator(Generic[T]):
    """Tells whose request it is.

    A password that was verified is remembered (as a keyed hash, in memory) together with the stored
    hash that it matched: a busy client pays argon2 once, and a changed password is not remembered.
    """

    def __init__(self, accounts: Accounts[T], in_thread: InThread) -> None:
        self._accounts = accounts
        self._in_thread = in_thread
        self._verifying = DeferredSemaphore(_VERIFICATIONS)
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, str] = OrderedDict()

    def read(self, header: str | None) -> Credentials:
        """The credentials of an Authorization header. Raises Unauthenticated."""
        return parse_basic(header, self._accounts.normalize)

    async def authenticate(self, credentials: Credentials) -> T:
        """Who has these credentials. Raises Unauthenticated or TooManyVerifications."""
        found = await self._in_thread(self._accounts.find, credentials.name)
        account, stored = found or (None, None)
        digest = self._digest(credentials)
        if account is not None and self._verified.get(digest) == stored:
            self._verified.move_to_end(digest)
            return account
        if len(self._verifying.waiting) >= _WAITING:
            raise TooManyVerifications
        right = await self._verifying.run(
            self._in_thread, passwords.verify, stored, credentials.password
        )
        if not right or account is None or stored is None:
            raise Unauthenticated
        self._verified[digest] = stored
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return account

    def _digest(self, credentials: Credentials) -> bytes:
        text = f"{credentials.name}\0{credentials.password}"
        return hmac.new(self._key, text.encode("utf-8"), hashlib.sha256).digest()
