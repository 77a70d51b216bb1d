"""`ewspush demo`."""

import sys
import tempfile
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.loading import loading
from ewspush.control import CommandError


@click.command()
@click.option("--keep", is_flag=True, help="Leave the server running, and say what to try next.")
def demo(keep: bool) -> None:
    """Show in a few seconds what ewspush does, without any configuration.

    A server and a push responder start on free ports of this machine, in a temporary directory.
    An application subscribes, real mail comes in, notifications go out; the responder fails,
    recovers, and unsubscribes. The exit status is 0 if all of it happened as promised.
    """
    # Imported late: what the server needs takes a while, and other commands do not need it.
    with loading():
        from twisted.internet import reactor

        from ewspush import log, settings
        from ewspush.cli.story import Story

    options.keep_files_private()
    with tempfile.TemporaryDirectory(prefix="ewspush-demo-") as folder:
        given: dict[str, dict[str, Any]] = {
            "server": {"data": folder, "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"},
            "delivery": {"callback_allow": "127.0.0.0/8", "first_retry_wait_s": 0.5},
            "log": {"level": "error"},
        }
        try:
            chosen = settings.load(None, {}, given)
        except settings.InvalidSettings as error:  # the path of temporary directories is too long
            raise CommandError(str(error)) from None
        log.configure(chosen.log)
        status = Story(reactor, chosen, keep).run()
    sys.exit(status)
