"""Where the emulator has its files, and what is left of them."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from ewspush.emulator import folder

OLD_S = 3600.0


@pytest.fixture
def parent(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_MEMORY", tmp_path)
    return tmp_path


def left(parent: Path, age_s: float, *, with_lock: bool = True) -> Path:
    """The folder of an emulator that was killed so long ago."""
    one = parent / "ewspush-emulate-left"
    one.mkdir()
    if with_lock:
        (one / "ewspush.db.lock").touch()
    os.utime(one, times=(time.time() - age_s,) * 2)
    return one


def test_it_is_in_memory_and_is_gone_at_the_end(parent):
    with folder.temporary() as one:
        assert one.parent == parent
        (one / "ewspush.db").write_text("mail")
    assert [*parent.iterdir()] == []


def test_it_is_gone_when_what_uses_it_fails(parent):
    with pytest.raises(OSError, match="no"), folder.temporary():
        raise OSError("no")
    assert [*parent.iterdir()] == []


@pytest.mark.parametrize("with_lock", [True, False])
def test_what_a_killed_one_left_is_removed(parent, with_lock):
    old = left(parent, OLD_S, with_lock=with_lock)
    with folder.temporary():
        assert not old.exists()


def test_what_one_that_runs_has_is_kept(parent):
    old = left(parent, OLD_S)
    with (old / "ewspush.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with folder.temporary():
            assert old.exists()


def test_what_one_that_starts_has_is_kept(parent):
    young = left(parent, 1.0, with_lock=False)
    with folder.temporary():
        assert young.exists()


def test_without_a_file_system_in_memory_it_is_a_temporary_one(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_MEMORY", tmp_path / "none")
    monkeypatch.setattr(folder.tempfile, "gettempdir", lambda: str(tmp_path))
    with folder.temporary() as one:
        assert one.parent == tmp_path
