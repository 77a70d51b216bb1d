"""The answers of operations that fail as a whole: a response message with the error for each thing
that was asked for, in the form in which the operation itself tells of errors.
"""

from typing import NamedTuple
from xml.sax.saxutils import escape

from ewspush.core.errors import EwsError
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.ews.limits import bounded
from ewspush.wire import soap
from ewspush.wire.faults import server_version_info
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES
from ewspush.wire.streaming import StreamingEnvelopes

_STREAMED = "GetStreamingEvents"


class _Form(NamedTuple):
    asked_for: str = ""  # the element that lists what there is a message for; else there is one
    content: str = ""  # what the operation's message has beside the error


_NO_ITEMS = "<m:Items/>"
_NO_ATTACHMENTS = "<m:Attachments/>"
_NO_ZONES = "<m:TimeZoneDefinitions/>"
# exchangelib looks for both before it looks at the error.
_NO_STATE = "<m:SyncState/><m:IncludesLast{}InRange>true</m:IncludesLast{}InRange>"

_FORMS = {
    "ConvertId": _Form("SourceIds"),
    "CopyFolder": _Form("FolderIds"),
    "CopyItem": _Form("ItemIds", _NO_ITEMS),
    "CreateAttachment": _Form("Attachments", _NO_ATTACHMENTS),
    "CreateFolder": _Form("Folders"),
    "CreateItem": _Form("Items", _NO_ITEMS),
    "DeleteAttachment": _Form("AttachmentIds"),
    "DeleteFolder": _Form("FolderIds"),
    "DeleteItem": _Form("ItemIds"),
    "EmptyFolder": _Form("FolderIds"),
    "FindFolder": _Form("ParentFolderIds"),
    "FindItem": _Form("ParentFolderIds"),
    "GetAttachment": _Form("AttachmentIds", _NO_ATTACHMENTS),
    "GetEvents": _Form(),
    "GetFolder": _Form("FolderIds"),
    "GetItem": _Form("ItemIds", _NO_ITEMS),
    "GetServerTimeZones": _Form("", _NO_ZONES),
    _STREAMED: _Form(),
    "MarkAllItemsAsRead": _Form("FolderIds"),
    "MoveFolder": _Form("FolderIds"),
    "MoveItem": _Form("ItemIds", _NO_ITEMS),
    "ResolveNames": _Form(),
    "SendItem": _Form("ItemIds"),
    "Subscribe": _Form(),
    "SyncFolderHierarchy": _Form("", _NO_STATE.format("Folder", "Folder")),
    "SyncFolderItems": _Form("", _NO_STATE.format("Item", "Item")),
    "Unsubscribe": _Form(),
    "UpdateFolder": _Form("FolderChanges"),
    "UpdateItem": _Form("ItemChanges", _NO_ITEMS),
}
OPERATIONS = frozenset(_FORMS)


def operation_of(request: soap.Request) -> str:
    """The name of the operation that a valid request is for."""
    return str(request.body.tag).rpartition("}")[2]


def error_answer(request: soap.Request, error: EwsError, version: ServerVersion) -> bytes:
    """The envelope of the answer to a valid request. Raises SoapFault if it asks for too much."""
    operation = operation_of(request)
    if operation == _STREAMED:
        return StreamingEnvelopes(version).error(error, (), is_last=True)
    form = _FORMS[operation]
    count = 1
    if form.asked_for:
        count = len(bounded(request.body.find(f"{{{MESSAGES}}}{form.asked_for}"), "things"))
    message = (
        f'<m:{operation}ResponseMessage ResponseClass="Error">'
        f"<m:MessageText>{escape(str(error))}</m:MessageText>"
        f"<m:ResponseCode>{error.response_code}</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{form.content}"
        f"</m:{operation}ResponseMessage>"
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        f"<soap:Header>{server_version_info(version)}</soap:Header><soap:Body>"
        f"<m:{operation}Response><m:ResponseMessages>{count * message}</m:ResponseMessages>"
        f"</m:{operation}Response></soap:Body></soap:Envelope>"
    ).encode()
