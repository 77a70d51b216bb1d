"""Errors of the operations on folders."""

from ewspush.core.errors import EwsError


class ParentFolderNotFound(EwsError):
    response_code = "ErrorParentFolderNotFound"
    default_text = "The folder in which to create folders was not found."


class ToFolderNotFound(EwsError):
    response_code = "ErrorToFolderNotFound"
    default_text = "The folder to move or copy to was not found."


class FolderSavePropertyError(EwsError):
    response_code = "ErrorFolderSavePropertyError"
    default_text = "A property of the folder is invalid."


class NoFolderClassOverride(EwsError):
    response_code = "ErrorNoFolderClassOverride"
    default_text = "FolderClass can be set of a Folder only: other kinds have their own."


class ObjectTypeChanged(EwsError):
    response_code = "ErrorObjectTypeChanged"
    default_text = "A folder cannot become one of another kind."


class InvalidFolderTypeForOperation(EwsError):
    response_code = "ErrorInvalidFolderTypeForOperation"
    default_text = "This server has no search folders."


class CannotEmptyFolder(EwsError):
    response_code = "ErrorCannotEmptyFolder"
    default_text = "The folder cannot be emptied: distinguished folders are in it."


class ExceededFindCountLimit(EwsError):
    response_code = "ErrorExceededFindCountLimit"
    default_text = "The answer is too large: search fewer folders at once, or page by page."
