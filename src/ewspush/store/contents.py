"""What items contain: MIME content as it arrived, a body that a client set, attachments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select

from ewspush.core.ids import shard_of
from ewspush.store.database import Transaction
from ewspush.store.schema import attachments, bodies, mime_contents


@dataclass(frozen=True, slots=True)
class Body:
    """A body that a client set."""

    body_type: str  # BodyTypeType: HTML or Text
    value: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment without its content."""

    number: int
    content_number: int  # of the item that it belongs to
    name: str
    content_type: str | None
    content_id: str | None
    content_location: str | None
    is_inline: bool
    is_item: bool
    size: int  # bytes
    modified_at_s: int
    part: int | None  # where it is in the MIME content, if it is there


_ATTACHMENT = tuple(attachments.c[field.name] for field in fields(Attachment))
_INSERT_MIME = insert(mime_contents)
_TABLES: tuple[tuple[Table, str], ...] = (
    (mime_contents, "number"),
    (bodies, "number"),
    (attachments, "content_number"),
)


def insert_mime(tx: Transaction, mailbox: int, number: int, content: bytes) -> None:
    """Store the message that an item is, byte for byte."""
    key = {"mailbox_id": mailbox, "shard": shard_of(mailbox), "number": number}
    tx.connection.execute(_INSERT_MIME, {**key, "content": content})


def mime(tx: Transaction, mailbox: int, number: int) -> bytes | None:
    """The message that an item is, byte for byte; None if it was made from properties."""
    return tx.connection.execute(
        select(mime_contents.c.content).where(
            mime_contents.c.mailbox_id == mailbox, mime_contents.c.number == number
        )
    ).scalar_one_or_none()


def put_body(tx: Transaction, mailbox: int, number: int, body: Body | None) -> None:
    """Set or remove the body of an item."""
    tx.connection.execute(
        delete(bodies).where(bodies.c.mailbox_id == mailbox, bodies.c.number == number)
    )
    if body is not None:
        key = {"mailbox_id": mailbox, "shard": shard_of(mailbox), "number": number}
        row = {**key, "body_type": body.body_type, "value": body.value}
        tx.connection.execute(insert(bodies), [row])


def body(tx: Transaction, mailbox: int, number: int) -> Body | None:
    """The body that a client set."""
    row = tx.connection.execute(
        select(bodies.c.body_type, bodies.c.value).where(
            bodies.c.mailbox_id == mailbox, bodies.c.number == number
        )
    ).one_or_none()
    return Body(*row) if row else None


def insert_attachments(
    tx: Transaction, mailbox: int, new: Iterable[tuple[Attachment, bytes | None]]
) -> None:
    """Store attachments, with their contents unless these are in the MIME content."""
    key = {"mailbox_id": mailbox, "shard": shard_of(mailbox)}
    rows = [
        {**key, **{f.name: getattr(one, f.name) for f in fields(Attachment)}, "content": content}
        for one, content in new
    ]
    if rows:
        tx.connection.execute(insert(attachments), rows)


def attachments_of(tx: Transaction, mailbox: int, number: int) -> list[Attachment]:
    """The attachments of an item, in the order in which they were added."""
    rows = tx.connection.execute(
        select(*_ATTACHMENT)
        .where(attachments.c.mailbox_id == mailbox, attachments.c.content_number == number)
        .order_by(attachments.c.number)
    )
    return [Attachment(*row) for row in rows]


def attachment(tx: Transaction, mailbox: int, number: int) -> Attachment | None:
    """The attachment with this number."""
    row = tx.connection.execute(
        select(*_ATTACHMENT).where(
            attachments.c.mailbox_id == mailbox, attachments.c.number == number
        )
    ).one_or_none()
    return Attachment(*row) if row else None


def attachment_content(tx: Transaction, mailbox: int, number: int) -> bytes | None:
    """The content of an attachment that is not in the MIME content."""
    return tx.connection.execute(
        select(attachments.c.content).where(
            attachments.c.mailbox_id == mailbox, attachments.c.number == number
        )
    ).scalar_one_or_none()


def delete_attachment(tx: Transaction, mailbox: int, number: int) -> None:
    """Remove an attachment."""
    tx.connection.execute(
        delete(attachments).where(
            attachments.c.mailbox_id == mailbox, attachments.c.number == number
        )
    )


def attachments_of_several(
    tx: Transaction, mailbox: int, numbers: Sequence[int]
) -> dict[int, list[int]]:
    """The numbers of the attachments of items, in their order, by the number of the contents."""
    rows = tx.connection.execute(
        select(attachments.c.content_number, attachments.c.number)
        .where(attachments.c.mailbox_id == mailbox, attachments.c.content_number.in_(numbers))
        .order_by(attachments.c.number)
    )
    found: dict[int, list[int]] = {}
    for content_number, number in rows:
        found.setdefault(content_number, []).append(number)
    return found


def copy_contents(
    tx: Transaction,
    mailbox: int,
    pairs: Sequence[tuple[int, int]],
    attachment_pairs: Sequence[tuple[int, int, int]] = (),
) -> None:
    """Copy contents of items, from the first number of each pair to the second.

    Of an attachment the number, that of its copy and that of the contents of which this is a part.
    """
    rows = [{"source": source, "target": target} for source, target in pairs]
    for table in (mime_contents, bodies):
        _copy_rows(tx, table, mailbox, rows, number="target")
    rows = [
        {"source": source, "target": target, "content": content}
        for source, target, content in attachment_pairs
    ]
    _copy_rows(tx, attachments, mailbox, rows, number="target", content_number="content")


def _copy_rows(
    tx: Transaction, table: Table, mailbox: int, rows: list[dict[str, int]], **changed: str
) -> None:
    """Copy the row with the number `source` in each; `changed` are columns from other keys."""
    if not rows:
        return
    columns: list[Any] = [
        bindparam(changed[column.name], type_=column.type) if column.name in changed else column
        for column in table.c
    ]
    tx.connection.execute(
        insert(table).from_select(
            [column.name for column in table.c],
            select(*columns).where(
                table.c.mailbox_id == mailbox, table.c.number == bindparam("source")
            ),
        ),
        rows,
    )


def delete_contents(tx: Transaction, mailbox: int, numbers: Iterable[int]) -> None:
    """Remove the contents of items."""
    gone = [{"gone": number} for number in numbers]
    for table, column in _TABLES:
        tx.connection.execute(
            delete(table).where(
                table.c.mailbox_id == mailbox, table.c[column] == bindparam("gone")
            ),
            gone,
        )
