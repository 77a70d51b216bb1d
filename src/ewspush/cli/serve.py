"""`ewspush serve`."""

import sys
from pathlib import Path
from typing import Any

import click

from ewspush.cli import options


@click.command()
@options.where
@click.option("--http", metavar="HOST:PORT", help="Where EWS clients come. [127.0.0.1:8080]")
@click.option("--lmtp", metavar="HOST:PORT", help="Where mail comes in. [127.0.0.1:8024]")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its key (PEM).")
def serve(config: Path | None, data: Path | None, **server: Any) -> None:
    """Run a server until SIGTERM or Ctrl-C.

    Settings come from the file, then from EWSPUSH_TABLE_KEY in the environment (as in
    EWSPUSH_DELIVERY_BATCH=50), then from these options. The first start makes the database.
    """
    settings = options.load(config, data, **server)
    # Imported late: what the server needs takes a while, and other commands do not need it.
    from ewspush import log
    from ewspush.cli.running import run
    from ewspush.server import Server

    log.configure(settings.log)
    from twisted.internet import reactor

    sys.exit(run(reactor, Server(reactor, settings)))
