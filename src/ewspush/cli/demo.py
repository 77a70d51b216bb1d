"""`ewspush demo`."""

import sys
import tempfile
from pathlib import Path

import click

from ewspush import settings as all_settings


@click.command()
@click.option("--keep", is_flag=True, help="Leave the server running, and say what to try next.")
def demo(keep: bool) -> None:
    """Show what ewspush does, in less than 20 seconds and without any configuration.

    A server and a push responder start on free ports, real mail comes in, notifications go out,
    the responder fails and recovers, and unsubscribes. Exit status 0 if everything happened.
    """
    from twisted.internet import reactor

    from ewspush import log
    from ewspush.cli.story import Story

    with tempfile.TemporaryDirectory(prefix="ewspush-demo-") as folder:
        settings = all_settings.load(
            None,
            {},
            {
                "server": {"data": Path(folder), "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"},
                "delivery": {"callback_allow": "127.0.0.0/8", "first_retry_wait_s": 0.5},
                "log": {"level": "error"},
            },
        )
        log.configure(settings.log)
        status = Story(reactor, settings, keep).run()
    sys.exit(status)
