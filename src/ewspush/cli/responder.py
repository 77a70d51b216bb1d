"""`ewspush responder`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ewspush.control import CommandError

if TYPE_CHECKING:
    from ewspush.testing.push_responder import Behaviour, Handled, PushResponder


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8090",
    show_default=True,
    help="Where notifications come; port 0 is any free one.",
)
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
    type=click.FloatRange(0, 3600),
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
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save what comes as DIR/0001.xml and so on, after what is there.",
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

    \b
    ewspush responder
    ewspush responder --fail-first 2 --unsubscribe-after 5 --save /tmp/notifications

    Prints each notification and acknowledges it. The server must be allowed to call it: loopback
    addresses are refused unless its setting callback_allow in the table [delivery] lists them
    (EWSPUSH_DELIVERY_CALLBACK_ALLOW=127.0.0.0/8 ewspush serve).
    """
    from ewspush.cli import show
    from ewspush.testing.push_responder import Behaviour

    behaviour = Behaviour(
        fail=fail_first,
        status=status or 503,
        fail_always=status is not None and not fail_first,
        delay_s=delay,
        unsubscribe_after=unsubscribe_after,
    )
    saved = _next_number(save) if save is not None else 0

    def handled(request: "Handled") -> None:
        if save is not None:
            (save / f"{saved + request.number - 1:04}.xml").write_bytes(request.body)
        click.echo(f"{time.strftime('%H:%M:%S')}  {show.headline(request)}")
        for line in show.events(request):
            click.echo(f"{'':10}{line}")

    running = _listen(listen, behaviour, handled)
    click.echo(f"push responder at {running.url}, Ctrl-C stops it")
    try:
        running.serve()
    except KeyboardInterrupt:
        click.echo(f"\n{running.count} came, {running.acknowledged} acknowledged")


def _listen(
    text: str, behaviour: "Behaviour", handled: "Callable[[Handled], None]"
) -> "PushResponder":
    from ewspush.settings import parse_address
    from ewspush.testing.push_responder import PushResponder

    try:
        return PushResponder(parse_address(text), behaviour, handled)
    except ValueError as error:
        raise CommandError(f"--listen: {error}") from None
    except OSError as error:
        raise CommandError(f"cannot listen on {text}: {error.strerror or error}") from None


def _next_number(folder: Path) -> int:
    """The first number for which there is no file, after all that there are."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = (int(path.stem) for path in folder.glob("*.xml") if path.stem.isdecimal())
    return max(numbers, default=0) + 1
