"""`ewspush deliver`."""

import re
import smtplib
import sys
from pathlib import Path

import click

from ewspush.cli import options
from ewspush.control.client import RunningServer
from ewspush.control.commands import CommandError
from ewspush.settings import Address, parse_address

_BARE_LF = re.compile(rb"(?<!\r)\n")  # as in files here; on the wire lines end with CRLF


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
    data: Path | None,
) -> None:
    """Hand messages to a running server by LMTP; one from standard input without FILE."""
    if lmtp is not None:
        address = _parse(lmtp)
    else:
        settings = options.load(config, data)
        address = _parse(RunningServer(settings.server.data).call("status")["lmtp"])
    messages = [path.read_bytes() for path in files] or [sys.stdin.buffer.read()]
    messages = [_BARE_LF.sub(b"\r\n", message) for message in messages]
    try:
        # One recipient at a time: smtplib loses step with one answer for each recipient.
        with smtplib.LMTP(address.host, address.port) as server:
            for recipient in recipients:
                for message in messages:
                    server.sendmail("", [recipient], message)
                    click.echo(f"delivered {len(message)} bytes to {recipient}")
    except smtplib.SMTPRecipientsRefused as error:
        ((code, text),) = error.recipients.values()
        raise CommandError(f"refused: {code} {text.decode('utf-8', 'replace')}") from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        shown = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise CommandError(f"refused: {error.smtp_code} {shown}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise CommandError(f"cannot deliver to {address}: {error}") from None


def _parse(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise CommandError(f"--lmtp: {error}") from None
