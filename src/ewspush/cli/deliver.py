"""`ewspush deliver`."""

import re
import smtplib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from ewspush.cli import options
from ewspush.control import CommandError
from ewspush.control.client import RunningServer

_BARE_LF = re.compile(rb"(?<!\r)\n")  # as in files here; on the wire lines end with CRLF
_TIMEOUT_S = 60.0  # for an answer


class Refused(Exception):
    """A message that this recipient does not get. `str()` says why."""


@click.command()
@click.option(
    "--to",
    "recipients",
    metavar="ADDRESS",
    multiple=True,
    required=True,
    help="A mailbox; may be repeated.",
)
@click.option("--lmtp", metavar="HOST:PORT", help="The server, if it is not the one of --data.")
@click.argument(
    "files",
    metavar="[FILE.eml]...",
    nargs=-1,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@options.where
def deliver(
    recipients: tuple[str, ...],
    lmtp: str | None,
    files: tuple[Path, ...],
    config: Path | None,
    data: str | None,
) -> None:
    """Hand messages to a running server by LMTP, as a mail server does.

    \b
    ewspush deliver --to user@example.org message.eml
    printf 'Subject: Hello\\n\\nHello.\\n' | ewspush deliver --to user@example.org

    Without FILE the message comes from standard input. Every message goes to every recipient. What
    is refused is said and does not stop the rest; the exit status is 1 then.
    """
    from ewspush.settings import parse_address

    if lmtp is None:
        settings = options.load(config, data)
        lmtp = RunningServer(settings.server.data).call("status")["lmtp"]
    try:
        host, port = parse_address(lmtp)
    except ValueError as error:
        raise CommandError(f"--lmtp: {error}") from None
    try:
        # A name of our own that needs no DNS; the server does not look at it.
        with smtplib.LMTP(host, port, "localhost", timeout=_TIMEOUT_S) as server:
            refused = _deliver_all(server, recipients, _messages(files))
    except (OSError, smtplib.SMTPException) as error:
        raise CommandError(f"cannot deliver to {lmtp}: {error}") from None
    if refused:
        raise click.exceptions.Exit(1)


def _messages(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Names and contents, one at a time: they may be large."""
    for path in files:
        yield str(path), path.read_bytes()
    if not files:
        yield "standard input", sys.stdin.buffer.read()


def _deliver_all(
    server: smtplib.LMTP, recipients: Iterable[str], messages: Iterable[tuple[str, bytes]]
) -> int:
    """How many deliveries were refused; each is told of when it ends."""
    refused = 0
    for name, content in messages:
        message = _BARE_LF.sub(b"\r\n", content)
        for recipient in recipients:
            try:
                _deliver(server, recipient, message)
            except Refused as error:
                refused += 1
                told = f"{name} refused for {recipient}: {error}"
                options.print_error(options.printable(told))
            else:
                click.echo(f"delivered {name} ({len(message)} bytes) to {recipient}")
    return refused


def _deliver(server: smtplib.LMTP, recipient: str, message: bytes) -> None:
    """To one recipient: smtplib loses step with one answer for each of several. Raises Refused."""
    if not message:
        raise Refused("it is empty")
    extensions = [] if recipient.isascii() else ["SMTPUTF8"]
    try:
        server.sendmail("", [recipient], message, extensions)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, text),) = error.recipients.values()
        raise Refused(_reply(code, text)) from None
    except smtplib.SMTPResponseException as error:
        raise Refused(_reply(error.smtp_code, error.smtp_error)) from None
    except ValueError:  # smtplib's, of line breaks and of what cannot be encoded
        raise Refused("not an address") from None


def _reply(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(shown.split())}"
