"""A mailbox whose folders are made, changed and looked at by their names."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from ewspush.core.events import Event
from ewspush.operations.folders.changes import create_folder
from ewspush.operations.items.creation import create
from ewspush.operations.journal import Journal
from ewspush.store import event_log, folders, items
from ewspush.store.database import Database
from ewspush.store.folders import Folder
from ewspush.store.items import Item
from support.checks_for_store import NOW_S, current, new_mailbox, rows, shards

T = TypeVar("T")
EVERYTHING = 1 << 40


class FolderWorld:
    """One mailbox. A folder that is called by its distinguished name is that one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.mailbox = new_mailbox(database)

    def act(self, do: Callable[..., T], *arguments: Any, **more: Any) -> T:
        """One act with a journal, in a transaction of its own."""
        with self.database.write() as tx:
            journal = Journal(tx, self.mailbox.id, NOW_S)
            with journal.attempt():
                return do(journal, *arguments, **more)

    def all(self) -> list[Folder]:
        with self.database.read() as tx:
            return folders.of_mailbox(tx, self.mailbox.id)

    def __getitem__(self, name: str) -> Folder:
        """The folder with this distinguished or display name, of which there is one."""
        (found,) = self.named(name)
        return found

    def named(self, name: str) -> list[Folder]:
        every = self.all()
        distinguished = [each for each in every if each.distinguished_name == name]
        return distinguished or [each for each in every if each.display_name == name]

    def make(self, name: str, parent: str | Folder = "msgfolderroot", **values: Any) -> Folder:
        around = self[parent] if isinstance(parent, str) else parent
        return self.act(create_folder, around, {"DisplayName": name, **values})

    def fill(self, folder: Folder, count: int = 1, **values: Any) -> list[Item]:
        """Put items into a folder."""

        def put(journal: Journal) -> list[Item]:
            return [
                create(
                    journal, folder.number, {"ItemClass": "IPM.Note", "Subject": str(n), **values}
                )
                for n in range(count)
            ]

        return self.act(put)

    def paths(self, top: str = "msgfolderroot") -> set[str]:
        """The folders that clients made, each by the names that lead to it from `top`."""
        every = {each.number: each for each in self.all()}
        end = self[top].number

        def path(folder: Folder) -> str | None:
            names = [folder.display_name]
            while folder.parent_number not in (end, None):
                folder = every[folder.parent_number or 0]
                names.insert(0, folder.display_name)
            return "/".join(names) if folder.parent_number == end else None

        made = (path(each) for each in every.values() if each.distinguished_name is None)
        return {each for each in made if each is not None}

    def items_in(self, folder: Folder) -> list[Item]:
        with self.database.read() as tx:
            return items.in_folder(tx, self.mailbox.id, folder.number, 0, EVERYTHING)

    def log(self, after: int = 0) -> list[Event]:
        with self.database.read() as tx:
            window = event_log.Window(self.mailbox.id, after, EVERYTHING)
            (excerpt,) = event_log.read(tx, [window])
        assert excerpt is not None
        return excerpt.events

    @property
    def head(self) -> int:
        return current(self.database, self.mailbox).head

    def check(self) -> None:
        """Whether counts are true, siblings' names differ, and nothing belongs to nothing."""
        every = self.all()
        with self.database.read() as tx:
            found = rows(
                tx,
                "SELECT folder_number, content_number, is_read FROM items WHERE mailbox_id = :own",
                own=self.mailbox.id,
            )
            bodies = rows(
                tx,
                "SELECT number FROM mime_contents WHERE mailbox_id = :own "
                "UNION SELECT number FROM bodies WHERE mailbox_id = :own",
                own=self.mailbox.id,
            )
            assert not shards(tx, self.mailbox.id)
        total = Counter(row.folder_number for row in found)
        unread = Counter(row.folder_number for row in found if not row.is_read)
        children = Counter(each.parent_number for each in every)
        for each in every:
            counts = (each.total_count, each.unread_count, each.child_folder_count)
            number = each.number
            assert counts == (total[number], unread[number], children[number]), each
        numbers = {each.number for each in every}
        assert {each.parent_number for each in every} <= {*numbers, None}
        assert set(total) <= numbers
        assert {row.number for row in bodies} <= {row.content_number for row in found}
        names = Counter((each.parent_number, each.display_name.casefold()) for each in every)
        assert set(names.values()) == {1}
