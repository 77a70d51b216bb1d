"""Password hashes."""

import os
import threading
from collections.abc import Callable

import pytest

from ewspush.operations import passwords


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password("correct")


def test_the_password_that_was_hashed_is_right_and_no_other(hashed: str) -> None:
    assert passwords.verify(hashed, "correct")
    for other in ("Correct", "correct ", "", "correct\x00", hashed):
        assert not passwords.verify(hashed, other)


def test_a_hash_is_argon2id_with_a_salt(hashed: str) -> None:
    assert hashed.startswith("$argon2id$v=19$")
    assert "correct" not in hashed
    assert passwords.hash_password("correct") != hashed
    assert len(hashed) <= 255  # the column


@pytest.mark.parametrize("password", ["Grüße 用户 🔑", "x" * passwords.LONGEST, " "])
def test_any_text_can_be_a_password(password: str) -> None:
    assert passwords.verify(passwords.hash_password(password), password)


@pytest.mark.parametrize("stored", ["", "-", "correct", "$argon2id$nonsense"])
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not passwords.verify(stored, "correct")
    assert not passwords.verify(stored, stored)


def test_nobody_has_no_password() -> None:
    for password in ("", "None", "correct"):
        assert not passwords.verify(None, password)


def test_nobody_is_let_in_even_with_the_password_that_stands_in_for_nobodys(
    hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: hashed)
    assert not passwords.verify(None, "correct")


def test_nobodys_password_is_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for somebody who is not there waits as long, and cannot tell."""
    verified: list[str] = []

    class Recording:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return original(stored, password)

    original: Callable[[str, str], bool] = passwords._HASHER.verify
    monkeypatch.setattr(passwords, "_HASHER", Recording())
    assert not passwords.verify(None, "correct")
    (stored,) = verified
    assert stored.rpartition("$")[0].rpartition("$")[0] == "$argon2id$v=19$m=12288,t=3,p=1"


def test_generated_passwords_cannot_be_guessed() -> None:
    generated = {passwords.generate() for _ in range(100)}
    assert len(generated) == 100
    assert all(len(password) >= 24 for password in generated)


def test_many_passwords_are_hashed_each_in_its_place() -> None:
    chosen = [f"password {n}" for n in range(5)]
    hashes = passwords.hash_many(chosen)
    assert all(map(passwords.verify, hashes, chosen))
    assert passwords.hash_many([]) == []


def test_many_passwords_leave_the_processor_to_others() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            passwords,
            "hash_password",
            lambda _: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())) or "",
        )
        passwords.hash_many(["a", "b", "c"])
    assert all(niceness > before for niceness in seen)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_a_hash_is_at_least_what_owasp_asks_for(hashed: str) -> None:
    assert "$m=12288,t=3,p=1$" in hashed


def test_who_comes_when_many_wait_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_waiting", threading.BoundedSemaphore(1))
    refused = []

    def hash_and_ask(_: str) -> str:
        with pytest.raises(passwords.TooManyPasswords):
            passwords.hash_many(["a", "b", "c"])
        refused.append(True)
        return ""

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "hash_password", hash_and_ask)
        passwords.hash_many(["a", "b", "c"])
    assert len(refused) == 3
    assert len(passwords.hash_many(["a", "b", "c"])) == 3
