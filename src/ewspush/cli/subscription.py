"""`ewspush subscription`."""

from pathlib import Path
from typing import Any

import click

from ewspush.cli import options
from ewspush.control import client


@click.group()
def subscription() -> None:
    """See the push subscriptions and why they get what they get."""


@subscription.command("list")
@click.option("--mailbox", metavar="ADDRESS", help="Only those of this mailbox.")
@options.where
@options.as_json
def list_(mailbox: str | None, config: Path | None, data: Path | None, as_json: bool) -> None:
    """List subscriptions, live ones and those that were parked or ended in the last 30 days.

    BEHIND counts the events of the mailbox, wanted or not, since the last one acknowledged.
    """
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with client.connect(settings.server) as server:
        after: str | None = ""
        while after is not None:
            page = server.call("subscription.list", mailbox=mailbox, after=after)
            found, after = found + page["subscriptions"], page["next"]
    if as_json:
        options.print_json(found)
        return
    columns = ("id", "mailbox", "phase", "behind", "next", "next_at", "last attempt", "url")
    options.print_table(columns, [[*map(_summary(each).get, columns)] for each in found])


@subscription.command()
@click.argument("id")
@options.where
@options.as_json
def show(id: str, config: Path | None, data: Path | None, as_json: bool) -> None:
    """Show everything that is known of the subscription ID."""
    settings = options.load(config, data)
    with client.connect(settings.server) as server:
        found = server.call("subscription.show", id=id)
    if as_json:
        options.print_json(found)
        return
    for name, value in _details(found):
        click.echo(f"{name + ':':<22}{value}")


def _summary(found: dict[str, Any]) -> dict[str, Any]:
    attempt = found["last_attempt"]
    return {**found, "last attempt": attempt["outcome"] if attempt else None}


def _details(found: dict[str, Any]) -> list[tuple[str, object]]:
    folders = "all" if found["folders"] is None else ", ".join(found["folders"])
    details: list[tuple[str, object]] = [
        ("id", found["id"]),
        ("kind", found["kind"]),
        ("mailbox", found["mailbox"]),
        ("url", found["url"]),
        ("folders", folders),
        ("event types", ", ".join(found["event_types"])),
        ("status frequency", f"{found['status_frequency_min']} min"),
        ("created", found["created_at"]),
        ("phase", found["phase"]),
        ("last acknowledged", f"{found['watermark']} ({found['behind']} events behind the head)"),
    ]
    if found["failures"]:
        details.append(("failed attempts", found["failures"]))
    if found["next"]:
        details.append((f"next {found['next']}", found["next_at"] or "now"))
    if found["gives_up_at"]:
        details.append(("gives up", found["gives_up_at"]))
    if found["over_at"]:
        details.append(("over since", found["over_at"]))
    if found["last_attempt"]:
        attempt = found["last_attempt"]
        outcome = f"{attempt['at']}  {attempt['outcome']}  {attempt['detail']}".rstrip()
        details.append(("last attempt", outcome))
    return details
