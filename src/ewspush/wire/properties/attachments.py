"""What an item says about its attachments."""

from typing import Any

from lxml import etree

from ewspush.wire.properties.structures import (
    Parts,
    Structure,
    attributes,
    local_name,
    tagged,
    unless_empty,
)
from ewspush.wire.properties.values import BASE64, BOOLEAN, INTEGER, TEXT, TIME, Codec

_DESCRIPTION: dict[str, Codec[Any]] = {
    "AttachmentId": attributes("Id", "RootItemId", "RootItemChangeKey"),
    "Name": TEXT,
    "ContentType": TEXT,
    "ContentId": TEXT,
    "ContentLocation": TEXT,
    "Size": INTEGER,
    "LastModifiedTime": TIME,
    "IsInline": BOOLEAN,
}
_FILE = _DESCRIPTION | {"IsContactPhoto": BOOLEAN}
_REFERENCE = _DESCRIPTION | {
    "AttachLongPathName": TEXT,
    "ProviderType": TEXT,
    "ProviderEndpointUrl": TEXT,
    "AttachmentThumbnailUrl": TEXT,
    "AttachmentPreviewUrl": TEXT,
    "PermissionType": INTEGER,
    "AttachmentIsFolder": BOOLEAN,
}

_DESCRIBED = {
    "FileAttachment": Parts(_FILE),
    "ItemAttachment": Parts(_DESCRIPTION),
    "ReferenceAttachment": Parts(_REFERENCE),
}
_WITH_CONTENT = _DESCRIBED | {"FileAttachment": Parts(_FILE | {"Content": BASE64})}


def read_one(element: etree._Element) -> Structure:
    """An attachment of a request, with the Content of a file; an attached item is left out."""
    kind = local_name(element)
    return {"Kind": kind, **_WITH_CONTENT[kind].read(element)}


def attached_item(element: etree._Element) -> etree._Element | None:
    """The item in an ItemAttachment, which stands behind all that describes it."""
    if local_name(element) != "ItemAttachment" or not len(element):
        return None
    return None if local_name(element[-1]) in _DESCRIPTION else element[-1]


def write_one(parent: etree._Element, attachment: Structure, *, with_content: bool) -> None:
    """Add the attachment to an element, with the Content of a file if that is asked for."""
    kind = attachment["Kind"]
    parts = _WITH_CONTENT if with_content else _DESCRIBED
    parts[kind].fill(etree.SubElement(parent, tagged(kind)), attachment)


def _read(element: etree._Element) -> list[Structure]:
    return [read_one(each) for each in element]


def _write(parent: etree._Element, tag: str, attachments: list[Structure]) -> None:
    element = etree.SubElement(parent, tag)
    for each in attachments:
        write_one(element, each, with_content=False)


ATTACHMENTS = unless_empty(Codec(_read, _write))
