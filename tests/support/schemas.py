"""The verdict of the project's own schema, and of Microsoft's where it is at hand, on envelopes."""

import os
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
WSDL = ROOT / "wsdl"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

# Microsoft's schema is not part of the project: it lies beside the repository, or nowhere.
MICROSOFT = Path(os.environ.get("EWS_SCHEMAS") or ROOT.parent / "shared" / "ews-schemas")

needs_microsoft_schema = pytest.mark.skipif(
    not (MICROSOFT / "messages.xsd").is_file(),
    reason=f"Microsoft's EWS schema is not in {MICROSOFT} (set EWS_SCHEMAS to its folder)",
)


def our_violations(envelope: bytes) -> list[str]:
    """What breaks `wsdl/` in the envelope, as `line N: message`; empty when it is valid.

    Every child of soap:Header and soap:Body but Fault is a document of its own, and a line is
    counted from the first line of its block.
    """
    return _violations(compiled(WSDL), envelope)


def microsoft_violations(envelope: bytes) -> list[str] | None:
    """The same by Microsoft's schema, or None where that is not present."""
    if not (MICROSOFT / "messages.xsd").is_file():
        return None
    return _violations(compiled(MICROSOFT), envelope)


@cache
def compiled(folder: Path) -> etree.XMLSchema:
    """The schema of `messages.xsd` in the folder, with what it imports."""
    return etree.XMLSchema(etree.parse(folder / "messages.xsd"))


def block_violations(schema: etree.XMLSchema, block: etree._Element) -> list[str]:
    """What breaks the schema in one header block or body element."""
    document = etree.fromstring(
        etree.tostring(block, with_tail=False), etree.XMLParser(huge_tree=True)
    )
    if schema.validate(document):
        return []
    return [f"line {entry.line}: {entry.message}" for entry in schema.error_log]


def _violations(schema: etree.XMLSchema, envelope: bytes) -> list[str]:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, huge_tree=True
    )
    try:
        root = etree.fromstring(envelope, parser)
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    if root.tag != f"{{{SOAP}}}Envelope":
        return [f"root is {root.tag!s}, not a SOAP 1.1 Envelope"]
    body = root.find(f"{{{SOAP}}}Body")
    if body is None:
        return ["no soap:Body"]
    blocks = [*root.iterfind(f"{{{SOAP}}}Header/*"), *body.iterfind("*")]
    return [
        violation
        for block in blocks
        if block.tag != f"{{{SOAP}}}Fault"
        for violation in block_violations(schema, block)
    ]
