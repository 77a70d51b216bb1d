"""Single changes to a document, most of which make it invalid."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial

from lxml import etree

from support.schemas import MESSAGES, TYPES

Change = Callable[[etree._Element], None]

TEXTS = (
    *("", " ", "nonsense", "0", "1440", "1441", "-1", "2147483648", "TRUE", "OK", "inbox"),
    *("true", "1.5", "AAA=", "AAA", "2018-02-02", "2018-02-02T15:15:14", "15:15:14", "P1D"),
    *("Text", "None", "Monday Day", "0x1F"),
)
SURPLUS = (
    f"{{{TYPES}}}Watermark",
    f"{{{MESSAGES}}}Watermark",
    f"{{{TYPES}}}FieldURI",
    f"{{{TYPES}}}ItemId",
    f"{{{TYPES}}}Subject",
    f"{{{TYPES}}}NotInEws",
    "NotInEws",
)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _repeat(element: etree._Element) -> None:
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


def _move_after_next(element: etree._Element) -> None:
    following = element.getnext()
    if following is not None:
        following.addnext(element)


def _remove_children(element: etree._Element) -> None:
    del element[:]


def _change_namespace(element: etree._Element) -> None:
    name = etree.QName(element)
    element.tag = f"{{{TYPES if name.namespace == MESSAGES else MESSAGES}}}{name.localname}"


def _rename_as_next(element: etree._Element) -> None:
    following = element.getnext()
    if following is not None:
        element.tag = following.tag


def _remove_attributes(element: etree._Element) -> None:
    element.attrib.clear()


def _add_attribute(element: etree._Element) -> None:
    element.set("NotInEws", "1")


def _make_nil(element: etree._Element) -> None:
    element.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")


def _add_first(element: etree._Element, name: str) -> None:
    element.insert(0, element.makeelement(name))


def _add_last(element: etree._Element, name: str) -> None:
    element.append(element.makeelement(name))


def _set_text(element: etree._Element, text: str) -> None:
    element.text = text


def _set_attributes(element: etree._Element, text: str) -> None:
    for name in element.attrib:
        element.set(name, text)


CHANGES: dict[str, Change] = {
    "removed": _remove,
    "twice": _repeat,
    "after its next sibling": _move_after_next,
    "without children": _remove_children,
    "in the other namespace": _change_namespace,
    "with the name of its next sibling": _rename_as_next,
    "without attributes": _remove_attributes,
    "with a surplus attribute": _add_attribute,
    "with xsi:nil": _make_nil,
    **{f"with first child {name}": partial(_add_first, name=name) for name in SURPLUS},
    **{f"with last child {name}": partial(_add_last, name=name) for name in SURPLUS},
    **{f"with text {text!r}": partial(_set_text, text=text) for text in TEXTS},
    **{f"with attributes {text!r}": partial(_set_attributes, text=text) for text in TEXTS},
}


def changed(document: etree._Element, position: int, change: Change) -> etree._Element:
    """A copy of the document with the change made to its element number `position`."""
    copy = deepcopy(document)
    change(list(copy.iter())[position])
    return copy


def single_changes(document: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """The document with each change made to each of its elements, and what was changed."""
    for position, element in enumerate(document.iter()):
        for name, change in CHANGES.items():
            yield f"{etree.QName(element).localname} {name}", changed(document, position, change)
