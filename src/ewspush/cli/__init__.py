"""The command line: `ewspush --help` tells what there is."""

import sys
from typing import NoReturn

import click

import ewspush
from ewspush.cli import (
    admin,
    alias,
    deliver,
    demo,
    directory,
    doctor,
    emulate,
    fields,
    impersonation,
    mailbox,
    options,
    permission,
    queue,
    replay,
    responder,
    serve,
    subscription,
    user,
)
from ewspush.cli.sections import Sections
from ewspush.control import CommandError

_WRONG_USAGE = 2
_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


_HELP = """An EWS-compatible push notification server.

`ewspush demo` shows in a few seconds what it does, `ewspush serve` runs a server. The life of a
mailbox:

\b
  ewspush mailbox create ann@example.org         prints a password; no domain is needed before
  ewspush mailbox show ann@example.org           everything that is known of it
  ewspush alias create ann@example.org sales@example.org
  ewspush mailbox update ann@example.org --period yearly
  ewspush mailbox delete ann@example.org         nobody can use it; it is kept for 30 days
  ewspush mailbox restore ann@example.org        as it was
  ewspush user delete ann@example.org            for good, and at once
  ewspush audit list --mailbox ann@example.org   who did all that

These commands work on the server of the same data directory while it runs, and on its database
while it does not. Each has --help with examples, and --json for programs.
"""

_SECTIONS = {
    "Server": (serve.serve, emulate.emulate, demo.demo),
    "Mailboxes": (
        mailbox.mailbox,
        user.user,
        alias.alias,
        permission.permission,
        impersonation.impersonation,
    ),
    "Directory": (directory.org, directory.domain, admin.admin, admin.audit),
    "Mail and notifications": (
        subscription.subscription,
        queue.queue,
        deliver.deliver,
        responder.responder,
        replay.replay,
        doctor.doctor,
    ),
}

commands = click.version_option(ewspush.__version__, prog_name="ewspush")(
    Sections(_SECTIONS, _HELP)
)


def main() -> None:
    """The console script. An error is one line on standard error, or an object with --json.

    The exit status is 2 for a wrong command line, 130 for Ctrl-C and 1 for any other error.
    """
    given = options.Given()
    try:
        sys.exit(commands(prog_name="ewspush", standalone_mode=False, obj=given))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(_WRONG_USAGE)
    except click.UsageError as error:
        _fail(_describe_wrong_usage(error), _WRONG_USAGE)
    except CommandError as error:
        if given.is_json:
            options.print_json_error(error)
            sys.exit(1)
        _fail(fields.in_words(error, given.context))
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
