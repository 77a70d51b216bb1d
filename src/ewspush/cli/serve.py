"""`ewspush serve`."""

import sys
from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.loading import loading


@click.command()
@options.where
@click.option(
    "--http", metavar="HOST:PORT", help="Where EWS clients come.  [default: 127.0.0.1:8080]"
)
@click.option("--lmtp", metavar="HOST:PORT", help="Where mail comes in.  [default: 127.0.0.1:8024]")
@click.option("--tls-cert", metavar="FILE", help="Certificate with its chain (PEM): https.")
@click.option("--tls-key", metavar="FILE", help="Its key (PEM).")
def serve(config: Path | None, data: str | None, **server: Any) -> None:
    """Run a server until SIGTERM or Ctrl-C.

    \b
    ewspush serve
    EWSPUSH_DELIVERY_BATCH=50 ewspush serve --data /var/lib/ewspush --http [::1]:8080

    Settings come from the file, then from EWSPUSH_TABLE_KEY in the environment, then from these
    options; the last wins. The first start makes the database, later ones bring it up to date. Log
    lines go to standard error.
    """
    with loading():
        settings = options.load(config, data, **server)
        # Imported late: what the server needs takes a while, and other commands do not need it.
        from ewspush import log
        from ewspush.cli.running import run
        from ewspush.server import Server

        options.keep_files_private()
        log.configure(settings.log)
        from twisted.internet import reactor

    sys.exit(run(reactor, Server(reactor, settings)))
