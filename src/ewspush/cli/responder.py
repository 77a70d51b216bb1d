"""`ewspush responder`."""

import time
from pathlib import Path

import click

from ewspush.cli import show
from ewspush.cli.push_responder import Behaviour, Handled, PushResponder
from ewspush.control.commands import CommandError
from ewspush.settings import parse_address


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8090", show_default=True)
@click.option(
    "--fail-first",
    type=click.IntRange(0),
    metavar="N",
    default=0,
    help="Answer the first N notifications with an error status.",
)
@click.option(
    "--status",
    type=click.IntRange(200, 599),
    metavar="CODE",
    help="That status, 503 if not given; without --fail-first, of every answer.",
)
@click.option(
    "--delay",
    type=click.FloatRange(0),
    metavar="SECONDS",
    default=0.0,
    help="Wait so long before each answer.",
)
@click.option(
    "--unsubscribe-after",
    type=click.IntRange(0),
    metavar="N",
    help="Acknowledge N notifications with OK, then answer Unsubscribe.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Save each notification as DIR/0001.xml and so on.",
)
def responder(
    listen: str,
    fail_first: int,
    status: int | None,
    delay: float,
    unsubscribe_after: int | None,
    save: Path | None,
) -> None:
    """Run a push responder to try things with, until Ctrl-C.

    Prints each notification and acknowledges it. The server must be allowed to call it: loopback
    addresses are refused unless callback_allow in the table [delivery] of its settings lists them.
    """
    behaviour = Behaviour(
        fail=fail_first,
        status=status or 503,
        fail_always=status is not None and not fail_first,
        delay_s=delay,
        unsubscribe_after=unsubscribe_after,
    )
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)

    def handled(notification: Handled) -> None:
        if save is not None:
            (save / f"{notification.number:04}.xml").write_bytes(notification.body)
        for line in show.lines(notification):
            click.echo(f"{time.strftime('%H:%M:%S')}  {line}")

    try:
        running = PushResponder(parse_address(listen), behaviour, handled)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot listen on {listen}: {error}") from None
    click.echo(f"push responder at {running.url}, Ctrl-C stops it")
    try:
        running.serve()
    except KeyboardInterrupt:
        click.echo()
