"""The command line: `ewspush --help` tells what there is."""

import sys

import click

import ewspush
from ewspush.cli import deliver, demo, mailbox, responder, serve, subscription
from ewspush.control.commands import CommandError
from ewspush.settings import InvalidSettings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ewspush.__version__, prog_name="ewspush")
def commands() -> None:
    """An EWS-compatible push notification server.

    `ewspush demo` shows what it does in 15 seconds. `ewspush serve` runs a server; the other
    commands work on the server of the same data directory, and mailbox commands also while none
    runs.
    """


commands.add_command(serve.serve)
commands.add_command(demo.demo)
commands.add_command(mailbox.mailbox)
commands.add_command(subscription.subscription)
commands.add_command(deliver.deliver)
commands.add_command(responder.responder)


def main() -> None:
    """The console script. An error is one line on standard error and exit status 1."""
    try:
        commands(standalone_mode=True)
    except (CommandError, InvalidSettings) as error:
        click.echo(f"ewspush: {error}", err=True)
        sys.exit(1)
