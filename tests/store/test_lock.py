"""One user at a time for an SQLite database."""

import subprocess
import sys
from pathlib import Path

import pytest

from ewspush.store.lock import InUse, exclusive
from support.checks_for_store import threads
from support.schemas import ROOT

HOLDER = """
import sys
from ewspush.store.lock import exclusive
with exclusive(sys.argv[1], 0.0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'ewspush.db'}"


def test_the_second_is_refused_while_the_first_has_it(url: str) -> None:
    with exclusive(url, 0.0):
        with pytest.raises(InUse, match=r"ewspush\.db is in use"), exclusive(url, 0.0):
            pytest.fail("two at once")
        with pytest.raises(InUse), exclusive(url, 0.01):
            pytest.fail("two at once")
    with exclusive(url, 0.0):
        pass


def test_it_is_given_back_also_after_an_error(url: str) -> None:
    with pytest.raises(OSError, match="trouble"), exclusive(url, 0.0):
        raise OSError("trouble")
    with exclusive(url, 0.0):
        pass


def test_who_has_patience_gets_it_when_the_first_is_done(url: str) -> None:
    def wait() -> str:
        with exclusive(url, 30.0):
            return "mine"

    with threads() as run:
        with exclusive(url, 0.0):
            waiting = run(wait)
        assert waiting.result(30) == "mine"


def test_the_lock_of_a_process_that_dies_is_free(url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT / "src")},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InUse), exclusive(url, 0.0):
            pytest.fail("two at once")
        holder.kill()
        holder.wait(30)
        with exclusive(url, 0.0):
            pass


def test_the_lock_is_beside_the_database_and_for_its_owner_only(url: str) -> None:
    with exclusive(url, 0.0):
        file = Path(url.removeprefix("sqlite:///"))
        beside = list(file.parent.iterdir())
        assert beside == [file.with_name("ewspush.db.lock")]
        assert beside[0].stat().st_mode & 0o777 == 0o600


def test_two_databases_are_two_locks(url: str) -> None:
    with exclusive(url, 0.0), exclusive(url.replace("ewspush.db", "other.db"), 0.0):
        pass


@pytest.mark.parametrize("url", ["postgresql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_what_is_no_sqlite_file_needs_no_lock(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with exclusive(url, 0.0), exclusive(url, 0.0):
        assert list(tmp_path.iterdir()) == []
