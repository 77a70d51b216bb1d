"""Password hashes: argon2id at OWASP's minimum (Password Storage Cheat Sheet: 12 MiB, 3 passes)."""

import os
import secrets
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=3, memory_cost=12 * 1024, parallelism=1)
LONGEST = 1024  # characters: what is hashed comes from outside

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_CORES = 2  # for many passwords
_NICENESS = 10
_WAITING = 4  # requests with many passwords, the one under way among them
_many = threading.Lock()  # they follow one another
_waiting = threading.BoundedSemaphore(_WAITING)


class TooManyPasswords(Exception):
    """So many passwords are being hashed that these would wait for long."""


def hash_password(password: str) -> str:
    """The hash to be stored. Takes ten milliseconds or more, on purpose."""
    return _HASHER.hash(password)


def hash_many(passwords: Sequence[str]) -> list[str]:
    """The hashes to be stored. Many are made in threads that leave the processor to others.

    Raises TooManyPasswords.
    """
    if len(passwords) <= _CORES:
        return [hash_password(each) for each in passwords]
    if not _waiting.acquire(blocking=False):
        raise TooManyPasswords
    try:
        with _many, ThreadPoolExecutor(_CORES, "passwords", _step_back) as threads:
            return list(threads.map(hash_password, passwords))
    finally:
        _waiting.release()


def hash_quickly(passwords: Sequence[str]) -> list[str]:
    """Hashes that are quick to verify, and to guess: for passwords of tests."""
    return [_QUICK.hash(each) for each in passwords]


def _step_back() -> None:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


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
