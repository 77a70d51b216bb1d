"""Password hashes: argon2id with the library's defaults (RFC 9106, low-memory profile)."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
LONGEST = 1024  # characters: what is hashed comes from outside


def hash_password(password: str) -> str:
    """The hash to be stored. Takes tens of milliseconds, on purpose."""
    return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed. None, for nobody's, takes as long."""
    try:
        return _HASHER.verify(password_hash or _nobodys_hash(), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Verified when there is no such mailbox, so that the time taken does not tell."""
    return _HASHER.hash(secrets.token_urlsafe())


def generate() -> str:
    """A new password that nobody can guess."""
    return secrets.token_urlsafe(18)
