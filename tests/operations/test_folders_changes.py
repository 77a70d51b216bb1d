"""Making folders and changing their properties."""

import pytest

from ewspush.core.errors import (
    DataSizeLimitExceeded,
    EwsError,
    FolderExists,
    FolderSavePropertyError,
    InvalidPropertyAppend,
    InvalidPropertyDelete,
    InvalidPropertySet,
    ObjectTypeChanged,
    QuotaExceeded,
)
from ewspush.core.events import EventType
from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.operations.folders import tree as folder_tree
from ewspush.operations.folders.changes import create_folder, update_folder
from ewspush.operations.items.updates import AppendField, DeleteField, FieldChange, SetField
from ewspush.store.database import Database
from ewspush.store.folders import Folder
from support.checks_for_store import on_sqlite
from support.folder_world import FolderWorld

pytestmark = on_sqlite

NAME, CLASS = FieldPath("DisplayName"), FieldPath("FolderClass")
COLOUR = ExtendedPath("DistinguishedPropertySetId=PublicStrings PropertyName=c PropertyType=String")
TAG = ExtendedPath("PropertyTag=0x3001 PropertyType=String")


@pytest.fixture
def world(database: Database) -> FolderWorld:
    return FolderWorld(database)


def extended(value: str, path: ExtendedPath = COLOUR) -> list[dict[str, str]]:
    return [{"Path": path.key, "Value": value}]


def test_a_new_folder_is_empty_and_counted_in_its_parent(world: FolderWorld) -> None:
    before = world["inbox"]
    made = world.make("Projects", "inbox")
    assert made == world["Projects"]
    assert (made.total_count, made.unread_count, made.child_folder_count) == (0, 0, 0)
    assert made.parent_number == before.number
    assert world["inbox"].child_folder_count == 1
    assert world["inbox"].change > made.change > before.change
    world.check()


def test_a_new_folder_keeps_what_a_client_says_of_it(world: FolderWorld) -> None:
    made = world.make("A", FolderClass="IPF.Note.Mine", ExtendedProperty=extended("red"))
    assert (made.display_name, made.folder_class) == ("A", "IPF.Note.Mine")
    assert made.properties == {"ExtendedProperty": extended("red")}


@pytest.mark.parametrize(
    ("parent", "folder_class"),
    [("inbox", "IPF.Note"), ("calendar", "IPF.Appointment"), ("root", None)],
)
def test_a_folder_has_the_class_of_its_parent_unless_it_has_one(
    world: FolderWorld, parent: str, folder_class: str | None
) -> None:
    assert world.make("A", parent).folder_class == folder_class
    assert world.make("B", parent, FolderClass="IPF.Task").folder_class == "IPF.Task"


@pytest.mark.parametrize("name", ["Projects", "PROJECTS", "projects"])
def test_siblings_differ_by_more_than_case(world: FolderWorld, name: str) -> None:
    world.make("Projects")
    with pytest.raises(FolderExists):
        world.make(name)
    world.make(name, "inbox")
    world.check()


@pytest.mark.parametrize(
    ("one", "other"), [("Größe", "GRÖSSE"), ("k", "\N{KELVIN SIGN}"), ("\N{KELVIN SIGN}", "K")]
)
def test_case_is_that_of_unicode(world: FolderWorld, one: str, other: str) -> None:
    world.make(one)
    with pytest.raises(FolderExists):
        world.make(other)


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, None])
def test_a_folder_needs_a_name_that_is_not_too_long(world: FolderWorld, name: str | None) -> None:
    with pytest.raises(FolderSavePropertyError):
        world.act(create_folder, world["inbox"], {"DisplayName": name} if name is not None else {})
    assert world["inbox"].child_folder_count == 0


def test_a_name_of_255_characters_and_a_class_of_as_many_are_kept(world: FolderWorld) -> None:
    made = world.make("ß" * 255, FolderClass="IPF." + "x" * 251)
    assert len(made.folder_class or "") == 255
    with pytest.raises(FolderSavePropertyError):
        world.make("A", FolderClass="x" * 256)


def test_a_mailbox_has_no_more_folders_than_it_may(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_tree, "_MOST_FOLDERS", len(world.all()) + 1)
    world.make("A")
    with pytest.raises(QuotaExceeded, match="at most"):
        world.make("B")


def test_folders_lie_no_deeper_than_they_may(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_tree, "_GREATEST_DEPTH", 4)
    made = world.make("A")  # the second below the root
    for name in "BC":
        made = world.make(name, made)
    with pytest.raises(QuotaExceeded, match="deep"):
        world.make("D", made)


CHANGES: list[tuple[list[FieldChange], str, str, str | None]] = [
    ([SetField(NAME, "B")], "B", "IPF.Note", "red"),
    ([SetField(NAME, "a")], "a", "IPF.Note", "red"),  # its own name, in another case
    ([SetField(CLASS, "IPF.Note.Mine")], "A", "IPF.Note.Mine", "red"),
    ([SetField(COLOUR, "blue")], "A", "IPF.Note", "blue"),
    ([DeleteField(COLOUR)], "A", "IPF.Note", None),
    ([SetField(NAME, "B"), SetField(COLOUR, "x"), SetField(NAME, "C")], "C", "IPF.Note", "x"),
    ([DeleteField(FieldPath("PermissionSet"))], "A", "IPF.Note", "red"),
]


@pytest.mark.parametrize(("changes", "name", "folder_class", "colour"), CHANGES)
def test_properties_are_changed_in_their_order(
    world: FolderWorld,
    changes: list[FieldChange],
    name: str,
    folder_class: str,
    colour: str | None,
) -> None:
    made = world.make("A", ExtendedProperty=extended("red"))
    world.fill(made)
    world.act(update_folder, world["A"], changes)
    after = world[name]
    assert (after.number, after.folder_class, after.total_count) == (made.number, folder_class, 1)
    expected = {} if colour is None else {"ExtendedProperty": extended(colour)}
    assert after.properties == expected
    assert after.change > made.change
    world.check()


REFUSED: list[tuple[FieldChange, type[EwsError]]] = [
    (SetField(NAME, "other"), FolderExists),
    (SetField(NAME, " "), FolderSavePropertyError),
    (SetField(NAME, "x" * 256), FolderSavePropertyError),
    (SetField(CLASS, "x" * 256), FolderSavePropertyError),
    (SetField(CLASS, "IPF.Appointment"), ObjectTypeChanged),
    (SetField(CLASS, "IPF.Contact.Mine"), ObjectTypeChanged),
    (SetField(COLOUR, "x" * 40_000), DataSizeLimitExceeded),
    (SetField(TAG, "x"), InvalidPropertySet),
    (AppendField(NAME, "B"), InvalidPropertyAppend),
    (AppendField(COLOUR, "B"), InvalidPropertyAppend),
    (DeleteField(NAME), InvalidPropertyDelete),
    (DeleteField(CLASS), InvalidPropertyDelete),
]


@pytest.mark.parametrize(("change", "error"), REFUSED)
def test_a_change_that_is_refused_leaves_the_folder_as_it_was(
    world: FolderWorld, change: FieldChange, error: type[EwsError]
) -> None:
    world.make("Other")
    before = world.make("A")
    with pytest.raises(error):
        world.act(update_folder, before, [SetField(COLOUR, "red"), change])
    assert world["A"] == before
    assert world.head == 4  # of the making of both


def test_properties_that_are_computed_cannot_be_set_of_a_new_folder(world: FolderWorld) -> None:
    with pytest.raises(InvalidPropertySet):
        world.make("A", ExtendedProperty=extended("B", TAG))


def test_a_distinguished_folder_can_be_renamed_and_stays_what_it_is(world: FolderWorld) -> None:
    world.act(update_folder, world["inbox"], [SetField(NAME, "Posteingang")])
    assert world["inbox"].display_name == "Posteingang"
    world.act(update_folder, world["root"], [SetField(NAME, "Alles")])
    assert world["root"].display_name == "Alles"


def test_a_rename_tells_of_the_unread_items(world: FolderWorld) -> None:
    made: Folder = world.make("A")
    world.fill(made, 2, IsRead=False)
    head = world.head
    world.act(update_folder, world["A"], [SetField(NAME, "B")])
    (event,) = world.log(after=head)
    assert (event.type, event.object, event.unread_count) == (EventType.MODIFIED, made.number, 2)
