"""An emulator in a process of its own, which ends with the process that started it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from queue import Empty, Queue
from types import TracebackType
from typing import IO, Self

from ewspush.testing.client import EwsServer
from ewspush.testing.connection import EmulatorError

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

_START_S = 60.0  # it takes less than one, where nothing else is going on
_STOP_S = 10.0
_LONGEST_LINE = 65_536  # bytes
_KEPT = 1024**2  # bytes of what it said
_SHOWN = 2000  # characters of that, in an error

_COMMAND = (
    # -P: a module of the user's in the current folder is none of the server's.
    *(sys.executable, "-P", "-m", "ewspush", "emulate", "--json", "--until-eof"),
    *("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0"),
)


class EmulatorProcess:
    """`ewspush emulate` on free ports of this machine. Use it as a context manager, or `stop` it.

    It notices when this process ends, even if that is killed.
    """

    def __init__(self, *options: str) -> None:
        """Start it, with more options of the command, and wait until it is ready.

        Raises EmulatorError with what it says if it is not.
        """
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        # What the environment says may be meant for a server that this machine has.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EWSPUSH_")}
        self._process = subprocess.Popen(
            (*_COMMAND, *options),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        try:
            self.server = EwsServer(f"http://{self._await_address()}")
        except BaseException:  # Ctrl-C too
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """What it wrote to standard error until now: its log, of which warnings and errors are on.

        At most the last MiB. Raises ValueError after `stop`.
        """
        file = self._said.fileno()
        # Not by seeking: the process writes where this file stands.
        length = os.fstat(file).st_size
        return os.pread(file, _KEPT, max(0, length - _KEPT)).decode("utf-8", "replace")

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        assert self._process.stdin is not None, "it was asked for"
        self._process.stdin.close()
        self._process.terminate()  # a fork of this process may have the other end open still
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _await_address(self) -> str:
        """Where it listens for HTTP, which it prints when it is ready."""
        stdout = self._process.stdout
        assert stdout is not None, "it was asked for"
        lines: Queue[bytes] = Queue()
        threading.Thread(target=_read, args=(stdout, lines), daemon=True).start()
        try:
            first = lines.get(timeout=_START_S)
        except Empty:
            why = f"the emulator was not ready within {_START_S:g} s"
            raise EmulatorError(f"{why}: {self._last_words()}") from None
        try:
            address: str = json.loads(first)["http"]
        except (ValueError, LookupError, TypeError):
            raise EmulatorError(f"the emulator did not start: {self._last_words()}") from None
        return address

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        said = self.said.strip()[-_SHOWN:]
        return said or f"it said nothing, and ended with status {self._process.returncode}"


def _read(pipe: IO[bytes], lines: "Queue[bytes]") -> None:
    """Read until the end, so that the other side never waits for us; the first line is wanted."""
    with pipe:
        lines.put(pipe.readline(_LONGEST_LINE))
        while pipe.read(_LONGEST_LINE):
            pass
