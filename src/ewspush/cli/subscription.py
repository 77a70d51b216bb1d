"""`ewspush subscription`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ewspush.cli import attempts, options, steering
from ewspush.cli.connection import connect

COLUMNS = ("id", "mailbox", "phase", "behind", "next", "last attempt", "url")
_DISABLED = "mailbox disabled"  # instead of what would come next
_MINUTE_S = 60
_HOUR_S = 3600


@click.group()
def subscription() -> None:
    """See the push subscriptions and why one gets nothing; pause one, send again, try now."""


for command in steering.COMMANDS:
    subscription.add_command(command)


@subscription.command("list")
@click.option("--mailbox", metavar="ADDRESS", help="Only those of this mailbox.")
@options.where
@options.as_json
def list_(mailbox: str | None, config: Path | None, data: str | None, as_json: bool) -> None:
    """List subscriptions: live ones, and those that were parked or ended in the last 30 days.

    BEHIND counts the events of the mailbox, wanted or not, since the last one acknowledged. NEXT is
    known to a running server only; nothing comes next while the mailbox is disabled or the
    subscription paused. Queries of URLs, which often hold secrets, are left out.
    """
    settings = options.load(config, data)
    found: list[dict[str, Any]] = []
    with connect(settings) as server:
        after: int | None = 0
        while after is not None:
            page = server.call("subscription.list", mailbox=mailbox, after=after)
            found, after = found + page["subscriptions"], page["next"]
    if as_json:
        options.print_json(found)
        return
    now = datetime.now(UTC)
    options.print_table(COLUMNS, [row(each, now) for each in found])


@subscription.command()
@click.argument("id")
@click.option("--attempts", "with_attempts", is_flag=True, help="Its last attempts, too.")
@click.option("--bodies", "with_bodies", is_flag=True, help="What was sent and answered, too.")
@click.option(
    "--most",
    type=click.IntRange(1, attempts.MOST),
    default=20,
    show_default=True,
    metavar="N",
    help="Of so many attempts.",
)
@options.where
@options.as_json
def show(
    id: str,
    with_attempts: bool,
    with_bodies: bool,
    most: int,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Show everything that is known of the subscription ID, as `subscription list` prints it.

    \b
    ewspush subscription show ID
    ewspush subscription show ID --attempts
    ewspush subscription show ID --attempts --bodies --most 3

    Attempts are told newest first: the events in each notification, its PreviousWatermark and its
    last Watermark, the outcome, and the milliseconds from its beginning until it was connected,
    until TLS was set up, until the first byte of the answer, and until its end. A connection that
    was kept alive is not made anew. The last few have their bodies.

    What comes next is known to a running server only.
    """
    settings = options.load(config, data)
    with connect(settings) as server:
        found = server.call("subscription.show", id=id)
        if with_attempts or with_bodies:
            wanted = {"most": most, "bodies": with_bodies or as_json}
            found["attempts"] = server.call("subscription.attempts", id=id, **wanted)
    if as_json:
        options.print_json(found)
        return
    for name, value in _details(found, datetime.now(UTC)):
        click.echo(f"{name + ':':<22}{options.printable(value)}")
    if with_attempts:
        attempts.print_attempts(found["attempts"])
    if with_bodies:
        attempts.print_bodies(found["attempts"])


def row(found: dict[str, Any], now: datetime) -> list[object]:
    """A subscription in a table of COLUMNS. One that the client reads itself has only some."""
    is_disabled = found["mailbox_disabled_at"] is not None
    if found["kind"] != "push":
        following = _DISABLED if is_disabled else f"expires {_in(found['expires_at'], now)}"
        phase = found["kind"]
        return [found["id"], found["mailbox"], phase, found["behind"], following, None, None]
    attempt = found["last_attempt"]
    next_ = f"{found['next']} {_in(found['next_at'], now)}" if found["next"] else None
    if is_disabled and found["over_at"] is None:
        next_ = _DISABLED
    return [
        found["id"],
        found["mailbox"],
        found["phase"],
        found["behind"],
        next_,
        attempt["outcome"] if attempt else None,
        _without_query(found["url"]),
    ]


def _details(found: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    disabled_at = found["mailbox_disabled_at"]
    details = [
        ("id", found["id"]),
        ("kind", found["kind"]),
        ("mailbox", found["mailbox"]),
        (
            "mailbox disabled",
            disabled_at and f"{disabled_at}: nothing is sent",
        ),
        ("url", found["url"]),
        ("folders", "all" if found["folders"] is None else ", ".join(found["folders"])),
        ("event types", ", ".join(found["event_types"])),
        ("status frequency", f"{found['status_frequency_min']} min"),
        ("caller data", found["caller_data"]),
        ("created", found["created_at"]),
        ("phase", found["phase"]),
        ("over since", found["over_at"]),
        ("paused since", found["paused_at"] and f"{found['paused_at']}: nothing is sent"),
        ("last acknowledged", f"{found['watermark']} ({_behind(found['behind'])})"),
        ("failed attempts", found["failures"]),
    ]
    if found["over_at"] is None and found["paused_at"] is None and disabled_at is None:
        next_name = f"next {found['next'] or 'attempt'}"
        details += [
            (next_name, _when(found["next_at"], now) if found["next"] else "no server runs"),
            ("gives up", found["gives_up_at"] and _when(found["gives_up_at"], now)),
        ]
    details.append(("last attempt", _attempt(found["last_attempt"])))
    return [(name, str(value)) for name, value in details if value]


def _behind(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'} behind the head"


def _attempt(attempt: dict[str, Any] | None) -> str:
    if attempt is None:
        return "none known"
    return f"{attempt['at']}  {attempt['outcome']}  {attempt['detail']}".rstrip()


def _when(at: str | None, now: datetime) -> str:
    return f"{at} ({_in(at, now)})" if at else _in(at, now)


def _in(at: str | None, now: datetime) -> str:
    """How long it is until then; None is now."""
    left_s = round((datetime.fromisoformat(at) - now).total_seconds()) if at else 0
    if left_s <= 0:
        return "now"
    if left_s < 2 * _MINUTE_S:
        return f"in {left_s} s"
    if left_s < 2 * _HOUR_S:
        return f"in {left_s // _MINUTE_S} min"
    return f"in {left_s // _HOUR_S} h"


def _without_query(url: str) -> str:
    before, mark, _ = url.partition("?")
    return f"{before}?…" if mark else before
