"""Which properties of a folder an answer holds, and what they are."""

from collections.abc import Callable

from ewspush.core.ids import Kind
from ewspush.endpoint.ews.folder_types import (
    ArrayOfFoldersType,
    BaseFolderType,
    CalendarFolderType,
    ContactsFolderType,
    EffectiveRightsType,
    FolderIdType,
    FolderResponseShapeType,
    FolderType,
    TasksFolderType,
)
from ewspush.operations.folders import Folder
from ewspush.wire import change_key, ids

_KINDS: dict[str | None, tuple[str, type[BaseFolderType]]] = {
    "IPF.Appointment": ("CalendarFolder", CalendarFolderType),
    "IPF.Contact": ("ContactsFolder", ContactsFolderType),
    "IPF.Task": ("TasksFolder", TasksFolderType),
}

# BaseShape (EWS XML reference), table "Default properties".
_DEFAULT = frozenset({"FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"})
_NOT_BY_DEFAULT = {
    "IPF.Appointment": {"TotalCount", "UnreadCount"},
    "IPF.Contact": {"UnreadCount"},
    "IPF.Task": {"UnreadCount"},
    "IPF.StickyNote": {"UnreadCount"},
}


def in_shape(
    folder: Folder, mailbox: int, shape: FolderResponseShapeType, server_version: str
) -> ArrayOfFoldersType:
    """The folder with the properties asked for; paths to what it does not have are ignored."""
    element, kind = _KINDS.get(folder.folder_class, ("Folder", FolderType))
    wanted = _base(shape.BaseShape, folder) | _additional(shape)
    # Names of versions sort by age. Older schemas do not have the element.
    if server_version < "Exchange2013":
        wanted -= {"DistinguishedFolderId"}
    properties = {
        name: value(folder, mailbox) for name, value in _PROPERTIES.items() if name in wanted
    }
    # A kind takes no notice of a property that its type does not have.
    return ArrayOfFoldersType(**{element: [kind(**properties)]})


def _base(name: str, folder: Folder) -> frozenset[str]:
    if name == "IdOnly":
        return frozenset({"FolderId"})
    if name == "Default":
        return _DEFAULT - _NOT_BY_DEFAULT.get(folder.folder_class or "", set())
    return _ALL


def _additional(shape: FolderResponseShapeType) -> set[str]:
    if shape.AdditionalProperties is None:
        return set()
    paths = (path.get("FieldURI", "") for path in shape.AdditionalProperties)
    return {path.removeprefix("folder:") for path in paths}


def _folder_id(folder: Folder, mailbox: int) -> FolderIdType:
    id = ids.encode(Kind.FOLDER, mailbox, folder.number)
    return FolderIdType(Id=id, ChangeKey=change_key.encode(folder.change))


def _parent_folder_id(folder: Folder, mailbox: int) -> FolderIdType:
    # The root is its own parent, as in MAPI (PidTagParentEntryId).
    parent = folder.number if folder.parent_number is None else folder.parent_number
    return FolderIdType(Id=ids.encode(Kind.FOLDER, mailbox, parent))


def _effective_rights(_: Folder, __: int) -> EffectiveRightsType:
    """The owner of a mailbox may do everything in it, and nobody else sees it."""
    return EffectiveRightsType(
        CreateAssociated=True,
        CreateContents=True,
        CreateHierarchy=True,
        Delete=True,
        Modify=True,
        Read=True,
    )


_PROPERTIES: dict[str, Callable[[Folder, int], object]] = {
    "FolderId": _folder_id,
    "ParentFolderId": _parent_folder_id,
    "FolderClass": lambda folder, _: folder.folder_class,
    "DisplayName": lambda folder, _: folder.display_name,
    "TotalCount": lambda folder, _: folder.total_count,
    "ChildFolderCount": lambda folder, _: folder.child_folder_count,
    "EffectiveRights": _effective_rights,
    "DistinguishedFolderId": lambda folder, _: folder.distinguished_name,
    "UnreadCount": lambda folder, _: folder.unread_count,
}
_ALL = frozenset(_PROPERTIES) - {"DistinguishedFolderId"}  # this one only when named
