"""Mailboxes."""

from typing import Annotated, Literal

from pydantic import Field

from ewspush.emulator.api.models.common import MOST, Given, Limit, MailAddress, Told


class Mailbox(Told):
    """A mailbox, and where its owner's clients find it."""

    address: str
    status: Literal["active", "disabled"]
    ews_url: str


class MailboxWithPassword(Mailbox):
    """A mailbox that was created."""

    password: str


class Mailboxes(Told):
    """Mailboxes, the oldest first."""

    mailboxes: list[Mailbox]


class MailboxQuery(Given):
    """Which mailboxes are listed."""

    after: Annotated[MailAddress | None, Field(description="The last one known already.")] = None
    limit: Limit = MOST


class NewMailbox(Given):
    """A mailbox to be created."""

    address: MailAddress
    password: Annotated[str | None, Field(max_length=1024)] = None
