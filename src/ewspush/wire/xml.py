"""Reading XML that comes from outside."""

import re

from lxml import etree

# libxml2 bounds a text at 10 million bytes, which is less than an attachment may have. The bound
# guards against entities too, so it is lifted only where a DTD would be seen: in UTF-8.
_BOUNDED = 8_000_000
_UTF_8 = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*<(?:\?xml\s[^>]{0,80}?encoding\s*=\s*["'](?i:utf-?8|us-ascii)["']"""
    rb"""|\?xml\s(?![^>]*encoding)|[^?\x00])"""
)


class Unreadable(ValueError):
    """Not well-formed, or with a DTD. `str()` says what is wrong; line and column from 1."""

    def __init__(self, text: str, line: int, column: int) -> None:
        super().__init__(text)
        self.line = line
        self.column = column


def parse(document: bytes) -> etree._Element:
    """The root element. Raises Unreadable; entities are never expanded, nothing is fetched."""
    # A parser keeps what it read last: one for each document, made in a few microseconds.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=len(document) > _BOUNDED and _has_no_dtd(document),
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(error.msg or "not XML", *error.position) from None
    except ValueError as error:  # lxml's word for what it cannot decode
        raise Unreadable(str(error), 1, 1) from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("a DTD is not allowed", 1, 1)
    return root


def _has_no_dtd(document: bytes) -> bool:
    return _UTF_8.match(document) is not None and b"<!DOCTYPE" not in document
