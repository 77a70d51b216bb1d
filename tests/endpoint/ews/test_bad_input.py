"""Requests that are wrong: each gets its own clear answer, and nothing is changed."""

import pytest

from support import samples
from support.ews import envelope, get_folder, replaced, subscribe, unsubscribe
from support.schemas import MESSAGES, SOAP, TYPES

SAMPLE = samples.printed("subscribe-request")  # pretty-printed, with its declaration on line 1
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
FREQUENCY = "<t:StatusFrequency>1</t:StatusFrequency>"
FOLDER = '<t:DistinguishedFolderId Id="inbox" />'
BOMB = "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">'
    for inner, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
DTD = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{BOMB}<!ENTITY file SYSTEM "file:///etc/passwd">]>'


def sample(old, new, document=SAMPLE):
    return replaced(document, old, new)


def with_dtd(old="", new=""):
    return sample("<soap:Envelope", f"{DTD}<soap:Envelope", sample(old, new))


def with_body(content):
    start, end = SAMPLE.index(b"<soap:Body>"), SAMPLE.index(b"</soap:Envelope>")
    return SAMPLE[:start] + content.encode() + SAMPLE[end:]


# Not readable as XML, or with what XML has and SOAP has not.
UNREADABLE = {
    "nothing": b"",
    "white space": b" \r\n",
    "text": b"hello",
    "NUL bytes": bytes(100),
    "cut in a tag": SAMPLE[:300],
    "cut after a tag": SAMPLE[: SAMPLE.index(b"<t:URL>")],
    "white space before the declaration": b" " + SAMPLE,
    "something after the end": SAMPLE + b"<x/>",
    "a tag that is closed by another": sample("</t:URL>", "</t:Url>"),
    "an attribute twice": sample('Id="inbox"', 'Id="inbox" Id="inbox"'),
    "a prefix that stands for nothing": sample("<t:URL>", "<q:URL>"),
    "a NUL in a text": sample("YOUR", "\0"),
    "a control character": sample("YOUR", "\x01"),
    "a control character as a reference": sample("YOUR", "&#1;"),
    "a character that is none": sample("YOUR", "\ufffe"),
    "an unknown entity": sample("YOUR", "&nbsp;"),
    "bytes that are not UTF-8": sample("YOUR", b"\xff\xfe"),
    "UTF-8 called UTF-16": sample("UTF-8", "UTF-16"),
    "UTF-8 called ASCII": sample("UTF-8", "US-ASCII", sample("YOUR", "ÿ")),
    "an unknown encoding": sample("UTF-8", "x-nonsense"),
    "a DTD": sample("<soap:Envelope", "<!DOCTYPE x><soap:Envelope"),
    "an entity": with_dtd("YOUR", "&a;"),
    "an entity that reads a file": with_dtd("YOUR", "&file;"),
    "an entity bomb in a text": with_dtd("YOUR", "&l;"),
    "an entity bomb in an attribute": with_dtd('Id="inbox"', 'Id="&l;"'),
    "10,000 levels": sample("<t:FolderIds>", "<t:FolderIds>" + "<x>" * 10_000 + "</x>" * 10_000),
}


@pytest.mark.parametrize("request_", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_plain_xml_is_a_fault_that_says_where(shared_ews, request_):
    before = shared_ews.stored()
    answer = shared_ews.ask(request_)
    assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])
    assert answer.text("e:Message") == "The request failed schema validation."
    assert answer.place >= (1, 1)
    assert shared_ews.stored() == before


# Readable, and not in the form of SOAP or of the contract; with how the element begins that is to
# be named.
INVALID = {
    "not SOAP": (b"<html><body/></html>", "<html", "not 'Envelope'"),
    "SOAP 1.2": (
        SAMPLE.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        "<soap:Envelope",
        "'Envelope' in namespace 'http://www.w3.org/2003/05/soap-envelope', not",
    ),
    "no Body": (with_body(""), "<soap:Envelope", "must hold a Body"),
    "two Bodies": (with_body("<soap:Body/><soap:Body/>"), "<soap:Envelope", "must hold a Body"),
    "a Header after the Body": (
        with_body("<soap:Body/><soap:Header/>"),
        "<soap:Envelope",
        "a Header",
    ),
    "an empty Body": (with_body("<soap:Body/>"), "<soap:Body", "has 0"),
    "two requests": (sample("</soap:Body>", "<x/></soap:Body>"), "<soap:Body", "has 2"),
    "the operation in no namespace": (
        with_body("<soap:Body><Subscribe/></soap:Body>"),
        "<Subscribe",
        "The element 'Subscribe' is not declared.",
    ),
    "the operation in another namespace": (
        sample(MESSAGES, TYPES),
        "<m:Subscribe",
        f"The element 'Subscribe' in namespace '{TYPES}' is not declared.",
    ),
    "types in another namespace": (
        sample(TYPES, "urn:x"),
        "<t:FolderIds",
        "has invalid child element 'FolderIds' in namespace 'urn:x'. List of possible elements "
        f"expected: 'FolderIds' in namespace '{TYPES}', 'EventTypes' in namespace '{TYPES}'.",
    ),
    "an element missing": (
        sample("<t:URL>https://YOUR_PUSH_RESPONDER_URL</t:URL>", ""),
        "<m:Push",
        f"'PushSubscriptionRequest' in namespace '{MESSAGES}' has incomplete content. List of "
        f"possible elements expected: 'URL' in namespace '{TYPES}'.",
    ),
    "an element too many": (
        sample("</t:URL>", "</t:URL><t:Surplus/>"),
        "<t:Surplus",
        f"has invalid child element 'Surplus' in namespace '{TYPES}'. List of",
    ),
    "an element too many where StatusFrequency was left out": (
        sample("</t:URL>", "</t:URL><t:Surplus/>", sample(FREQUENCY, "")),
        "<t:Surplus",
        "'Surplus'",
    ),
    "a request in lower case": (
        SAMPLE.replace(b"t:URL>", b"t:url>"),
        "<t:url",
        "invalid child element 'url'",
    ),
    "both kinds of requests": (
        sample("</m:Subscribe>", "<m:PullSubscriptionRequest/></m:Subscribe>"),
        "<m:Pull",
        "invalid child element 'PullSubscriptionRequest'",
    ),
    "an attribute missing": (
        sample(' Id="inbox"', ""),
        "<t:Distinguished",
        "The required attribute 'Id' is missing.",
    ),
    "an attribute too many": (
        sample('Id="inbox"', 'Id="inbox" Name="x"'),
        "<t:Distinguished",
        "The 'Name' attribute is not declared.",
    ),
    "an unknown folder name": (
        sample('"inbox"', '"Inbox"'),
        "<t:Distinguished",
        "The 'Id' attribute is invalid - The value 'Inbox' is invalid - The Enumeration constraint "
        "failed.",
    ),
    "an attribute of 1 MB": (
        sample('"inbox"', f'"{"x" * 1_000_000}"'),
        "<t:Distinguished",
        "xxx...' is",
    ),
    "an unknown event type": (
        sample("MovedEvent", "StatusEvent"),
        "<t:EventType>Status",
        "The value 'StatusEvent' is invalid - The Enumeration constraint failed.",
    ),
    "100,000 unknown event types": (
        sample("<t:EventTypes>", "<t:EventTypes>" + "<t:EventType>x</t:EventType>" * 100_000),
        "<t:EventType>x",
        "The value 'x' is invalid",
    ),
    "no event types": (
        envelope(
            "<m:Subscribe><m:PushSubscriptionRequest><t:EventTypes/>"
            "</m:PushSubscriptionRequest></m:Subscribe>"
        ),
        "<t:EventTypes",
        "'EventTypes' in namespace",
    ),
    "no folder in FolderIds": (sample(FOLDER, ""), "<t:FolderIds", "'FolderIds' in namespace"),
    "an empty Watermark": (
        sample(FREQUENCY, f"<t:Watermark/>{FREQUENCY}"),
        "<t:Watermark",
        "The value '' is invalid - The MinLength constraint failed.",
    ),
    "an empty SubscriptionId": (
        unsubscribe(""),
        "<m:SubscriptionId",
        "The MinLength constraint failed.",
    ),
    "text between elements": (
        sample("<t:FolderIds>", "inbox<t:FolderIds>"),
        "<m:Push",
        "cannot contain text",
    ),
    "an element in a text": (
        sample("https://YOUR", "<b>https</b>://YOUR"),
        "<t:URL",
        "cannot contain child elements",
    ),
    "a type of another request": (
        sample(
            "<m:PushSubscriptionRequest>",
            f'<m:PushSubscriptionRequest {XSI} xsi:type="t:PullSubscriptionRequestType">',
        ),
        "<m:Push",
        "not validly derived",
    ),
    "a type that is none": (
        sample("<t:URL>", f'<t:URL {XSI} xsi:type="t:Nonsense">'),
        "<t:URL",
        "does not resolve to a type definition",
    ),
    "a nil": (sample("<t:URL>", f'<t:URL {XSI} xsi:nil="true">'), "<t:URL", "not 'nillable'"),
    "a nil that is none": (
        sample("<t:URL>", f'<t:URL {XSI} xsi:nil="false">'),
        "<t:URL",
        "not 'nillable'",
    ),
    "a shape that is none": (
        get_folder("inbox", shape="Everything"),
        "<t:BaseShape",
        "'Everything'",
    ),
}


def place_of(tag, document):
    """Line and column, from 1, of the name in the first such tag."""
    before, _, _ = document.decode().partition(tag)
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return line, column + len("<")


@pytest.mark.parametrize(("request_", "tag", "violation"), INVALID.values(), ids=INVALID)
def test_what_breaks_the_contract_is_a_fault_that_says_what_and_where(
    shared_ews, request_, tag, violation
):
    before = shared_ews.stored()
    answer = shared_ews.ask(request_)
    assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])
    assert violation in answer.text("t:Violation")
    assert answer.text("faultstring").startswith("The request failed schema validation: ")
    assert len(answer.reply.body) < 4000
    assert answer.place == place_of(tag, request_)
    assert shared_ews.stored() == before


@pytest.mark.parametrize("minutes", ["0", "1441", "-1", "1.5", "PT1M", "", "1 0", "9" * 100, "٣"])
def test_a_status_frequency_is_1_to_1440_minutes(shared_ews, minutes):
    answer = shared_ews.ask(sample("<t:StatusFrequency>1<", f"<t:StatusFrequency>{minutes}<"))
    assert answer.codes == ["ErrorSchemaValidation"]
    assert answer.place == (17, 14)
    assert f"The value '{minutes}' is invalid" in answer.text("t:Violation")


@pytest.mark.parametrize(
    ("operation", "status"), [("GetRooms", 500), ("SendNotification", 500), ("Nonsense", 500)]
)
def test_an_operation_that_is_not_there_is_a_fault(shared_ews, operation, status):
    answer = shared_ews.ask(envelope(f"<m:{operation}/>"))
    assert (answer.status, answer.codes) == (status, ["ErrorInvalidOperation"])
    assert f"'{operation}'" in answer.text("faultstring")


def test_a_fault_as_a_request_is_no_operation_either(shared_ews):
    assert shared_ews.ask(envelope("<soap:Fault/>")).codes == ["ErrorInvalidOperation"]


ODD = {
    "UTF-16 with a BOM": sample("UTF-8", "UTF-16").decode().encode("utf-16"),
    "UTF-16 without a declaration": SAMPLE.decode().partition("?>")[2].strip().encode("utf-16"),
    "UTF-8 with a BOM": b"\xef\xbb\xbf" + SAMPLE,
    "Latin-1": sample("UTF-8", "ISO-8859-1"),
    "no declaration": SAMPLE.partition(b"?>")[2],
    "StatusFrequency with white space": sample(">1<", ">\n 1 <"),
    "StatusFrequency with a sign": sample(">1<", ">+01<"),
    "no Header, comments and instructions": sample(
        "<soap:Body>", "<!-- one --><?two?><soap:Body><?three?><!-- four -->"
    ),
    "a comment in a number": sample(">1<", "><!-- x -->1<"),
    "a CDATA section in a number": sample(">1<", "><![CDATA[1]]><"),
    "the element's own type by name": sample(
        "<m:PushSubscriptionRequest>",
        f'<m:PushSubscriptionRequest {XSI} xsi:type="t:PushSubscriptionRequestType">',
    ),
    "a type that Spyne does not know by name": sample(
        "<t:StatusFrequency>",
        f'<t:StatusFrequency {XSI} xsi:type="t:SubscriptionStatusFrequencyType">',
    ),
    "places of schemas, which nobody asks": sample(
        "<m:Subscribe ", f'<m:Subscribe {XSI} xsi:schemaLocation="urn:x file:///nowhere" '
    ),
}


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
def test_what_is_odd_and_valid_works(shared_ews, request_):
    answer = shared_ews.ask(request_)
    assert answer.codes == ["NoError"]
    (subscribed,) = answer.reply.subscribed
    assert subscribed.subscription.url == "https://YOUR_PUSH_RESPONDER_URL"
    assert subscribed.subscription.status_frequency_min == 1


def test_a_text_is_read_whole(shared_ews):
    url = "http://<!-- a -->responder<?b?>.example/<![CDATA[push?a=1&b=2]]>&amp;&#x63;=3"
    (subscribed,) = shared_ews.ask(subscribe(url=url)).reply.subscribed
    assert subscribed.subscription.url == "http://responder.example/push?a=1&b=2&c=3"


def test_a_position_is_counted_in_characters_of_the_encoding(shared_ews):
    wrong = sample(">1<", ">0<", sample("<t:StatusFrequency>", "<!-- é𝄞 --><t:StatusFrequency>"))
    utf16 = replaced(wrong, "UTF-8", "UTF-16").decode().encode("utf-16")
    assert shared_ews.ask(wrong).place == shared_ews.ask(utf16).place == (17, 25)


def test_without_a_position_there_is_still_the_line(shared_ews):
    """Shift_JIS is one of the encodings that libxml2 knows and expat does not."""
    request = sample("UTF-8", "Shift_JIS", sample(">1<", ">0<"))
    assert shared_ews.ask(request).place == (17, 1)
