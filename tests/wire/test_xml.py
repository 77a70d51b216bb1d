"""Reading XML that comes from outside."""

from pathlib import Path

import pytest

from ewspush.wire import xml
from ewspush.wire.xml import Unreadable


def test_comments_and_processing_instructions_are_left_out() -> None:
    root = xml.parse(b"<!-- a --><?b c?><root><?d?><!-- e --><f/>g<!-- h --></root>")
    assert [child.tag for child in root] == ["f"]
    assert root[0].tail == "g"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("<!DOCTYPE a><a/>", id="empty"),
        pytest.param("<!DOCTYPE a [<!ELEMENT a ANY>]><a/>", id="a declaration"),
        pytest.param("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", id="an entity that is used"),
        pytest.param("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", id="an entity that is not used"),
        pytest.param("<!DOCTYPE a SYSTEM 'http://192.0.2.1/a.dtd'><a/>", id="one elsewhere"),
        pytest.param("<!DOCTYPE a PUBLIC '-//x//y' 'z.dtd'><a/>", id="a public one"),
    ],
)
def test_a_dtd_is_refused(document: str) -> None:
    with pytest.raises(Unreadable, match="DTD"):
        xml.parse(document.encode())


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE a [<!ENTITY b SYSTEM '{}'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % b SYSTEM '{}'> %b;]><a/>",
        "<!DOCTYPE a SYSTEM '{}'><a/>",
    ],
)
def test_no_file_is_read(document: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("<not well-formed")  # whoever reads it complains of it
    with pytest.raises(Unreadable, match=r"^a DTD is not allowed$"):
        xml.parse(document.format(file.as_uri()).encode())


@pytest.mark.parametrize(
    ("document", "line", "column"),
    [
        pytest.param(b"", 1, 1, id="nothing"),
        pytest.param(b"<a>\n<b></a>", 2, 8, id="not well-formed"),
        pytest.param(b"<a/><b/>", 1, 5, id="two roots"),
        pytest.param(b"<!DOCTYPE a>\n\n<a/>", 1, 1, id="a DTD"),
        pytest.param(b"\xff\xfe\xfd", 1, 1, id="undecodable"),
    ],
)
def test_what_cannot_be_read_says_where(document: bytes, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as refused:
        xml.parse(document)
    assert (refused.value.line, refused.value.column) == (line, column)
    assert str(refused.value)


def test_depth_has_a_bound() -> None:
    xml.parse(b"<a>" * 100 + b"</a>" * 100)
    with pytest.raises(Unreadable):
        xml.parse(b"<a>" * 10_000 + b"</a>" * 10_000)


def test_a_document_knows_nothing_of_the_one_before() -> None:
    for _ in range(2):
        with pytest.raises(Unreadable):
            xml.parse(b"<a>&b;</a>")
        with pytest.raises(Unreadable, match="DTD"):
            xml.parse(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")


LONG = b"x" * 12_000_000


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\xef\xbb\xbf",
        b"<?xml version='1.0'?>\n",
        b'<?xml version="1.0" encoding="UTF-8"?>',
        b"<?xml version='1.0' encoding = 'utf-8' standalone='yes'?>",
    ],
)
def test_a_text_may_be_as_long_as_a_document(before: bytes) -> None:
    assert len(xml.parse(before + b"<a>" + LONG + b"</a>").text or "") == len(LONG)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>" + LONG + b"</a>", id="a DTD"),
        pytest.param(
            b'<?xml version="1.0" encoding="UTF-16"?><a>'.decode().encode("utf-16")
            + LONG.decode().encode("utf-16-le")
            + "</a>".encode("utf-16-le"),
            id="UTF-16, in which a DTD would not be seen",
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="ISO-8859-1"?><a>' + LONG + b"</a>", id="Latin-1"
        ),
    ],
)
def test_long_texts_are_refused_where_a_dtd_may_be(document: bytes) -> None:
    with pytest.raises(Unreadable):
        xml.parse(document)


def test_entities_in_attributes_do_not_grow() -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 100}">' for n in range(6))
    document = f'<!DOCTYPE a [<!ENTITY e0 "x">{entities}]><a b="&e6;">{LONG.decode()}</a>'
    with pytest.raises(Unreadable):
        xml.parse(document.encode())
