import io
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count

import pytest

from ewspush.cli import main
from support.far_ends import authority, ca_file, responder  # noqa: F401
from support.running_server import PATIENCE_S, serving
from support.schemas import ROOT

_numbers = count(1)


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    """Standard input where somebody sits."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Each test works in an empty folder, whose name is short, and without settings around it."""
    for name in [name for name in os.environ if name.startswith("EWSPUSH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o022)
    yield tmp_path
    os.umask(mask)


@pytest.fixture
def ewspush(monkeypatch, capfdbinary):
    """Runs a command as the console script does, in this process."""

    def run(*arguments, stdin=b"", at_terminal=False):
        monkeypatch.setattr(sys, "argv", ["ewspush", *map(str, arguments)])
        read = Terminal if at_terminal else io.TextIOWrapper
        monkeypatch.setattr(sys, "stdin", read(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Result(ended.value.code or 0, out.decode(), err.decode())

    return run


@pytest.fixture
def program(tmp_path):
    """Writes the console script into a file, with a change beforehand, by a piece of Python."""

    def program(change=""):
        path = tmp_path / "ewspush"
        path.write_text(f"#!{sys.executable}\n{change}\nfrom ewspush.cli import main\nmain()\n")
        path.chmod(0o755)
        return path

    return program


@pytest.fixture
def spawn(program, monkeypatch):
    """Starts commands as processes, which are gone when the test ends."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    started = []

    def spawn(*arguments, change=""):
        command = [program(change), *map(str, arguments)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield spawn
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def run(spawn):
    """Runs a command as a process until it ends."""

    def run(*arguments, change=""):
        process = spawn(*arguments, change=change)
        out, err = process.communicate(timeout=PATIENCE_S)
        return Result(process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def server():
    """A server for everybody; tests have mailboxes of their own on it."""
    with serving(mail_size_limit=4096) as server:
        yield server


@pytest.fixture
def address():
    """Of a mailbox that no other test has."""
    return f"user{next(_numbers)}@example.com"


@pytest.fixture
def mailbox(server, address):
    return server.create_mailbox(address)
