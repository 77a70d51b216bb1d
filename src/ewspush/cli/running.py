"""Running the reactor around a server."""

import signal
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from twisted.internet.defer import Deferred, ensureDeferred

from ewspush.cli import options
from ewspush.server import CannotStart, use_monotonic_time
from ewspush.store.database import UnsupportedDatabase
from ewspush.store.lock import InUse

log = structlog.get_logger()


class Runs(Protocol):
    """A server, or what runs one."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def run(reactor: Any, server: Runs, started: Callable[[], None] = lambda: None) -> int:
    """Run `server` until the reactor is stopped, by a signal for one; the exit status.

    `started` is called when it listens. What keeps it from starting is said on standard error.
    """
    use_monotonic_time(reactor)
    end: Deferred[None] = Deferred()
    is_up = False
    status = 0

    async def live() -> None:
        nonlocal status, is_up
        try:
            await server.start()
            is_up = True
            started()
            await end
            await server.stop()
        except Exception as error:
            status = 1
            _tell(error)
        finally:
            if not end.called:
                reactor.stop()

    def begin() -> None:
        life = ensureDeferred(live())

        def finish() -> "Deferred[None] | None":
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)  # it ends soon, and is not asked twice
            end.callback(None)
            return life if is_up else None  # one that still starts has begun nothing

        reactor.addSystemEventTrigger("before", "shutdown", finish)

    reactor.callWhenRunning(begin)
    reactor.run()
    return status


def _tell(error: Exception) -> None:
    if isinstance(error, CannotStart | UnsupportedDatabase | InUse):
        options.print_error(str(error))
    elif isinstance(error, OSError):
        options.print_error(options.describe(error))
    else:
        log.critical("server.bug", exc_info=error)
