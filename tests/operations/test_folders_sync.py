"""SyncFolderHierarchy: a client that applies what it is told has the folders of the mailbox."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ewspush.core.errors import EwsError, InvalidSyncStateData
from ewspush.core.item_paths import FieldPath
from ewspush.core.sync import HierarchyState
from ewspush.operations.folders.changes import create_folder, update_folder
from ewspush.operations.folders.moves import copy_folder, move_folder
from ewspush.operations.folders.removal import delete_folder, empty_folder
from ewspush.operations.folders.sync import FolderChangeType, SynchronizedFolders, sync_folders
from ewspush.operations.items.moves import Disposal
from ewspush.operations.items.updates import SetField
from ewspush.store.database import Database
from ewspush.store.folders import Folder
from ewspush.wire import folder_sync_state
from support.checks_for_store import Backend, on_sqlite
from support.folder_world import FolderWorld

CREATE, UPDATE, DELETE = FolderChangeType


@pytest.fixture
def world(database: Database) -> FolderWorld:
    return FolderWorld(database)


def sync(
    world: FolderWorld, state: HierarchyState | None, top: str = "root"
) -> SynchronizedFolders:
    with world.database.read() as tx:
        return sync_folders(tx, world.mailbox.id, world[top].number, state)


def told(done: SynchronizedFolders) -> list[tuple[FolderChangeType, str | int]]:
    return [
        (each.type, each.folder.display_name if each.folder else each.number)
        for each in done.changes
    ]


pytestmark = on_sqlite


def test_without_a_state_everything_is_new_and_with_the_last_one_nothing(
    world: FolderWorld,
) -> None:
    first = sync(world, None)
    assert {change.type for change in first.changes} == {CREATE}
    assert [each.folder for each in first.changes if each.folder] == [
        each.folder for each in sync(world, None).changes
    ]
    assert len(first.changes) == len(world.all()) - 1  # the root is not below itself
    assert sync(world, first.state).changes == []


def test_a_folder_is_told_before_those_in_it(world: FolderWorld) -> None:
    world.make("Z", world.make("A"))
    known: set[int | None] = {world["root"].number}
    for change in sync(world, None).changes:
        assert change.folder is not None
        assert change.folder.parent_number in known
        known.add(change.number)


def test_what_came_changed_and_went_is_told(world: FolderWorld) -> None:
    gone, renamed = world.make("gone"), world.make("renamed")
    state = sync(world, None).state
    world.act(delete_folder, gone, Disposal.HARD)
    world.act(update_folder, renamed, [SetField(FieldPath("DisplayName"), "name")])
    world.make("new", world["name"])
    done = sync(world, state)
    assert told(done) == [
        (UPDATE, "Top of Information Store"),
        (UPDATE, "name"),
        (CREATE, "new"),
        (DELETE, gone.number),
    ]


def test_a_folder_that_leaves_one_that_is_deleted_is_told_before(world: FolderWorld) -> None:
    around = world.make("around")
    world.make("kept", around)
    state = sync(world, None).state
    world.act(move_folder, world["kept"], world["inbox"])
    world.act(delete_folder, world["around"], Disposal.HARD)
    changes = told(sync(world, state))
    assert changes.index((UPDATE, "kept")) < changes.index((DELETE, around.number))


def test_mail_that_arrives_updates_its_folder(world: FolderWorld) -> None:
    state = sync(world, None).state
    world.fill(world["inbox"])
    assert told(sync(world, state)) == [(UPDATE, "Inbox")]


def test_a_part_of_the_tree_is_followed_by_itself(world: FolderWorld) -> None:
    world.make("B", world.make("A"))
    state = sync(world, None, "A").state
    world.make("x", "inbox")
    world.make("C", world["A"])
    assert told(sync(world, state, "A")) == [(CREATE, "C")]
    moved_out = world.act(move_folder, world["B"], world["inbox"])
    world.act(move_folder, world["x"], world["C"])
    done = sync(world, state, "A")
    assert told(done) == [(CREATE, "C"), (CREATE, "x"), (DELETE, moved_out.number)]


@pytest.mark.parametrize(
    "changes", [{"root": 3}, {"known": 1_000_000}], ids=["another folder", "a time to come"]
)
def test_a_state_of_something_else_is_refused(world: FolderWorld, changes: dict[str, int]) -> None:
    state = sync(world, None).state
    with pytest.raises(InvalidSyncStateData):
        sync(world, replace(state, **changes))


class Clients(RuleBasedStateMachine):
    """Folders are changed in every way, and clients that read at any time follow."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.world = FolderWorld(Database.open(url))
        self.states: list[tuple[str, str, dict[int, Folder]]] = []
        self.synchronize("root")
        self.synchronize("msgfolderroot")

    def teardown(self) -> None:
        self.world.database.close()

    def pick(self, which: int) -> Folder:
        """One that a client made, mostly: others cannot be moved or deleted."""
        every = self.world.all()
        made = [each for each in every if each.distinguished_name is None]
        folders = made if made and which % 4 else every
        return folders[which % len(folders)]

    def try_to(self, do: Any, *arguments: Any, **more: Any) -> None:
        """Do it; what is refused changes nothing."""
        with suppress(EwsError):
            self.world.act(do, *arguments, **more)

    picks = st.integers(0, 200)
    names = st.sampled_from("ABC")
    disposals = st.sampled_from(Disposal)

    @rule(parent=picks, name=names)
    def create(self, parent: int, name: str) -> None:
        self.try_to(create_folder, self.pick(parent), {"DisplayName": name})

    @rule(which=picks, name=names)
    def rename(self, which: int, name: str) -> None:
        change = SetField(FieldPath("DisplayName"), name)
        self.try_to(update_folder, self.pick(which), [change])

    @rule(which=picks, where=picks)
    def move(self, which: int, where: int) -> None:
        self.try_to(move_folder, self.pick(which), self.pick(where))

    @rule(which=picks, where=picks)
    def copy(self, which: int, where: int) -> None:
        if len(self.world.all()) < 60:
            self.try_to(copy_folder, self.pick(which), self.pick(where))

    @rule(which=picks, disposal=disposals)
    def delete(self, which: int, disposal: Disposal) -> None:
        self.try_to(delete_folder, self.pick(which), disposal)

    @rule(which=picks, disposal=disposals, deep=st.booleans())
    def empty(self, which: int, disposal: Disposal, deep: bool) -> None:
        self.try_to(empty_folder, self.pick(which), disposal, with_subfolders=deep)

    @rule(which=picks)
    def fill(self, which: int) -> None:
        self.world.fill(self.pick(which))

    @rule(top=st.sampled_from(["root", "msgfolderroot", "deleteditems"]))
    def synchronize(self, top: str) -> None:
        self.states.append((top, *self.followed(top, None, {})))

    def followed(
        self, top: str, text: str | None, known: dict[int, Folder]
    ) -> tuple[str, dict[int, Folder]]:
        """What a client knows after another answer, and the state that it keeps."""
        mailbox = self.world.mailbox.id
        done = sync(self.world, folder_sync_state.decode(mailbox, text) if text else None, top)
        known = dict(known)
        for change in done.changes:
            assert (change.number in known) == (change.type is not CREATE)
            assert (change.folder is None) == (change.type is DELETE)
            if change.folder:
                known[change.number] = change.folder
            else:
                del known[change.number]
        return folder_sync_state.encode(mailbox, done.state), known

    @invariant()
    def every_client_has_what_is_there_from_any_earlier_state(self) -> None:
        self.world.check()
        every = self.world.all()
        for top, text, known in self.states:
            _, after = self.followed(top, text, known)
            assert after == {each.number: each for each in below(every, self.world[top])}


def below(every: list[Folder], top: Folder) -> list[Folder]:
    parents = {each.number: each.parent_number for each in every}

    def is_below(number: int | None) -> bool:
        while number is not None:
            number = parents[number]
            if number == top.number:
                return True
        return False

    return [each for each in every if is_below(each.number)]


def test_clients_follow_from_any_earlier_state(backend: Backend) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Clients(backend.migrated()),
        settings=settings(
            derandomize=True,
            deadline=None,
            database=None,
            max_examples=20,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
