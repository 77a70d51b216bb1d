"""The command line: `ewspush --help` tells what there is."""

import sys
from typing import NoReturn

import click

import ewspush
from ewspush.cli import (
    deliver,
    demo,
    impersonation,
    mailbox,
    options,
    queue,
    responder,
    serve,
    subscription,
)
from ewspush.control import CommandError

_WRONG_USAGE = 2
_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ewspush.__version__, prog_name="ewspush")
def commands() -> None:
    """An EWS-compatible push notification server.

    `ewspush demo` shows in a few seconds what it does. `ewspush serve` runs a server. The other
    commands work on the server of the same data directory; those for mailboxes and subscriptions
    also while none runs.
    """


commands.add_command(serve.serve)
commands.add_command(demo.demo)
commands.add_command(mailbox.mailbox)
commands.add_command(impersonation.impersonation)
commands.add_command(subscription.subscription)
commands.add_command(queue.queue)
commands.add_command(deliver.deliver)
commands.add_command(responder.responder)


def main() -> None:
    """The console script. An error is one line on standard error.

    The exit status is 2 for a wrong command line, 130 for Ctrl-C and 1 for any other error.
    """
    try:
        sys.exit(commands(prog_name="ewspush", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(_WRONG_USAGE)
    except click.UsageError as error:
        _fail(_describe_wrong_usage(error), _WRONG_USAGE)
    except CommandError as error:
        _fail(str(error))
    except OSError as error:
        _fail(options.describe(error))
    except click.Abort:
        sys.exit(_INTERRUPTED)


def _fail(why: str, status: int = 1) -> NoReturn:
    options.print_error(why)
    sys.exit(status)


def _describe_wrong_usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "ewspush"
    return f"{error.format_message().rstrip('.')} (`{path} --help` tells more)"
