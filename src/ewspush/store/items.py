"""Items of a mailbox, and their MIME content as it arrived."""

from sqlalchemy import insert, select

from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.mailboxes import take_numbers
from ewspush.store.schema import items, mime_contents


def insert_message(
    tx: Transaction, mailbox: int, folder: int, content: bytes, received_at_s: int
) -> int:
    """Put an unread message into a folder, and return its number. Does not count it there."""
    (number,) = take_numbers(tx, mailbox, 1)
    key = {"mailbox_id": mailbox, "shard": shard_of(mailbox), "number": number}
    tx.connection.execute(
        insert(items).values(
            **key,
            folder_number=folder,
            received_at_s=received_at_s,
            size=len(content),
            is_read=False,
            change=1,
        )
    )
    tx.connection.execute(insert(mime_contents).values(**key, content=content))
    return number


def mime_content(tx: Transaction, mailbox: int, number: int) -> bytes | None:
    """The message, byte for byte."""
    return tx.connection.execute(
        select(mime_contents.c.content).where(
            mime_contents.c.mailbox_id == mailbox, mime_contents.c.number == number
        )
    ).scalar_one_or_none()
