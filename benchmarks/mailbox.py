"""How long a call takes in folders of 1,000, 10,000 and 100,000 messages, and what memory it takes.

Every call goes through the whole EWS application, from the bytes of a request to those of its
answer; HTTP, TLS and passwords are not part of it. README.md has the figures of one machine.
"""

import gc
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import click

from ewspush.core.folders import INBOX
from ewspush.core.ids import Kind
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews.application import EwsApplication
from ewspush.operations import Database, mail, mailboxes
from ewspush.operations.folders.finding import FolderByName, get_folder
from ewspush.operations.journal import Journal
from ewspush.operations.mailboxes import Mailbox
from ewspush.store import items
from ewspush.wire import ids
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

T = TypeVar("T")

SIZES = (1_000, 10_000, 100_000)  # messages
CALLS = 40  # of which the median is taken, after some that do not count
UNCOUNTED = 5
WARMING = 1_000  # calls before memory is looked at: until then caches fill
PAGE = 100

NOW_S = 1_790_000_000
AT_ONCE = 5_000  # messages in a transaction
MESSAGE_BYTES = 10_240

MESSAGE = (
    b"From: Shop <shop@example.com>\r\nTo: A customer <user@example.com>\r\n"
    b"Cc: Accounts <accounts@example.com>, Archive <archive@example.com>\r\n"
    b"Subject: Your order\r\nDate: Mon, 21 Sep 2026 12:00:00 +0000\r\n"
    b"Message-ID: <order@shop.example.com>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
)
FIELDS = ("item:Subject", "item:DateTimeReceived", "item:Size", "message:From", "message:IsRead")
BY_DATE = (
    '<m:SortOrder><t:FieldOrder Order="Descending">'
    '<t:FieldURI FieldURI="item:DateTimeReceived"/></t:FieldOrder></m:SortOrder>'
)
UNREAD = (
    '<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="message:IsRead"/><t:FieldURIOrConstant>'
    '<t:Constant Value="false"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>'
)
ABOUT = (
    '<m:Restriction><t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase">'
    '<t:FieldURI FieldURI="item:Subject"/><t:Constant Value="order 77 "/></t:Contains>'
    "</m:Restriction>"
)
INBOX_ID = '<t:DistinguishedFolderId Id="inbox"/>'


def envelope(body: str) -> bytes:
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        '<soap:Header><t:RequestServerVersion Version="Exchange2010_SP2"/></soap:Header>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def find_item(offset: int, restriction: str = "") -> bytes:
    fields = "".join(f'<t:FieldURI FieldURI="{field}"/>' for field in FIELDS)
    return envelope(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{fields}</t:AdditionalProperties></m:ItemShape>"
        f'<m:IndexedPageItemView MaxEntriesReturned="{PAGE}" Offset="{offset}"'
        f' BasePoint="Beginning"/>{restriction}{BY_DATE}'
        f"<m:ParentFolderIds>{INBOX_ID}</m:ParentFolderIds></m:FindItem>"
    )


def get_item(id: str, shape: str) -> bytes:
    return envelope(
        f"<m:GetItem><m:ItemShape><t:BaseShape>{shape}</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{id}"/></m:ItemIds></m:GetItem>'
    )


def sync(state: str, most: int = 512) -> bytes:
    state = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    return envelope(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f"<m:SyncFolderId>{INBOX_ID}</m:SyncFolderId>{state}"
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )


def fill(url: str, count: int) -> None:
    """Make a mailbox with so many messages in its Inbox, the last one received at NOW_S.

    They share their contents, so that 100,000 of them do not fill a disk.
    """
    database = Database.open(url)
    with database.write() as tx:
        mailbox = mailboxes.create(tx, "user@example.com", "-", NOW_S)
        lines = b"A line of the message.\r\n" * (MESSAGE_BYTES // 24)
        mail.deliver(tx, mailbox.address, MESSAGE + lines, NOW_S)
        inbox = get_folder(tx, mailbox.id, FolderByName(INBOX))
        (first,) = items.in_folder(tx, mailbox.id, inbox.number, after=0, most=1)
    for start in range(1, count, AT_ONCE):
        with database.write() as tx:
            journal = Journal(tx, mailbox.id, NOW_S)
            numbers = journal.numbers(min(AT_ONCE, count - start))
            for place, number in enumerate(numbers, start):
                item = replace(
                    first,
                    number=number,
                    change=number,
                    content_change=number,
                    subject=f"Your order {place} at our shop",
                    is_read=place % 10 > 0,
                    received_at_s=NOW_S - 60 * (count - place),
                )
                items.insert_item(tx, mailbox.id, item)
                journal.item_created(item, is_new_mail=True)
            journal.settle()
    database.close()


class Server:
    """The EWS application on a database that was filled."""

    def __init__(self, url: str) -> None:
        self.database = Database.open(url)
        with self.database.read() as tx:
            found = mailboxes.find(tx, "user@example.com")
        assert found is not None
        self.mailbox: Mailbox = found
        self._application = EwsApplication(
            self.database,
            judge_url=lambda _: None,
            unsubscribed=lambda _: None,
            subscription_limit=1,
            pull_subscription_limit=1,
            server_version=ServerVersion(),
            now_s=lambda: NOW_S,
            contract=Contract.load(),
        )

    def ask(self, request: bytes) -> str:
        """The answer, which must not be an error."""
        answer = self._application.handle(self.mailbox, request).body.decode()
        assert "NoError" in answer, answer
        return answer

    def median_ms(self, request: bytes, before: Callable[[], None] = lambda: None) -> float:
        """How long it takes to answer; `before` each time something is done that does not count."""
        taken = []
        for _ in range(UNCOUNTED + CALLS):
            before()
            start = time.perf_counter()
            self.ask(request)
            taken.append(time.perf_counter() - start)
        return median(taken[UNCOUNTED:]) * 1000

    def change_one(self) -> None:
        """Change whether the newest message was read."""
        with self.database.write() as tx:
            journal = Journal(tx, self.mailbox.id, NOW_S)
            newest = self.newest()
            item = items.by_number(tx, self.mailbox.id, newest)
            assert item is not None
            change = journal.number()
            new = replace(item, is_read=not item.is_read, change=change)
            items.update_items(tx, self.mailbox.id, [(newest, new)])
            journal.item_modified(item, new)
            journal.settle()

    def newest(self) -> int:
        """The number of the newest message."""
        (id,) = re.findall('ItemId Id="([^"]+)"', self.ask(find_item(0)))[:1]
        return ids.decode(id).number

    def current_state(self) -> str:
        """The SyncState of a client that has everything."""
        state = ""
        while True:
            answer = self.ask(sync(state))
            found = re.search("SyncState>([^<]+)<", answer)
            assert found is not None
            state = found[1]
            if "IncludesLastItemInRange>true" in answer:
                return state


def figures(server: Server, count: int) -> Iterator[tuple[str, float]]:
    """What is measured, and the milliseconds it takes."""
    yield "FindItem, the first page of 100 by date", server.median_ms(find_item(0))
    yield "FindItem, a page in the middle", server.median_ms(find_item(count // 2))
    yield "FindItem, the first page of the unread", server.median_ms(find_item(0, UNREAD))
    yield "FindItem, a text in the subject", server.median_ms(find_item(0, ABOUT))
    state = server.current_state()
    yield "SyncFolderItems, one change", server.median_ms(sync(state), server.change_one)
    item = ids.encode(Kind.ITEM, server.mailbox.id, server.newest())
    for shape in ("IdOnly", "Default"):
        yield f"GetItem {shape}", server.median_ms(get_item(item, shape))


def resident_mb() -> float:
    """Resident memory of this process (Linux)."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def walk(server: Server, count: int) -> tuple[float, list[float]]:
    """Read a folder page by page: seconds, and the memory at each tenth of the way."""
    for _ in range(WARMING):
        server.ask(find_item(0))
    gc.collect()
    memory = [resident_mb()]
    start = time.perf_counter()
    for offset in range(0, count, PAGE):
        server.ask(find_item(offset))
        if (offset + PAGE) % (count // 10) == 0:
            memory.append(resident_mb())
    return time.perf_counter() - start, memory


class Result(NamedTuple):
    """What was measured in one mailbox."""

    figures_ms: dict[str, float]
    walk_s: float
    walk_mb: list[float]


def measure(url: str, count: int) -> Result:
    """All of one mailbox."""
    server = Server(url)
    walked = walk(server, count)
    return Result(dict(figures(server, count)), *walked)


def in_a_process_of_its_own(function: Callable[..., T], *arguments: object) -> T:
    """So that its memory tells of what it does alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main() -> None:
    results: dict[int, Result] = {}
    with TemporaryDirectory() as folder:
        for count in SIZES:
            url = f"sqlite:///{folder}/{count}.db"
            in_a_process_of_its_own(fill, url, count)
            results[count] = in_a_process_of_its_own(measure, url, count)
    click.echo(f"{'milliseconds, with messages in the folder:':45}", nl=False)
    click.echo("".join(f"{count:>12,}" for count in SIZES))
    for name in results[SIZES[0]].figures_ms:
        taken = [results[count].figures_ms[name] for count in SIZES]
        click.echo(f"{name:45}" + "".join(f"{each:12.1f}" for each in taken))
    for count in SIZES:
        _, seconds, memory = results[count]
        tenths = " ".join(f"{megabytes:.0f}" for megabytes in memory)
        click.echo(
            f"\nwalk through {count:,} messages, {PAGE} a page: {seconds:.1f} s,"
            f" resident MB at each tenth: {tenths}"
        )


if __name__ == "__main__":
    main()
