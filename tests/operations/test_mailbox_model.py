"""Random operations on two mailboxes, held against a model: counts, events, and what clients know.

The machine decides what happens. After every step the mailbox is what the model says, the log has
the events that the model says, and clients that follow the log or SyncFolderItems know all of it.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ewspush.core.events import Event
from ewspush.core.item_paths import FieldPath
from ewspush.operations import mail, sending
from ewspush.operations.folders.changes import create_folder, update_folder
from ewspush.operations.folders.finding import Folder
from ewspush.operations.folders.moves import copy_folder, move_folder
from ewspush.operations.folders.removal import delete_folder, empty_folder
from ewspush.operations.items.attachments import add_attachments, attachments_of, delete_attachment
from ewspush.operations.items.creation import create
from ewspush.operations.items.moves import Disposal, copy_items, delete_items, move_items
from ewspush.operations.items.parts import NewAttachment
from ewspush.operations.items.updates import FieldChange, SetField, mark_all_read, update_item
from ewspush.operations.journal import Journal
from ewspush.store import contents, event_log, folders, items
from ewspush.store.database import Transaction
from ewspush.store.event_log import Window
from ewspush.store.items import Item
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import NOW_S, new_mailbox, rows
from support.items import sqlite_database
from support.mailbox_model import (
    CALENDAR,
    CONTACTS,
    DELETED,
    DRAFTS,
    INBOX,
    NUMBERS,
    RECOVERABLE,
    SENT,
    Logged,
    Model,
    SynchronizingClient,
    Thing,
    WatchingClient,
    several,
)

THOROUGH = bool(os.environ.get("THOROUGH"))
HOMES = (INBOX, DRAFTS, SENT, DELETED, CALENDAR, CONTACTS, RECOVERABLE)
BUSY = [INBOX] * 5  # where most of it happens, so that several things happen to one item
MOST_CLIENTS = 8  # of SyncFolderItems, that are kept for a mailbox

owners = st.integers(0, 1)
picks = st.integers(0, 99)
some_picks = st.lists(picks, min_size=1, max_size=3)
pages = st.integers(1, 4)
words = st.sampled_from(["", "one", "zwei", "три"])
disposals = st.sampled_from(Disposal)
Changes = list[tuple[int, list[str], bool, str]]
updates = st.sampled_from([["IsRead"], ["Subject"], ["Body"], ["IsRead", "Subject"]])
changes = st.lists(st.tuples(picks, updates, st.booleans(), words), max_size=3)


@dataclass
class Side:
    """One of the mailboxes, its model, and its clients."""

    mailbox: Mailbox
    model: Model = field(default_factory=Model)
    log: list[Event] = field(default_factory=list)
    watching: WatchingClient = field(default_factory=lambda: WatchingClient({}, {}))
    watched: list[tuple[int, WatchingClient]] = field(default_factory=list)
    synchronizing: list[SynchronizingClient] = field(default_factory=list)

    @property
    def head(self) -> int:
        return len(self.log)


class MailboxMachine(RuleBasedStateMachine):
    """Everything that clients and senders may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        self.database = self.held.enter_context(sqlite_database())
        self.now_s = NOW_S
        self.turn = 0

    def teardown(self) -> None:
        try:
            self.everybody_knows_everything()
        finally:
            self.held.close()

    @initialize()
    def two_mailboxes(self) -> None:
        self.sides = [Side(new_mailbox(self.database, name)) for name in ("ann", "bob")]
        for side in self.sides:
            side.watching = WatchingClient(side.model.parents, {})
            for folder in (INBOX, DRAFTS, DELETED, RECOVERABLE):
                self.keep(side, SynchronizingClient(side.mailbox.id, folder))
        for owner in (0, 1):
            self.a_folder_is_made(owner, 0)
            self.a_folder_is_made(owner, 3)
            for made in (0, 1):
                where = len(BUSY) + len(HOMES) + made
                self.a_draft_is_made(owner, where, "one", is_read=False, to=[owner])

    # How it is acted

    @contextmanager
    def acting(self, side: Side) -> Iterator[Journal]:
        """One act, and the model's end of it."""
        self.now_s += 1
        with self.database.write() as tx:
            sending.begin(tx)
            journal = Journal(tx, side.mailbox.id, self.now_s)
            with journal.attempt():
                yield journal
        side.model.settled(self.now_s)

    def stored(self, tx: Transaction, side: Side, numbers: list[int]) -> list[Item]:
        found = {each.number: each for each in items.by_numbers(tx, side.mailbox.id, numbers)}
        return [found[number] for number in numbers]

    def folder(self, tx: Transaction, side: Side, number: int) -> Folder:
        found = folders.by_number(tx, side.mailbox.id, number)
        assert found is not None
        return found

    def new_in(self, tx: Transaction, side: Side, folder: int) -> list[Item]:
        """Items that the model does not know yet."""
        here = items.in_folder(tx, side.mailbox.id, folder, 0, 1_000_000)
        return [each for each in here if each.number not in side.model.items]

    def places(self, side: Side) -> list[int]:
        """Where items may be."""
        made = [one for one in side.model.parents if one > len(NUMBERS)]
        return [*BUSY, *HOMES, *made, *made]

    def place(self, side: Side, pick: int) -> int:
        return self.places(side)[pick % len(self.places(side))]

    def some_of_one_folder(self, side: Side, which: list[int]) -> list[int]:
        first = several(sorted(side.model.items), which[:1])
        if not first:
            return []
        here = side.model.numbers_in(side.model.items[first[0]].folder)
        return list(dict.fromkeys([*first, *several(here, which[1:])]))

    # Items

    @rule(owner=owners, text=words)
    def mail_arrives(self, owner: int, text: str) -> None:
        side = self.sides[owner]
        self.now_s += 1
        message = f"Subject: {text}\r\n\r\n{text}".encode()
        with self.database.write() as tx:
            mail.deliver(tx, side.mailbox.address, message, self.now_s)
            self.is_delivered(tx, side, Thing(INBOX, text))

    def is_delivered(self, tx: Transaction, side: Side, sent: Thing) -> None:
        (item,) = self.new_in(tx, side, INBOX)
        mime = contents.mime(tx, side.mailbox.id, item.number)
        thing = Thing(INBOX, sent.subject, is_read=False, mime=mime, attachments=sent.attachments)
        side.model.made(item.number, thing, is_new_mail=True)
        side.model.settled(self.now_s)

    @rule(owner=owners, where=picks, text=words, is_read=st.booleans(), to=st.lists(owners))
    def a_draft_is_made(
        self, owner: int, where: int, text: str, is_read: bool, to: list[int]
    ) -> None:
        side = self.sides[owner]
        thing = Thing(
            self.place(side, where), text, is_read, is_draft=True, body=text,
            recipients=tuple(dict.fromkeys(to)),
        )  # fmt: skip
        values = {"ItemClass": "IPM.Note", "IsRead": is_read, **self.values_of(thing)}
        with self.acting(side) as journal:
            made = create(journal, thing.folder, values, is_draft=True)
            side.model.made(made.number, thing)

    def values_of(self, thing: Thing) -> dict[str, Any]:
        to = [{"EmailAddress": self.sides[each].mailbox.address} for each in thing.recipients]
        body = {"BodyType": "Text", "Value": thing.body}
        return {"Subject": thing.subject, "ToRecipients": to, "Body": body}

    @rule(owner=owners, is_event=st.booleans(), text=words)
    def a_contact_or_an_event_is_made(self, owner: int, is_event: bool, text: str) -> None:
        side = self.sides[owner]
        thing = Thing(CALENDAR if is_event else CONTACTS, text, is_event=is_event)
        item_class = "IPM.Appointment" if is_event else "IPM.Contact"
        with self.acting(side) as journal:
            made = create(journal, thing.folder, {"ItemClass": item_class, "Subject": text})
            side.model.made(made.number, thing)

    @rule(owner=owners, which=some_picks, what=updates, is_read=st.booleans(), text=words)
    def items_are_updated(
        self, owner: int, which: list[int], what: list[str], is_read: bool, text: str
    ) -> None:
        side = self.sides[owner]
        self.update(side, several(sorted(side.model.items), which), what, is_read, text)

    def update(
        self, side: Side, numbers: list[int], what: list[str], is_read: bool, text: str
    ) -> None:
        body = {"BodyType": "Text", "Value": text}
        values: dict[str, Any] = {"IsRead": is_read, "Subject": text, "Body": body}
        fields: list[FieldChange] = [SetField(FieldPath(name), values[name]) for name in what]
        news = {
            "IsRead": {"is_read": is_read},
            "Subject": {"subject": text},
            "Body": {"body": text},
        }
        for number in numbers:
            thing = side.model.items[number]
            for name in what:
                thing = replace(thing, **news[name])
            with self.acting(side) as journal:
                (item,) = self.stored(journal.tx, side, [number])
                update_item(journal, item, fields)
                side.model.changed(number, thing)

    @rule(owner=owners, which=some_picks, where=picks)
    def items_are_moved(self, owner: int, which: list[int], where: int) -> None:
        side = self.sides[owner]
        numbers = self.some_of_one_folder(side, which)
        target = self.place(side, where)
        if numbers:
            with self.acting(side) as journal:
                moved = move_items(journal, self.stored(journal.tx, side, numbers), target)
                pairs = zip(numbers, (each.number for each in moved), strict=True)
                side.model.moved(pairs, target)

    @rule(owner=owners, which=some_picks, where=picks)
    def items_are_copied(self, owner: int, which: list[int], where: int) -> None:
        side = self.sides[owner]
        numbers = several(sorted(side.model.items), which)
        target = self.place(side, where)
        with self.acting(side) as journal:
            copies = copy_items(journal, self.stored(journal.tx, side, numbers), target)
            for number, copy in zip(numbers, copies, strict=True):
                side.model.copied(number, copy.number, target)

    @rule(owner=owners, which=some_picks, disposal=disposals)
    def items_are_deleted(self, owner: int, which: list[int], disposal: Disposal) -> None:
        side = self.sides[owner]
        numbers = self.some_of_one_folder(side, which)
        if numbers:
            with self.acting(side) as journal:
                delete_items(journal, self.stored(journal.tx, side, numbers), disposal)
                self.are_deleted(journal.tx, side, numbers, disposal)

    def are_deleted(
        self, tx: Transaction, side: Side, numbers: list[int], disposal: Disposal
    ) -> None:
        folder = side.model.items[numbers[0]].folder
        if disposal is Disposal.MOVE and folder not in (DELETED, RECOVERABLE):
            new = self.new_in(tx, side, DELETED)
            pairs = zip(numbers, (each.number for each in new), strict=True)
            side.model.moved(pairs, DELETED)
        elif disposal is Disposal.HARD or folder == RECOVERABLE:
            for number in numbers:
                side.model.deleted(number)
        else:
            new = self.new_in(tx, side, RECOVERABLE)
            assert {each.deleted_from for each in new} == {folder}
            for number, soft_deleted in zip(numbers, new, strict=True):
                side.model.deleted(number, soft_deleted.number)

    @rule(owner=owners, where=picks, is_read=st.booleans())
    def all_is_marked_read(self, owner: int, where: int, is_read: bool) -> None:
        side = self.sides[owner]
        folder = self.place(side, where)
        with self.acting(side) as journal:
            mark_all_read(journal, folder, is_read=is_read)
            for number in side.model.numbers_in(folder):
                thing = side.model.items[number]
                if thing.is_read is not is_read:
                    side.model.changed(number, replace(thing, is_read=is_read))

    @rule(owner=owners, which=picks, name=st.sampled_from(["a.txt", "b.txt"]))
    def a_file_is_attached(self, owner: int, which: int, name: str) -> None:
        side = self.sides[owner]
        for number in several(sorted(side.model.items), [which]):
            thing = side.model.items[number]
            with self.acting(side) as journal:
                (item,) = self.stored(journal.tx, side, [number])
                new = NewAttachment(name, size=2, content=name.encode())
                add_attachments(journal, item, [new])
                attachments = (*thing.attachments, name)
                side.model.changed(number, replace(thing, attachments=attachments))

    @rule(owner=owners, which=picks)
    def a_file_is_detached(self, owner: int, which: int) -> None:
        side = self.sides[owner]
        with_some = [number for number, each in side.model.items.items() if each.attachments]
        for number in several(with_some, [which]):
            thing = side.model.items[number]
            with self.acting(side) as journal:
                (item,) = self.stored(journal.tx, side, [number])
                first, *_ = attachments_of(journal.tx, side.mailbox.id, item)
                delete_attachment(journal, first, item)
                side.model.changed(number, replace(thing, attachments=thing.attachments[1:]))

    # Sending

    @rule(
        owner=owners, to=st.lists(owners, min_size=1, unique=True), keeps=st.booleans(), text=words
    )
    def a_new_message_is_sent(self, owner: int, to: list[int], keeps: bool, text: str) -> None:
        side = self.sides[owner]
        thing = Thing(SENT, text, body=text, recipients=tuple(to))
        folder = SENT if keeps else None
        with self.acting(side) as journal:
            values = {"ItemClass": "IPM.Note", **self.values_of(thing)}
            sent = sending.send_new(journal, side.mailbox, values, folder, queue_limit=0)
            assert (sent is not None) is keeps
            if sent is not None:
                side.model.made(sent.number, thing)
            self.is_sent(journal.tx, side, thing)

    @rule(owner=owners, which=picks, keeps=st.booleans())
    def a_draft_is_sent(self, owner: int, which: int, keeps: bool) -> None:
        side = self.sides[owner]
        able = [number for number, each in side.model.items.items() if each.recipients]
        for number in several(able, [which]):
            thing = side.model.items[number]
            folder = SENT if keeps else None
            with self.acting(side) as journal:
                (item,) = self.stored(journal.tx, side, [number])
                sent = sending.send_item(journal, side.mailbox, item, folder, queue_limit=0)
                if sent is not None:
                    is_sent = replace(thing, is_read=True, is_draft=False)
                    if not thing.is_read:
                        side.model.changed(number, is_sent)
                    side.model.items[number] = is_sent
                    side.model.moved([(number, sent.number)], SENT)
                else:
                    side.model.deleted(number)
                self.is_sent(journal.tx, side, thing)

    def is_sent(self, tx: Transaction, side: Side, thing: Thing) -> None:
        side.model.settled(self.now_s)
        for each in thing.recipients:
            self.is_delivered(tx, self.sides[each], thing)

    # Folders

    @rule(owner=owners, where=picks)
    def a_folder_is_made(self, owner: int, where: int) -> None:
        side = self.sides[owner]
        parent = self.parent(side, where)
        name = f"Folder {self.now_s}"
        with self.acting(side) as journal:
            within = self.folder(journal.tx, side, parent)
            made = create_folder(journal, within, {"DisplayName": name})
            side.model.folder_made(made.number, parent, name)

    def parent(self, side: Side, pick: int) -> int:
        able = [INBOX, DELETED, NUMBERS["msgfolderroot"], *side.model.own_folders]
        return able[pick % len(able)]

    @rule(owner=owners, which=picks)
    def a_folder_is_renamed(self, owner: int, which: int) -> None:
        side = self.sides[owner]
        for number in several(side.model.own_folders, [which]):
            name = f"Renamed {self.now_s}"
            with self.acting(side) as journal:
                folder = self.folder(journal.tx, side, number)
                update_folder(journal, folder, [SetField(FieldPath("DisplayName"), name)])
                side.model.folder_renamed(number, name)

    @rule(owner=owners, which=picks, where=picks)
    def a_folder_is_moved(self, owner: int, which: int, where: int) -> None:
        side = self.sides[owner]
        target = self.parent(side, where)
        for number in several(side.model.own_folders, [which]):
            if self.may_be_put(side, number, target):
                with self.acting(side) as journal:
                    folder = self.folder(journal.tx, side, number)
                    move_folder(journal, folder, self.folder(journal.tx, side, target))
                    side.model.folder_moved(number, target, side.model.names[number])

    def may_be_put(self, side: Side, number: int, target: int) -> bool:
        names = {side.model.names[one] for one, up in side.model.parents.items() if up == target}
        return number not in side.model.around(target) and side.model.names[number] not in names

    @rule(owner=owners, which=picks, where=picks)
    def a_folder_is_copied(self, owner: int, which: int, where: int) -> None:
        side = self.sides[owner]
        target = self.parent(side, where)
        for number in several(side.model.own_folders, [which]):
            if self.may_be_put(side, number, target) and len(side.model.items) < 50:
                with self.acting(side) as journal:
                    folder = self.folder(journal.tx, side, number)
                    copy = copy_folder(journal, folder, self.folder(journal.tx, side, target))
                    self.is_copied(journal.tx, side, number, copy, target)

    def is_copied(
        self, tx: Transaction, side: Side, source: int, copy: Folder, target: int
    ) -> None:
        new = {source: copy.number}
        for level_up in [source, *side.model.below(source)]:
            number = new[level_up]
            parent = new.get(side.model.parents[level_up], target)
            originals = side.model.numbers_in(level_up)
            side.model.folder_copied(level_up, number, parent)
            copies = self.new_in(tx, side, number)
            for original, item in zip(originals, copies, strict=True):
                side.model.copied(original, item.number, number)
            below = [one for one, up in side.model.parents.items() if up == level_up]
            made = folders.children(tx, side.mailbox.id, [number])
            by_name = {each.display_name: each.number for each in made}
            new |= {one: by_name[side.model.names[one]] for one in below}

    @rule(owner=owners, which=picks, disposal=disposals)
    def a_folder_is_deleted(self, owner: int, which: int, disposal: Disposal) -> None:
        side = self.sides[owner]
        for number in several(side.model.own_folders, [which]):
            with self.acting(side) as journal:
                folder = self.folder(journal.tx, side, number)
                delete_folder(journal, folder, disposal)
                self.folder_is_deleted(journal.tx, side, number, disposal)

    def folder_is_deleted(
        self, tx: Transaction, side: Side, number: int, disposal: Disposal
    ) -> None:
        is_in_deleted = DELETED in side.model.around(side.model.parents[number])
        if disposal is Disposal.HARD:
            side.model.folder_deleted(number)
            return
        name = self.folder(tx, side, number).display_name  # another one if it was taken
        assert name.startswith(side.model.names[number])
        if disposal is Disposal.SOFT or is_in_deleted:
            side.model.folder_soft_deleted(number, name)
        else:
            side.model.folder_moved(number, DELETED, name)

    @rule(owner=owners, where=picks, disposal=disposals, deep=st.booleans())
    def a_folder_is_emptied(self, owner: int, where: int, disposal: Disposal, deep: bool) -> None:
        side = self.sides[owner]
        folder = self.place(side, where)
        with self.acting(side) as journal:
            stored = self.folder(journal.tx, side, folder)
            is_alive = side.model.is_seen(folder)
            children = [one for one, up in side.model.parents.items() if up == folder]
            with_subfolders = deep and is_alive and not any(one in HOMES for one in children)
            numbers = side.model.numbers_in(folder)
            empty_folder(journal, stored, disposal, with_subfolders=with_subfolders)
            if numbers:
                self.are_deleted(journal.tx, side, numbers, disposal)
            for child in sorted(children) if with_subfolders else []:
                self.folder_is_deleted(journal.tx, side, child, disposal)

    # What fails

    @rule(owner=owners, which=picks)
    def an_act_that_fails_in_the_end_leaves_nothing(self, owner: int, which: int) -> None:
        side = self.sides[owner]
        numbers = several(sorted(side.model.items), [which])
        self.now_s += 1
        with self.database.write() as tx:
            journal = Journal(tx, side.mailbox.id, self.now_s)
            try:
                with journal.attempt():
                    some = self.stored(tx, side, numbers)
                    copy_items(journal, some, INBOX)
                    delete_items(journal, some, Disposal.MOVE)
                    journal.flush()
                    raise TimeoutError
            except TimeoutError:
                pass
            with journal.attempt():
                made = create(journal, DRAFTS, {"ItemClass": "IPM.Note", "Subject": "after"})
            side.model.made(made.number, Thing(DRAFTS, "after"))
            side.model.settled(self.now_s)

    # Clients of SyncFolderItems

    @rule(owner=owners, where=picks)
    def a_client_begins(self, owner: int, where: int) -> None:
        side = self.sides[owner]
        self.keep(side, SynchronizingClient(side.mailbox.id, self.place(side, where)))

    def keep(self, side: Side, client: SynchronizingClient) -> None:
        if len(side.synchronizing) < MOST_CLIENTS:
            side.synchronizing.append(client)

    @rule(owner=owners, which=picks, most=pages)
    def a_client_reads_and_another_has_the_state_from_before(
        self, owner: int, which: int, most: int
    ) -> None:
        side = self.sides[owner]
        client = side.synchronizing[which % len(side.synchronizing)]
        self.keep(side, client.copy())
        with self.database.read() as tx:
            client.read(tx, most)

    @rule(owner=owners, which=picks, turns=st.lists(st.tuples(changes, st.integers(0, 2))))
    def a_client_reads_while_items_change(
        self, owner: int, which: int, turns: list[tuple[Changes, int]]
    ) -> None:
        side = self.sides[owner]
        client = side.synchronizing[which % len(side.synchronizing)]
        for changed, most in turns:
            for pick, what, is_read, text in changed:
                numbers = several(side.model.numbers_in(client.folder), [pick])
                self.update(side, numbers, what, is_read, text)
            if most:
                with self.database.read() as tx:
                    client.read(tx, most)
        self.catch_up(side, 1)

    @rule(owner=owners, most=pages)
    def clients_could_catch_up(self, owner: int, most: int) -> None:
        self.catch_up(self.sides[owner], most)

    def catch_up(self, side: Side, most: int) -> None:
        """From every state that is kept, to the content of the folder."""
        with self.database.read() as tx:
            for client in side.synchronizing:
                if client.folder in side.model.parents:
                    client.copy().catch_up(tx, most)

    # What holds

    @invariant()
    def clients_read_in_turn(self) -> None:
        self.turn += 1
        with self.database.read() as tx:
            for side in self.sides:
                client = side.synchronizing[self.turn % len(side.synchronizing)]
                client.read(tx, (1, 2, 512)[self.turn % 3])

    @invariant()
    def counts_are_true(self) -> None:
        with self.database.read() as tx:
            for side in self.sides:
                for folder in folders.of_mailbox(tx, side.mailbox.id):
                    counts = (folder.total_count, folder.unread_count, folder.child_folder_count)
                    assert counts == side.model.counts(folder.number), folder.display_name

    @invariant()
    def the_log_tells_what_happened(self) -> None:
        with self.database.read() as tx:
            for side in self.sides:
                (excerpt,) = event_log.read(tx, [Window(side.mailbox.id, side.head, 100_000)])
                assert excerpt is not None
                logged = [(event.at_s, Logged.of(event)) for event in excerpt.events]
                assert logged == side.model.take_due()
                side.log += excerpt.events
                side.watching.watch(excerpt.events)
                assert self.seen(side) == {
                    folder: set(side.model.numbers_in(folder))
                    for folder in self.places(side)
                    if side.model.is_seen(folder)
                }
                if excerpt.events:
                    side.watched.append((side.head, side.watching.copy()))

    def seen(self, side: Side) -> dict[int, set[int]]:
        """What the client that watches the log knows of folders that are not soft-deleted."""
        places = [folder for folder in self.places(side) if side.model.is_seen(folder)]
        return {folder: side.watching.content.get(folder, set()) for folder in places}

    def everybody_knows_everything(self) -> None:
        if not hasattr(self, "sides"):
            return
        for side in self.sides:
            for most in (1, 512):
                self.catch_up(side, most)
            for position, client in side.watched:
                client.watch(side.log[position:])
                assert client.content == side.watching.content
        self.items_are_what_the_model_says()

    def items_are_what_the_model_says(self) -> None:
        with self.database.read() as tx:
            for side in self.sides:
                stored = items.by_numbers(tx, side.mailbox.id, list(side.model.items))
                found = {each.number: self.as_thing(tx, side, each) for each in stored}
                assert found == {
                    number: replace(each, recipients=())
                    for number, each in side.model.items.items()
                }
                for table in ("mime_contents", "bodies", "attachments"):
                    assert rows(tx, ORPHANS.format(table=table, of=CONTENT_OF[table])) == []

    def as_thing(self, tx: Transaction, side: Side, item: Item) -> Thing:
        mime = contents.mime(tx, side.mailbox.id, item.content_number)
        body = contents.body(tx, side.mailbox.id, item.content_number)
        attachments = attachments_of(tx, side.mailbox.id, item)
        assert item.has_attachments is bool(attachments)
        return Thing(
            item.folder_number,
            item.subject,
            item.is_read,
            item.is_draft,
            item.item_class == "IPM.Appointment",
            body.value if body else "",
            mime,
            tuple(each.name for each in attachments),
        )


CONTENT_OF = {"mime_contents": "number", "bodies": "number", "attachments": "content_number"}
ORPHANS = """
    SELECT c.{of} FROM {table} AS c LEFT JOIN items AS i
        ON i.mailbox_id = c.mailbox_id AND i.content_number = c.{of}
    WHERE i.number IS NULL
"""

TestMailbox = MailboxMachine.TestCase
TestMailbox.settings = settings(
    max_examples=2000 if THOROUGH else 25,
    stateful_step_count=100 if THOROUGH else 40,
    derandomize=not THOROUGH,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
