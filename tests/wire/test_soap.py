"""Envelopes as they come in."""

import pytest
from lxml import etree

from ewspush.wire import soap, xml
from ewspush.wire.namespaces import SOAP

BLOCK = f'<x:Block xmlns:x="urn:x" xmlns:s="{SOAP}" {{}}/>'


def envelope(content, name="Envelope", namespace=SOAP):
    return f'<s:{name} xmlns:s="{namespace}">{content}</s:{name}>'.encode()


def test_the_header_blocks_and_the_content_of_the_body_are_found():
    request = soap.read(
        envelope("<!-- a --> <s:Header> <a/> <b/> </s:Header> <s:Body> <c><d/></c> </s:Body> ")
    )
    assert [block.tag for block in request.header] == ["a", "b"]
    assert request.body.tag == "c"


@pytest.mark.parametrize("header", ["", "<s:Header/>"])
def test_a_request_needs_no_header(header):
    assert soap.read(envelope(f"{header}<s:Body><c/></s:Body>")).header == ()


VIOLATIONS = {
    "another root": (envelope("<s:Body><c/></s:Body>", name="Message"), "Message"),
    "SOAP 1.2": (
        envelope("<s:Body><c/></s:Body>", namespace="http://www.w3.org/2003/05/soap-envelope"),
        "Envelope",
    ),
    "no namespace": (b"<Envelope><Body><c/></Body></Envelope>", "Envelope"),
    "no Body": (envelope("<s:Header/>"), "Envelope"),
    "Body in no namespace": (envelope("<Body><c/></Body>"), "Envelope"),
    "two Bodies": (envelope("<s:Body><c/></s:Body>" * 2), "Envelope"),
    "two Headers": (envelope("<s:Header/><s:Header/><s:Body><c/></s:Body>"), "Envelope"),
    "Header after Body": (envelope("<s:Body><c/></s:Body><s:Header/>"), "Envelope"),
    "more after Body": (envelope("<s:Body><c/></s:Body><c/>"), "Envelope"),
    "nothing in Body": (envelope("<s:Body>text</s:Body>"), "Body"),
    "two in Body": (envelope("<s:Body><c/><c/></s:Body>"), "Body"),
}


@pytest.mark.parametrize(("document", "culprit"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_is_no_soap_1_1_envelope_is_refused(document, culprit):
    with pytest.raises(soap.Violation) as violation:
        soap.read(document)
    assert etree.QName(violation.value.element).localname == culprit


@pytest.mark.parametrize("document", [b"", b"<x>", b"<!DOCTYPE x><x/>"])
def test_what_is_no_plain_xml_is_unreadable(document):
    with pytest.raises(xml.Unreadable):
        soap.read(document)


@pytest.mark.parametrize(
    ("attributes", "demanded"),
    [
        ("", False),
        ('s:mustUnderstand="0"', False),
        ('s:mustUnderstand="1"', True),
        ('s:mustUnderstand=" true "', True),
        ('mustUnderstand="1"', False),
        ('s:mustUnderstand="1" s:actor=""', True),
        ('s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"', True),
        ('s:mustUnderstand="1" s:actor="urn:somebody-else"', False),
    ],
)
def test_must_understand_is_meant_for_the_first_who_reads_it(attributes, demanded):
    assert soap.must_understand(etree.fromstring(BLOCK.format(attributes))) is demanded


def test_the_attributes_of_soap_are_not_the_blocks_own():
    block = etree.fromstring(BLOCK.format('s:mustUnderstand="1" s:actor="x" own="2"'))
    assert dict(soap.without_soap_attributes(block).attrib) == {"own": "2"}


DOCUMENT = """<?xml version="1.0" encoding="{}"?>
<a><!-- <b/> --><é>𝄞</é> <b
   x="1"/><c>
  </c><b>two</b></a>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("path", "place"),
    [(".", (2, 2)), ("é", (2, 18)), ("b[1]", (2, 27)), ("c", (3, 12)), ("b[2]", (4, 8))],
)
def test_the_position_of_an_element_is_that_of_its_name(encoding, path, place):
    document = DOCUMENT.format(encoding).encode(encoding)
    assert soap.position(document, xml.parse(document).find(path)) == place


def test_what_was_put_in_after_parsing_does_not_move_positions():
    document = DOCUMENT.format("utf-8").encode()
    root = xml.parse(document)
    for position in (0, 2):
        root.insert(position, etree.Element("b"))
    assert soap.position(document, root[-1]) == (4, 8)


def test_without_a_second_reader_for_the_encoding_the_line_is_told():
    document = '<?xml version="1.0" encoding="euc-jp"?>\n<a>\n<b/></a>'.encode("euc-jp")
    assert soap.position(document, xml.parse(document)[0]) == (3, 1)


@pytest.mark.parametrize(
    ("name", "words"), [("a", "'a'"), ("{urn:x}a", "'a' in namespace 'urn:x'")]
)
def test_names_are_told_as_dotnet_does(name, words):
    assert soap.in_words(name) == soap.in_words(etree.Element(name)) == words
