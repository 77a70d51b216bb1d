"""`ewspush emulate`."""

import json
import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ewspush.cli import options
from ewspush.cli.loading import loading
from ewspush.control import CommandError

if TYPE_CHECKING:
    from ewspush.emulator.emulator import Emulator
    from ewspush.settings import Settings

# What suits those who test, unless settings say otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "delivery": {"callback_allow": "127.0.0.0/8, ::1/128"},
    "management": {"shortest_password": 1},
    "attempts": {"bodies": 1000, "body_limit": 128 * 1024},
    "subscriptions": {"per_mailbox": 100},
    "log": {"level": "warning"},
}
# What an emulator is: nothing is gathered, so that what happens is the same each time.
# Nor does it send mail to anybody elsewhere.
FIXED: dict[str, dict[str, Any]] = {
    "delivery": {"linger_s": 0},
    "relay": {"host": ""},
}


@click.command()
@click.option(
    "--http", metavar="HOST:PORT", help="Where EWS clients come.  [default: 127.0.0.1:8080]"
)
@click.option("--lmtp", metavar="HOST:PORT", help="Where mail comes in.  [default: 127.0.0.1:8024]")
@click.option(
    "--mailbox",
    "mailboxes",
    metavar="ADDRESS:PASSWORD",
    multiple=True,
    help="A mailbox that is there from the start, and after each reset. May be given again.",
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Settings (TOML); samples/ewspush.toml has them all.",
)
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Let other machines use the control API and the inspector: whoever reaches them, does.",
)
@click.option("--json", "as_json", is_flag=True, help="Say on one line of JSON when it is ready.")
@click.option(
    "--until-eof", is_flag=True, help="End when standard input does: with whoever started it."
)
def emulate(
    http: str | None,
    lmtp: str | None,
    mailboxes: Sequence[str],
    config: Path | None,
    allow_remote: bool,
    as_json: bool,
    until_eof: bool,
) -> None:
    """Run a server for tests, in memory, until SIGTERM or Ctrl-C.

    \b
    ewspush emulate --mailbox ann@example.org:secret
    curl http://127.0.0.1:8080/emulator/openapi.json

    It is a whole server whose time can be stopped and advanced, which can be told to fail, and
    which forgets everything at its end. It may call responders on this machine. Who tests in
    Python has it as a fixture of pytest: docs/testing.md.
    """
    # Imported late: what the server needs takes a while, and other commands do not need it.
    with loading():
        from ewspush import log
        from ewspush.emulator import folder

    options.keep_files_private()
    with folder.temporary() as data:
        # A database of `serve`, which settings may name, is never touched: it would be reset.
        given = {"data": str(data), "database": "", "http": http, "lmtp": lmtp}
        server = {key: value for key, value in given.items() if value is not None}
        settings = _load(config, server, plain_http=allow_remote)
        log.configure(settings.log)
        sys.exit(_run(settings, [*map(_parse, mailboxes)], allow_remote, as_json, until_eof))


def _load(config: Path | None, server: dict[str, Any], *, plain_http: bool) -> "Settings":
    from ewspush import settings

    try:
        given = {**FIXED, "server": server}
        return settings.load(config, os.environ, given, DEFAULTS, plain_http=plain_http)
    except settings.InvalidSettings as error:
        raise CommandError(str(error)) from None


def _parse(text: str) -> tuple[str, str]:
    address, colon, password = text.partition(":")
    if not (address and colon and password):
        raise CommandError("--mailbox should be ADDRESS:PASSWORD, as in ann@example.org:secret")
    return address, password


def _run(
    settings: "Settings",
    mailboxes: Sequence[tuple[str, str]],
    allow_remote: bool,
    as_json: bool,
    until_eof: bool,
) -> int:
    with loading():
        from twisted.internet import reactor

        from ewspush.cli.running import run
        from ewspush.emulator.emulator import Emulator
        from ewspush.emulator.resources import make_resources
        from ewspush.server import use_monotonic_time

    use_monotonic_time(reactor)  # which its time begins with
    resources = partial(make_resources, reactor, allow_remote=allow_remote)
    emulator = Emulator(reactor, settings, mailboxes, resources)

    def started() -> None:
        _tell(emulator, as_json)
        if until_eof:
            threading.Thread(target=_stop_at_end_of_input, daemon=True).start()

    return run(reactor, emulator, started)


def _stop_at_end_of_input() -> None:
    from twisted.internet import reactor

    running: Any = reactor
    # Not by a buffer: Python aborts at its end if a thread that still reads has the lock of one.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    running.callFromThread(running.stop)


def _tell(emulator: "Emulator", as_json: bool) -> None:
    base = emulator.ews_url.removesuffix("/EWS/Exchange.asmx")
    if as_json:
        ready = {
            "http": str(emulator.http),
            "lmtp": str(emulator.lmtp),
            "ews_url": emulator.ews_url,
            "data": str(emulator.settings.server.data),
        }
        click.echo(json.dumps(ready))
    else:
        options.print_fields(
            [
                ("EWS", emulator.ews_url),
                ("Mail (LMTP)", emulator.lmtp),
                ("Inspector", f"{base}/inspect"),
                ("Control API", f"{base}/emulator/openapi.json"),
                ("Data, for commands", f"--data {emulator.settings.server.data}"),
            ]
        )
        click.echo("Everything is gone at the end. Ctrl-C ends it.")
