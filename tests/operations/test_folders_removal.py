"""Deleting and emptying folders."""

import tracemalloc

import pytest

from ewspush.core.errors import CannotEmptyFolder, DeleteDistinguishedFolder
from ewspush.core.events import EventType
from ewspush.operations.folders.moves import move_folder
from ewspush.operations.folders.removal import delete_folder, empty_folder
from ewspush.operations.items.moves import Disposal
from ewspush.store.database import Database
from support.checks_for_store import on_sqlite, rows
from support.folder_world import FolderWorld

pytestmark = on_sqlite

DELETIONS = "recoverableitemsdeletions"
every_disposal = pytest.mark.parametrize("disposal", Disposal)


@pytest.fixture
def world(database: Database) -> FolderWorld:
    """With A, A/B and A/B/C, and two items in each."""
    world = FolderWorld(database)
    parent = world["msgfolderroot"]
    for name in "ABC":
        parent = world.make(name, parent)
        world.fill(parent, 2, IsRead=False, Body={"BodyType": "Text", "Value": name})
    return world


def test_a_hard_deleted_folder_is_gone_with_all_that_was_in_it(world: FolderWorld) -> None:
    world.act(delete_folder, world["B"], Disposal.HARD)
    assert world.paths() == {"A"}
    assert world["A"].child_folder_count == 0
    with world.database.read() as tx:
        assert len(rows(tx, "SELECT 1 FROM items")) == len(rows(tx, "SELECT 1 FROM bodies")) == 2
    world.check()


def test_a_folder_goes_to_deleted_items_as_it_is(world: FolderWorld) -> None:
    before = world["B"]
    world.act(delete_folder, before, Disposal.MOVE)
    assert world.paths() == {"A", "Deleted Items/B", "Deleted Items/B/C"}
    after = world["B"]
    assert (after.number, after.total_count) == (before.number, before.total_count)
    world.check()


def test_a_soft_deleted_folder_is_where_only_those_find_it_who_look(world: FolderWorld) -> None:
    world.act(delete_folder, world["B"], Disposal.SOFT)
    assert world.paths() == {"A"}
    assert world.paths(DELETIONS) == {"B", "B/C"}
    world.check()


def test_a_soft_deleted_folder_can_be_moved_back(world: FolderWorld) -> None:
    before = world["B"]
    world.act(delete_folder, before, Disposal.SOFT)
    world.act(move_folder, world["B"], world["A"])
    assert world.paths() == {"A", "A/B", "A/B/C"}
    assert world["B"].properties == before.properties
    world.check()


@pytest.mark.parametrize("name", ["B", "C"])
def test_what_is_in_deleted_items_is_soft_deleted_when_it_is_deleted_again(
    world: FolderWorld, name: str
) -> None:
    world.act(delete_folder, world["B"], Disposal.MOVE)
    world.act(delete_folder, world[name], Disposal.MOVE)
    assert name in world.paths(DELETIONS)
    assert world["deleteditems"].child_folder_count == (name == "C")
    world.check()


@every_disposal
@pytest.mark.parametrize("name", ["B", "C"])
def test_what_was_soft_deleted_goes_for_good(
    world: FolderWorld, name: str, disposal: Disposal
) -> None:
    world.act(delete_folder, world["B"], Disposal.SOFT)
    world.act(delete_folder, world[name], disposal)
    assert world.named(name) == []
    world.check()


@pytest.mark.parametrize(
    ("disposal", "place"), [(Disposal.MOVE, "deleteditems"), (Disposal.SOFT, DELETIONS)]
)
def test_a_folder_whose_name_is_taken_where_deleted_ones_go_gets_another(
    world: FolderWorld, disposal: Disposal, place: str
) -> None:
    long = "x" * 255
    world.act(delete_folder, world["A"], disposal)
    for name in ("a", "A (1)", long, long):
        world.act(delete_folder, world.make(name, "inbox"), disposal)
        world.check()
    names = {path for path in world.paths(place) if "/" not in path}
    assert names == {"A", "a (1)", "A (1) (1)", long, "x" * 251 + " (1)"}


@every_disposal
@pytest.mark.parametrize("name", ["root", "msgfolderroot", "inbox", "deleteditems", DELETIONS])
def test_distinguished_folders_are_not_deleted(
    world: FolderWorld, name: str, disposal: Disposal
) -> None:
    before = world.all()
    with pytest.raises(DeleteDistinguishedFolder):
        world.act(delete_folder, world[name], disposal)
    assert world.all() == before


EMPTIED = [
    (Disposal.HARD, False, 0, 0, {"A", "A/B", "A/B/C"}),
    (Disposal.HARD, True, 0, 0, {"A"}),
    (Disposal.SOFT, False, 0, 2, {"A", "A/B", "A/B/C"}),
    (Disposal.SOFT, True, 0, 2, {"A"}),
    (Disposal.MOVE, False, 2, 0, {"A", "A/B", "A/B/C"}),
    (Disposal.MOVE, True, 2, 0, {"A", "Deleted Items/B", "Deleted Items/B/C"}),
]


@pytest.mark.parametrize(("disposal", "subfolders", "moved", "recoverable", "paths"), EMPTIED)
def test_a_folder_is_emptied(
    world: FolderWorld,
    disposal: Disposal,
    subfolders: bool,
    moved: int,
    recoverable: int,
    paths: set[str],
) -> None:
    world.act(empty_folder, world["A"], disposal, with_subfolders=subfolders)
    assert world["A"].total_count == 0
    assert world["deleteditems"].total_count == moved
    assert world[DELETIONS].total_count == recoverable
    assert world.paths() == paths
    world.check()


@pytest.mark.parametrize("name", ["root", "msgfolderroot", "recoverableitemsroot"])
def test_a_folder_with_distinguished_ones_in_it_is_emptied_of_items_alone(
    world: FolderWorld, name: str
) -> None:
    world.fill(world[name])
    with pytest.raises(CannotEmptyFolder):
        world.act(empty_folder, world[name], Disposal.HARD, with_subfolders=True)
    assert world[name].total_count == 1
    world.act(empty_folder, world[name], Disposal.HARD, with_subfolders=False)
    assert world[name].total_count == 0
    world.check()


@every_disposal
def test_many_items_are_told_of_one_by_one_and_their_folder_once(
    world: FolderWorld, disposal: Disposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ewspush.operations.items.finding._AT_ONCE", 3)
    folder = world.make("Many")
    put = world.fill(folder, 10)
    head = world.head
    world.act(empty_folder, world["Many"], disposal, with_subfolders=False)
    log = world.log(after=head)
    of_items = [event for event in log if not event.is_folder]
    assert log[: len(put)] == of_items
    gone = [event.old_object or event.object for event in of_items]
    assert gone == [item.number for item in put]
    folders = [event.object for event in log[len(put) :]]
    assert folders[0] == folder.number
    assert len(set(folders)) == len(folders)
    assert {event.type for event in log[len(put) :]} == {EventType.MODIFIED}
    world.check()


def test_emptying_takes_no_more_memory_for_more_items(world: FolderWorld) -> None:
    def most_memory(name: str, items: int) -> int:
        folder = world.make(name)
        world.fill(folder, items, Body={"BodyType": "Text", "Value": "x" * 3000})
        tracemalloc.start()
        try:
            world.act(empty_folder, world[name], Disposal.HARD, with_subfolders=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most_memory("warm", 500)
    few, many = most_memory("few", 500), most_memory("many", 2500)
    # What is told to listeners after the commit is kept: a few hundred bytes for each event.
    assert many - few < 2000 * 500
