"""Running the reactor around a server."""

from collections.abc import Callable
from typing import Any

import click
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from ewspush.server import CannotStart, Server, use_monotonic_time
from ewspush.store.database import UnsupportedDatabase
from ewspush.store.lock import InUse


def run(reactor: Any, server: Server, started: Callable[[], None] = lambda: None) -> int:
    """Run `server` until the reactor is stopped, by a signal for one; the exit status.

    `started` is called when it listens.
    """
    use_monotonic_time(reactor)
    status = 0

    def start() -> None:
        ensureDeferred(server.start()).addCallback(running).addErrback(failed)

    def running(_: None) -> None:
        reactor.addSystemEventTrigger("before", "shutdown", stop)
        started()

    def stop() -> "Deferred[None]":
        return ensureDeferred(server.stop()).addErrback(failed)

    def failed(failure: Failure) -> None:
        nonlocal status
        status = 1
        if failure.check(CannotStart, UnsupportedDatabase, InUse):
            click.echo(f"ewspush: {failure.value}", err=True)
        else:
            click.echo(f"ewspush: {failure.getTraceback()}", err=True)
        if reactor.running:
            reactor.stop()

    reactor.callWhenRunning(start)
    reactor.run()
    return status
