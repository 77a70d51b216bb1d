"""Header blocks: which are kept, refused, or ignored."""

import pytest

from support.ews import envelope, get_folder, subscribe
from support.schemas import SOAP

FOREIGN = '<x:Security xmlns:x="urn:x" {}/>'
TIME_ZONE = '<t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext>'


def version(name, more=""):
    return f'<t:RequestServerVersion Version="{name}" {more}/>'


@pytest.mark.parametrize("name", ["Exchange2007_SP1", "Exchange2013", "Exchange2016"])
def test_the_version_asked_for_is_kept_for_the_notifications(ews, name):
    ews.ask(subscribe(header=version(name)))
    assert [each.server_version for each in ews.stored()] == [name]


def test_without_a_version_it_is_exchange_2010_sp2(ews):
    ews.ask(subscribe())
    assert [each.server_version for each in ews.stored()] == ["Exchange2010_SP2"]


@pytest.mark.parametrize(
    "request_",
    [get_folder("inbox"), subscribe(url=""), envelope("<m:GetRooms/>"), b"", b"<x/>"],
    ids=["answer", "error", "unknown operation", "nothing", "no envelope"],
)
def test_every_answer_and_fault_says_which_server_it_is(shared_ews, request_):
    info = shared_ews.ask(request_).one("t:ServerVersionInfo")
    assert dict(info.attrib) == {
        "MajorVersion": "14",
        "MinorVersion": "2",
        "MajorBuildNumber": "390",
        "MinorBuildNumber": "3",
        "Version": "Exchange2010_SP2",
    }


def test_an_answer_repeats_no_header_of_the_request(shared_ews):
    header = shared_ews.ask(subscribe(header=version("Exchange2010") + TIME_ZONE)).one(
        "soap:Header"
    )
    assert len(header) == 1


WITHOUT_EFFECT = {
    "time zone": TIME_ZONE,
    "culture": "<t:MailboxCulture>en-US</t:MailboxCulture>",
    "precision": "<t:DateTimePrecision>Milliseconds</t:DateTimePrecision>",
    "role": "<t:ManagementRole><t:UserRoles><t:Role>x</t:Role></t:UserRoles></t:ManagementRole>",
    "understood and demanded": version("Exchange2010", 'soap:mustUnderstand="1"'),
    "with an actor": version("Exchange2010", 'soap:actor="urn:somebody"'),
    "foreign": FOREIGN.format(""),
    "foreign and not demanded": FOREIGN.format('soap:mustUnderstand="0"'),
    "foreign and for somebody else": FOREIGN.format('soap:mustUnderstand="1" soap:actor="urn:x"'),
    "unknown in EWS": "<t:Nonsense/>",
}


@pytest.mark.parametrize("header", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_other_header_blocks_change_nothing(shared_ews, header):
    assert shared_ews.ask(subscribe(header=header)).codes == ["NoError"]


INVALID = {
    "unknown version": (version("Exchange2099"), "'Exchange2099'"),
    "no version": ("<t:RequestServerVersion/>", "'Version' is missing"),
    "version with content": (
        '<t:RequestServerVersion Version="Exchange2010"> </t:RequestServerVersion>',
        "cannot contain text",
    ),
    "time zone without definition": ("<t:TimeZoneContext/>", "incomplete content"),
    "culture that is none": ("<t:MailboxCulture>e n</t:MailboxCulture>", "'e n'"),
    "foreign and demanded": (
        FOREIGN.format('soap:mustUnderstand="1"'),
        "The header block 'Security' in namespace 'urn:x' is not understood.",
    ),
    "foreign and demanded of the next": (
        FOREIGN.format(
            'soap:mustUnderstand="1" soap:actor="http://schemas.xmlsoap.org/soap/actor/next"'
        ),
        "is not understood",
    ),
}


@pytest.mark.parametrize(("header", "violation"), INVALID.values(), ids=INVALID)
def test_a_header_block_that_cannot_be_read_or_ignored_is_a_fault(shared_ews, header, violation):
    request = subscribe(header=header)
    answer = shared_ews.ask(request)
    assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])
    assert violation in answer.text("t:Violation")
    assert answer.place == (1, request.index(b"<soap:Header><") + len("<soap:Header><") + 1)


def test_a_header_block_that_contradicts_another_is_a_fault(shared_ews):
    answer = shared_ews.ask(subscribe(header=version("Exchange2010") + version("Exchange2016")))
    assert (answer.status, answer.codes) == (500, ["ErrorDuplicateSOAPHeader"])


def test_the_prefix_of_the_request_does_not_matter(shared_ews):
    request = get_folder("inbox").replace(b"soap:", b"").replace(b"xmlns:soap=", b"xmlns=")
    assert b'<Envelope xmlns="' + SOAP.encode() in request
    assert shared_ews.ask(request).codes == ["NoError"]
