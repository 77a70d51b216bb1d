"""Moving and copying folders."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from ewspush.core.errors import (
    FolderExists,
    MoveCopyFailed,
    MoveDistinguishedFolder,
    QuotaExceeded,
)
from ewspush.operations.folders import tree as folder_tree
from ewspush.operations.folders.moves import copy_folder, move_folder
from ewspush.operations.journal import Journal
from ewspush.store import contents
from ewspush.store.database import Database
from ewspush.store.folders import Folder
from support.checks_for_store import on_sqlite
from support.folder_world import FolderWorld

pytestmark = on_sqlite

Put = Callable[[Journal, Folder, Folder], Folder]
both = pytest.mark.parametrize("put", [move_folder, copy_folder])


@pytest.fixture
def world(database: Database) -> FolderWorld:
    """With A, A/B and A/B/C, an item in each, and D."""
    world = FolderWorld(database)
    parent = world["msgfolderroot"]
    for name in "ABC":
        parent = world.make(name, parent)
        world.fill(parent, 1, Subject=f"in {name}", IsRead=False)
    world.make("D")
    return world


def test_a_moved_folder_keeps_its_id_and_what_is_in_it(world: FolderWorld) -> None:
    before = world["B"]
    moved = world.act(move_folder, before, world["D"])
    assert world.paths() == {"A", "D", "D/B", "D/B/C"}
    assert moved == world["B"]
    assert moved.number == before.number
    assert moved.change > before.change
    assert [item.subject for item in world.items_in(moved)] == ["in B"]
    world.check()


def test_a_copied_folder_is_another_one_with_all_that_is_in_it(world: FolderWorld) -> None:
    world.act(copy_folder, world["B"], world["D"])
    assert world.paths() == {"A", "A/B", "A/B/C", "D", "D/B", "D/B/C"}
    for name in "BC":
        first, second = world.named(name)
        assert [item.subject for item in world.items_in(first)] == [f"in {name}"]
        assert [item.subject for item in world.items_in(second)] == [f"in {name}"]
        assert world.items_in(first)[0].number != world.items_in(second)[0].number
        assert second.unread_count == 1
    world.check()


def test_items_are_copied_with_their_contents(world: FolderWorld) -> None:
    message = b"Subject: in D\r\n\r\nGr\xfc\xdfe\r\n"

    world.fill(world["D"], 1, MimeContent=b64encode(message).decode())
    world.act(copy_folder, world["D"], world["A"])
    first, second = world.named("D")
    assert second.parent_number == world["A"].number
    with world.database.read() as tx:
        for folder in (first, second):
            (item,) = world.items_in(folder)
            assert contents.mime(tx, world.mailbox.id, item.content_number) == message
    world.check()


def test_a_copy_of_a_distinguished_folder_is_an_ordinary_one(world: FolderWorld) -> None:
    copy = world.act(copy_folder, world["inbox"], world["D"])
    assert (copy.display_name, copy.distinguished_name) == ("Inbox", None)
    assert world["inbox"].parent_number == world["msgfolderroot"].number
    world.check()


@pytest.mark.parametrize("name", ["root", "msgfolderroot", "inbox", "recoverableitemspurges"])
def test_distinguished_folders_are_not_moved(world: FolderWorld, name: str) -> None:
    with pytest.raises(MoveDistinguishedFolder):
        world.act(move_folder, world[name], world["D"])


@both
@pytest.mark.parametrize("target", ["A", "B", "C"])
def test_a_folder_is_not_put_under_itself(world: FolderWorld, put: Put, target: str) -> None:
    before = world.all()
    with pytest.raises(MoveCopyFailed):
        world.act(put, world["A"], world[target])
    assert world.all() == before


@both
def test_the_name_must_be_free(world: FolderWorld, put: Put) -> None:
    world.make("b", "D")
    with pytest.raises(FolderExists):
        world.act(put, world["B"], world["D"])
    with pytest.raises(FolderExists):
        world.act(put, world["B"], world["A"])  # where it is
    world.check()


@both
def test_folders_are_not_put_deeper_than_they_may_lie(
    world: FolderWorld, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_tree, "_GREATEST_DEPTH", 4)
    with pytest.raises(QuotaExceeded):
        world.act(put, world["A"], world["D"])
    world.act(put, world["B"], world["D"])


def test_a_copy_must_find_room_in_the_mailbox_and_a_move_has_it(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_tree, "_MOST_FOLDERS", len(world.all()) + 2)
    with pytest.raises(QuotaExceeded):
        world.act(copy_folder, world["A"], world["D"])
    world.act(move_folder, world["A"], world["D"])
    world.act(copy_folder, world["B"], world["D"])
    world.check()
