"""`ewspush mailbox show`, for people."""

from datetime import UTC, datetime
from typing import Any

import click

from ewspush.cli import options
from ewspush.cli.subscription import COLUMNS, row


def print_picture(found: dict[str, Any]) -> None:
    """Everything that is known of a mailbox."""
    options.print_fields(_fields(found))
    if found["subscriptions"]:
        click.echo()
        now = datetime.now(UTC)
        options.print_table(COLUMNS, [row(each, now) for each in found["subscriptions"]])


def _fields(found: dict[str, Any]) -> list[tuple[str, object]]:
    runs, following = found["subscription_period"], found["next_subscription_period"]
    return [
        ("address", found["email"]),
        ("id", found["id"]),
        ("status", found["status"]),
        ("to be deleted", found["deletion_scheduled_at"]),
        ("name", found["name"]),
        ("user id", found["user_id"]),
        ("domain id", found["domain_id"]),
        ("organization id", found["organization_id"]),
        ("created", found["created_at"]),
        ("updated", found["updated_at"]),
        ("subscription period", f"{runs}, since {found['subscription_period_started_at']}"),
        ("next period", _next_period(following, found["next_subscription_period_starts_at"])),
        ("aliases", ", ".join(each["email"] for each in found["aliases"]) or None),
        ("delegates", ", ".join(each["delegate"] for each in found["delegates"]) or None),
        ("may act for", _acts_for(found["may_act_for"])),
        ("folders", found["folders"]),
        ("items", f"{found['items']} ({found['unread_items']} unread)"),
        ("events kept", f"{found['events']} of {found['events_ever']}"),
        ("subscriptions", len(found["subscriptions"]) or "none"),
    ]


def _next_period(following: str, starts_at: str | None) -> str:
    return f"{following}, from {starts_at}" if starts_at else "none"


def _acts_for(rights: dict[str, Any]) -> str | None:
    if rights["all"]:
        return "all mailboxes"
    left = rights["named"] - len(rights["mailboxes"])
    more = [f"{left} more"] if left > 0 else []
    return ", ".join([*rights["mailboxes"], *more]) or None
