"""Searching for folders."""

import pytest

from ewspush.core.folders import DISTINGUISHED_FOLDERS
from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.core.search import Comparison, Constant, Contains, Mode, Operator, Restriction
from ewspush.operations.folders.moves import move_folder
from ewspush.operations.folders.removal import delete_folder
from ewspush.operations.folders.search import FolderSearch, Traversal
from ewspush.operations.folders.values import COMPUTED, values_of
from ewspush.operations.items.moves import Disposal
from ewspush.store.database import Database
from support.checks_for_store import on_sqlite
from support.folder_world import FolderWorld

pytestmark = on_sqlite

COLOUR = ExtendedPath("DistinguishedPropertySetId=PublicStrings PropertyName=c PropertyType=String")


@pytest.fixture
def world(database: Database) -> FolderWorld:
    """With b, A, A/Z, A/y and Inbox/x."""
    world = FolderWorld(database)
    for name, parent in [
        ("b", "msgfolderroot"),
        ("A", "msgfolderroot"),
        ("Z", "A"),
        ("y", "A"),
        ("x", "inbox"),
    ]:
        world.make(name, parent)
    return world


def found(
    world: FolderWorld,
    parent: str,
    traversal: Traversal = Traversal.SHALLOW,
    restriction: Restriction | None = None,
) -> list[str]:
    with world.database.read() as tx:
        search = FolderSearch(tx, world.mailbox.id, traversal, restriction)
        return [each.display_name for each in search.find(world[parent])]


def test_a_shallow_search_finds_what_is_right_in_a_folder_by_name(world: FolderWorld) -> None:
    assert found(world, "A") == ["y", "Z"]
    assert found(world, "x") == []
    assert found(world, "msgfolderroot") == [
        "A", "b", "Calendar", "Contacts", "Deleted Items", "Drafts", "Inbox", "Journal",
        "Junk Email", "Notes", "Outbox", "Sent Items", "Tasks",
    ]  # fmt: skip


def test_a_deep_search_finds_each_folder_before_those_in_it(world: FolderWorld) -> None:
    assert found(world, "msgfolderroot", Traversal.DEEP) == [
        "A", "y", "Z", "b", "Calendar", "Contacts", "Deleted Items", "Drafts", "Inbox", "x",
        "Journal", "Junk Email", "Notes", "Outbox", "Sent Items", "Tasks",
    ]  # fmt: skip


def test_a_deep_search_of_the_root_finds_all_but_the_root(world: FolderWorld) -> None:
    names = found(world, "root", Traversal.DEEP)
    assert len(names) == len(DISTINGUISHED_FOLDERS) - 1 + 5
    assert "Root" not in names


def test_soft_deleted_folders_are_found_where_they_were(world: FolderWorld) -> None:
    world.act(delete_folder, world["Z"], Disposal.SOFT)
    world.act(delete_folder, world["x"], Disposal.SOFT)
    assert found(world, "A", Traversal.SOFT_DELETED) == ["Z"]
    assert found(world, "inbox", Traversal.SOFT_DELETED) == ["x"]
    assert found(world, "msgfolderroot", Traversal.SOFT_DELETED) == []
    assert found(world, "A") == ["y"]
    world.act(move_folder, world["Z"], world["b"])
    assert found(world, "A", Traversal.SOFT_DELETED) == []


RESTRICTIONS: list[tuple[Restriction, list[str]]] = [
    (Comparison(Operator.EQUAL, FieldPath("DisplayName"), Constant("INBOX")), ["Inbox"]),
    (
        Comparison(Operator.EQUAL, FieldPath("FolderClass"), Constant("ipf.task")),
        ["Tasks"],
    ),
    (Comparison(Operator.GREATER, FieldPath("ChildFolderCount"), Constant("1")), ["A"]),
    (Comparison(Operator.GREATER, FieldPath("UnreadCount"), Constant("0")), ["y"]),
    (Comparison(Operator.EQUAL, FieldPath("TotalCount"), Constant("3")), ["y"]),
    (
        Contains(FieldPath("DisplayName"), "it", Mode.PREFIX_ON_WORDS, ignores_case=True),
        ["Deleted Items", "Sent Items"],
    ),
    (Comparison(Operator.EQUAL, COLOUR, Constant("Red")), ["red"]),
]


@pytest.mark.parametrize(("restriction", "names"), RESTRICTIONS)
def test_a_restriction_is_on_the_values_of_each_folder(
    world: FolderWorld, restriction: Restriction, names: list[str]
) -> None:
    world.fill(world["y"], 3, IsRead=False)
    world.make("red", "A", ExtendedProperty=[{"Path": COLOUR.key, "Value": "red"}])
    assert found(world, "msgfolderroot", Traversal.DEEP, restriction) == names


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("root", {"0x3001": "Root", "0x3601": "0", "0x3602": "0", "0x3603": "0", "0x360a": "true"}),
        (
            "y",
            {
                "0x3001": "y", "0x3601": "1", "0x3602": "2", "0x3603": "2", "0x360a": "false",
                "0x3613": "IPF.Note",
            },
        ),
    ],
)  # fmt: skip
def test_what_clients_ask_for_by_mapi_tags_is_computed(
    world: FolderWorld, name: str, values: dict[str, str]
) -> None:
    world.fill(world["y"], 2, IsRead=False)
    properties = values_of(world[name])["ExtendedProperty"]
    told = {each["Path"].split()[0].removeprefix("PropertyTag="): each for each in properties}
    assert {tag: each["Value"] for tag, each in told.items()} == values
    assert {each["Path"] for each in properties} <= COMPUTED
