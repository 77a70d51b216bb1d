"""Reading XML that comes from outside."""

from lxml import etree


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
        huge_tree=False,
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
