"""`ewspush subscription pause`, `resume`, `retry-now`, `heartbeat`, `resend` and `end`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.connection import call


@click.command()
@click.argument("id")
@options.where
@options.as_json
def pause(id: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Send nothing to the subscription ID until it is resumed.

    While the server runs or not. A notification that is under way may still be acknowledged. Events
    are kept for it meanwhile, however long that is.
    """
    paused = call(config, data, "subscription.pause", id=id)
    options.print_result(paused, f"paused since {paused['paused_at']}", as_json=as_json)


@click.command()
@click.argument("id")
@options.where
@options.as_json
def resume(id: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Let the paused subscription ID go on after the last event acknowledged.

    While the server runs or not. If it was being retried, that begins anew, with a whole
    StatusFrequency.
    """
    resumed = call(config, data, "subscription.resume", id=id)
    options.print_result(resumed, "resumed", as_json=as_json)


@click.command()
@click.argument("id")
@options.where
@options.as_json
def retry_now(id: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Make the attempt now that the subscription ID waits for.

    Once its responder is mended. The attempt counts like any other. The exit status is 1 if it is
    not answered OK.
    """
    _print(call(config, data, "subscription.retry_now", id=id), as_json=as_json)


@click.command()
@click.argument("id")
@options.where
@options.as_json
def heartbeat(id: str, config: Path | None, data: str | None, as_json: bool) -> None:
    """Send the subscription ID a StatusEvent now, to see what is answered.

    The attempt counts like any other. The exit status is 1 if it is not answered OK.
    """
    _print(call(config, data, "subscription.heartbeat", id=id), as_json=as_json)


@click.command()
@click.argument("id")
@click.option("--from", "watermark", metavar="WATERMARK", help="Send what follows this one.")
@options.where
@options.as_json
def resend(
    id: str, watermark: str | None, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Send the subscription ID again what was acknowledged, and then lost.

    \b
    ewspush subscription resend ID
    ewspush subscription resend ID --from mjoBAAAAAAA=

    Without --from: the last notification with events that was acknowledged. What follows it is sent
    again, too. The exit status is 1 if the first notification is not answered OK.
    """
    _print(call(config, data, "subscription.resend", id=id, watermark=watermark), as_json=as_json)


@click.command()
@click.argument("id")
@options.yes
@options.where
@options.as_json
def end(id: str, is_meant: bool, config: Path | None, data: str | None, as_json: bool) -> None:
    """End the subscription ID for good, as its client could by Unsubscribe.

    While the server runs or not. Its client has to subscribe again, and can go on from its last
    watermark as long as events are kept.
    """
    options.confirm(f"End {id}? Its client has to subscribe again.", is_meant=is_meant)
    ended = call(config, data, "subscription.end", id=id)
    options.print_result(ended, f"ended at {ended['over_at']}", as_json=as_json)


COMMANDS = (pause, resume, retry_now, heartbeat, resend, end)


def _print(attempted: dict[str, Any], *, as_json: bool) -> None:
    options.print_result(attempted, _in_words(attempted), as_json=as_json)
    if attempted["outcome"] != "OK":
        click.get_current_context().exit(1)


def _in_words(attempted: dict[str, Any]) -> str:
    status, detail = attempted["http_status"], attempted["detail"]
    parts = [attempted["outcome"], status and f"HTTP {status}", f"{attempted['ms']} ms", detail]
    return options.printable(", ".join(dict.fromkeys(part for part in parts if part)))
