"""SyncFolderItems: whatever happens while a client reads, it ends with what the folder holds."""

import os
import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ewspush.core.errors import InvalidSyncStateData
from ewspush.core.item_paths import FieldPath
from ewspush.core.sync import SyncState
from ewspush.operations.items.moves import Disposal, delete_items, move_items
from ewspush.operations.items.sync import ChangeType, sync_items
from ewspush.operations.items.updates import SetField, update_item
from ewspush.store.database import Database
from ewspush.store.items import Item
from support.checks_for_store import new_mailbox, on_sqlite
from support.items import Owner, sqlite_database
from support.mailbox_model import DRAFTS, INBOX, SynchronizingClient

THOROUGH = bool(os.environ.get("THOROUGH"))
CREATE, UPDATE, DELETE, FLAG = ChangeType
Told = tuple[ChangeType, int]


class SyncedFolder(Owner):
    """The Inbox of a new mailbox, what happens to it, and those who read it."""

    def __init__(self, database: Database, name: str = "user") -> None:
        super().__init__(database, new_mailbox(database, name))
        self.clients = [SynchronizingClient(self.mailbox.id, INBOX)]
        self.count = 0

    def item(self, which: int) -> Item:
        here = self.items(INBOX)
        return here[which % len(here)]

    def add(self, _: int = 0) -> None:
        self.create(INBOX, Subject="", IsRead=False)

    def change(self, which: int) -> None:
        """Its subject."""
        self.count += 1
        self._set(which, "Subject", str(self.count))

    def flag(self, which: int) -> None:
        """Its IsRead."""
        self._set(which, "IsRead", not self.item(which).is_read)

    def _set(self, which: int, name: str, value: str | bool) -> None:
        self.act(update_item, self.item(which), [SetField(FieldPath(name), value)])

    def leave(self, which: int) -> None:
        self.act(move_items, [self.item(which)], DRAFTS)

    def end(self, which: int) -> None:
        self.act(delete_items, [self.item(which)], Disposal.HARD)

    def read_page(self, most: int, which: int = 0) -> tuple[int, bool]:
        with self.database.read() as tx:
            return self.clients[which % len(self.clients)].read(tx, most)

    def keep(self, which: int) -> None:
        """Have one more client go on from here."""
        self.clients.append(self.clients[which % len(self.clients)].copy())

    def all_catch_up(self) -> None:
        with self.database.read() as tx:
            for client in self.clients:
                for most in (1, 512):
                    client.copy().catch_up(tx, most)

    def told(self, state: SyncState | None, most: int = 512) -> tuple[list[Told], SyncState, bool]:
        """The changes in one answer, by type and item."""
        done = self.read(sync_items, INBOX, state, most)
        return [(each.type, each.number) for each in done.changes], done.state, done.includes_last


@pytest.fixture
def folder(database: Database) -> SyncedFolder:
    return SyncedFolder(database)


@pytest.fixture(scope="module")
def shared_database() -> Iterator[Database]:
    with sqlite_database() as opened:
        yield opened


which = st.integers(0, 3)
happenings = st.tuples(
    st.sampled_from(["change", "change", "flag", "flag", "add", "leave", "end"]), which
)
rounds = st.tuples(
    st.lists(happenings, min_size=1, max_size=3),
    st.integers(0, 2),  # the client that reads
    st.integers(0, 2),  # MaxChangesReturned, or no reading
    st.booleans(),  # whether one more goes on from there
)
Rounds = list[tuple[list[tuple[str, int]], int, int, bool]]


@settings(
    max_examples=20_000 if THOROUGH else 250,
    derandomize=not THOROUGH,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 3), st.lists(rounds, max_size=8))
def test_from_every_state_a_client_comes_to_the_content_of_the_folder(
    shared_database: Database, first: int, rounds: Rounds
) -> None:
    folder = SyncedFolder(shared_database, f"user{secrets.token_hex(8)}")
    for _ in range(first):
        folder.add()
    folder.read_page(512)
    for happened, client, most, goes_on in rounds:
        for what, which in happened:
            if folder.items(INBOX) or what == "add":
                getattr(folder, what)(which)
        if most:
            folder.read_page(most, client)
        if goes_on:
            folder.keep(client)
    folder.all_catch_up()


# The same, as plain as it can be said


@pytest.fixture
def three(folder: SyncedFolder) -> tuple[list[int], SyncState]:
    """Items that a client knows, and its state."""
    for _ in range(3):
        folder.add()
    told, state, includes_last = folder.told(None)
    numbers = [item.number for item in folder.items(INBOX)]
    assert told == [(CREATE, number) for number in numbers]
    assert includes_last
    assert folder.told(state) == ([], state, True)
    return numbers, state


def test_each_change_is_told_once_in_its_order(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    (one, two, three_), state = three
    folder.flag(2)
    folder.change(0)
    folder.end(1)
    folder.add()
    new = folder.items(INBOX)[-1].number
    told, state, _ = folder.told(state)
    assert told == [(CREATE, new), (FLAG, three_), (UPDATE, one), (DELETE, two)]
    assert folder.told(state)[0] == []


@on_sqlite
def test_what_is_changed_twice_is_told_as_it_is_in_the_end(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    (one, two, _), state = three
    folder.change(0)
    folder.flag(0)
    folder.change(1)
    folder.end(1)
    assert folder.told(state)[0] == [(UPDATE, one), (DELETE, two)]


@on_sqlite
def test_what_came_and_went_is_not_told(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    folder.add()
    folder.end(3)
    assert folder.told(three[1])[0] == []


@on_sqlite
def test_an_item_that_is_moved_goes_there_and_comes_here(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    (one, *_), state = three
    drafts = folder.read(sync_items, DRAFTS, None, 512).state
    folder.leave(0)
    (moved,) = folder.items(DRAFTS)
    assert folder.told(state)[0] == [(DELETE, one)]
    told = folder.read(sync_items, DRAFTS, drafts, 512).changes
    assert [(each.type, each.number) for each in told] == [(CREATE, moved.number)]
    assert moved.number != one


@on_sqlite
def test_pages_hold_as_many_changes_as_they_may_and_all_together_hold_all(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    numbers, state = three
    folder.add()
    folder.add()
    for which in range(3):
        folder.flag(which)
    new = [item.number for item in folder.items(INBOX)[3:]]
    pages = []
    for includes_last in (False, False, True):
        told, state, is_last = folder.told(state, 2)
        assert is_last is includes_last
        pages.append(told)
    assert pages == [
        [(CREATE, number) for number in new],
        [(FLAG, number) for number in numbers[:2]],
        [(FLAG, numbers[2])],
    ]


@on_sqlite
def test_what_an_item_was_before_its_read_flag_is_told_although_the_client_read_meanwhile(
    folder: SyncedFolder, three: tuple[list[int], SyncState]
) -> None:
    (one, two, _), state = three
    folder.change(0)
    folder.change(1)
    told, state, _ = folder.told(state, 1)
    assert told == [(UPDATE, one)]
    folder.flag(1)  # which puts it behind the end of this round
    told, state, includes_last = folder.told(state, 1)
    assert (told, includes_last) == ([], True)
    assert folder.told(state)[0] == [(UPDATE, two)]


@on_sqlite
def test_after_a_long_first_round_read_flags_are_told_as_such(folder: SyncedFolder) -> None:
    folder.add()
    folder.add()
    _, state, _ = folder.told(None, 1)
    _, state, includes_last = folder.told(state, 1)
    assert includes_last
    folder.flag(0)
    assert folder.told(state)[0] == [(FLAG, folder.items(INBOX)[0].number)]


@on_sqlite
@pytest.mark.parametrize(
    "state",
    [
        pytest.param(SyncState(DRAFTS), id="of another folder"),
        pytest.param(SyncState(INBOX, known=0, target=10_000), id="of a time to come"),
        pytest.param(SyncState(INBOX, known=9_000, target=9_000), id="done at a time to come"),
        pytest.param(SyncState(INBOX, told=2**64 - 1), id="of numbers that there are not"),
    ],
)
def test_a_state_that_cannot_be_is_refused(folder: SyncedFolder, state: SyncState) -> None:
    with pytest.raises(InvalidSyncStateData):
        folder.told(state)


@on_sqlite
def test_large_items_are_told_in_several_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ewspush.operations.items.sync._MOST_PROPERTIES", 250)
    folder = SyncedFolder(database)
    there = [folder.create(INBOX, Subject="x" * 100).number for _ in range(5)]
    told: list[int] = []
    state, is_last = None, False
    while not is_last:
        done = folder.read(sync_items, INBOX, state, 512)
        state, is_last = done.state, done.includes_last
        assert len(done.changes) <= 2
        told += [change.number for change in done.changes]
    assert told == there
