"""Faults in the form that all client libraries read."""

import pytest
from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.wire import faults
from ewspush.wire.faults import SoapFault
from ewspush.wire.namespaces import ERRORS, SOAP, TYPES
from support.schemas import WSDL, block_violations, compiled, our_violations
from support.strict_reader import response_problems

VERSION = ServerVersion()
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
FAULTS = {
    "schema": faults.schema_validation(14, 34, "The required attribute 'Id' is missing."),
    "operation": faults.invalid_operation("No."),
    "internal": faults.internal_server_error(),
    "own": SoapFault("ErrorImpersonateUserDenied", "No."),
    "busy": faults.server_busy(2500),
}


def rendered(fault):
    return etree.fromstring(faults.render(fault, VERSION))


def test_the_whole_of_a_fault():
    assert faults.render(FAULTS["schema"], VERSION).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>'
        f'<t:ServerVersionInfo xmlns:t="{TYPES}" MajorVersion="14" MinorVersion="2"'
        ' MajorBuildNumber="390" MinorBuildNumber="3" Version="Exchange2010_SP2"/>'
        "</soap:Header><soap:Body><soap:Fault>"
        f'<faultcode xmlns:a="{TYPES}">a:ErrorSchemaValidation</faultcode>'
        '<faultstring xml:lang="en-US">The request failed schema validation: '
        "The required attribute 'Id' is missing.</faultstring>"
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">ErrorSchemaValidation</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">The request failed schema validation.</e:Message>'
        f'<t:MessageXml xmlns:t="{TYPES}"><t:LineNumber>14</t:LineNumber>'
        "<t:LinePosition>34</t:LinePosition>"
        "<t:Violation>The required attribute 'Id' is missing.</t:Violation></t:MessageXml>"
        "</detail></soap:Fault></soap:Body></soap:Envelope>"
    )


@pytest.mark.parametrize("name", FAULTS)
def test_every_client_can_read_it(name):
    body = faults.render(FAULTS[name], VERSION)
    assert response_problems(500, HEADERS, body) == []
    assert our_violations(body) == []


def test_a_busy_server_says_how_long_to_wait():
    (value,) = rendered(FAULTS["busy"]).iterfind(f".//{{{TYPES}}}MessageXml/{{{TYPES}}}Value")
    assert (value.get("Name"), value.text) == ("BackOffMilliseconds", "2500")
    assert block_violations(compiled(WSDL), value) == []


@pytest.mark.parametrize("name", ["operation", "internal", "own"])
def test_without_details_there_is_no_message_xml(name):
    assert rendered(FAULTS[name]).find(f".//{{{TYPES}}}MessageXml") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a < b > c & d", "a < b > c & d"),
        ("é 𝄞 \"quoted\" 'too'", "é 𝄞 \"quoted\" 'too'"),
        ("\0one\r\n\ttwo\ud800three\ufffe", "one two three"),
        ("x" * 5000, "x" * 1000),
        ("&" * 5000, "&" * 1000),
    ],
)
def test_any_text_can_be_told(text, told):
    body = faults.render(faults.invalid_operation(text), VERSION)
    assert response_problems(500, HEADERS, body) == []
    assert rendered(faults.invalid_operation(text)).findtext(".//faultstring") == told


def test_the_version_is_told_as_it_is_set():
    version = ServerVersion(15, 1, 2, 3, 'A "B"')
    root = etree.fromstring(faults.render(FAULTS["own"], version))
    (info,) = root.iter(f"{{{TYPES}}}ServerVersionInfo")
    assert list(info.attrib.values()) == ["15", "1", "2", "3", 'A "B"']
