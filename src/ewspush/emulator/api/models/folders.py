"""Folders."""

from typing import Annotated, Literal

from pydantic import Field

from ewspush.emulator.api.models.common import FolderGiven, Given, Name, Told
from ewspush.emulator.api.models.items import Disposal
from ewspush.emulator.api.patterns import CLASS


class Folder(Told):
    """A folder. `name` is its distinguished name, if it has one."""

    id: str
    kind: Literal["folder"]
    name: str | None
    display_name: str
    folder_class: str | None
    parent_id: Annotated[str | None, Field(description="null of the root.")]
    total: int
    unread: int
    children: int


class Folders(Told):
    """All folders of a mailbox, each before those in it."""

    folders: list[Folder]


class NewFolder(Given):
    """A folder to be made."""

    parent: FolderGiven = "msgfolderroot"
    display_name: Name
    folder_class: Annotated[
        str | None,
        Field(pattern=CLASS, max_length=255, description="That of the parent, if none is given."),
    ] = None


class FolderChanges(Given):
    """What is to be changed of a folder."""

    display_name: Name


class Parent(Given):
    """Where a folder is to go."""

    parent: FolderGiven


class Emptying(Given):
    """How a folder is emptied."""

    disposal: Disposal = "hard"
    subfolders: Annotated[bool, Field(description="Whether these go, too.")] = False
