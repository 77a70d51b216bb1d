"""What holds for every request: an answer, without secrets, whatever comes and whatever fails."""

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ewspush.endpoint.mailboxes.application import SERVICES
from ewspush.operations.management import mailboxes
from ewspush.wire.namespaces import MAILBOXES, MESSAGES
from support.checks_for_store import on_sqlite
from support.directory import PASSWORD
from support.document_changes import CHANGES
from support.managing import NOBODYS_ID, element, envelope
from support.schemas import SOAP

pytestmark = on_sqlite

SECRET = "hunter2hunter2"
NEW = {"LocalPart": "user", "Password": SECRET}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"", "not well-formed"),
        (b"<a", "not well-formed"),
        (b"\xff\xfe\xff", "not well-formed"),
        (b"<a/>", "not 'Envelope'"),
        (envelope(""), "The Body must hold one element"),
        (envelope("<ListDomains/><ListDomains/>"), "The Body must hold one element"),
        (b"<!DOCTYPE a>" + envelope("<ListDomains/>"), "a DTD, which is not allowed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_request_is_an_invalid_request(service, document, text):
    answer = service.send(document)
    assert answer.refusal == ("InvalidRequest", None)
    assert text in answer["Message"]


def test_entities_are_not_expanded(service, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>'.encode() + envelope(
        "<CreateOrganization><Alias>&e;</Alias></CreateOrganization>"
    )
    answer = service.send(document)
    assert answer.refusal == ("InvalidRequest", None)
    assert SECRET.encode() not in answer.reply.body


@pytest.mark.parametrize(
    "body",
    [
        "<GetFolder/>",
        "<createMailboxes/>",
        "<ListDomains xmlns=''/>",
        f"<ListDomains xmlns='{MESSAGES}'/>",
        "<ListDomainsResponse/>",
        "<ManagementFault/>",
    ],
)
def test_what_is_no_operation_of_the_service_is_said(service, body):
    answer = service.send(envelope(body))
    assert answer.refusal == ("UnknownOperation", None)
    assert answer.reply.operation is None


@pytest.mark.parametrize(("demanded", "status"), [("0", 200), ("1", 500)])
def test_a_header_block_is_ignored_unless_it_must_be_understood(service, demanded, status):
    block = f'<x:Tx xmlns:x="urn:x" s:mustUnderstand="{demanded}"/>'
    answer = service.send(envelope("<ListDomains/>", block))
    assert answer.status == status
    if status == 500:
        assert b"<faultcode>soap:MustUnderstand</faultcode>" in answer.reply.body


def test_the_caller_is_to_blame_but_for_what_failed_here(service, monkeypatch):
    refused = service.ask("GetMailbox", MailboxId=NOBODYS_ID)
    assert b"<faultcode>soap:Client</faultcode>" in refused.reply.body

    def fail(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(mailboxes, "get", fail)
    with structlog.testing.capture_logs() as lines:
        answer = service.ask("GetMailbox", MailboxId=NOBODYS_ID)
    assert answer.refusal == ("InternalError", None)
    assert b"<faultcode>soap:Server</faultcode>" in answer.reply.body
    assert SECRET.encode() not in answer.reply.body
    (line,) = lines
    assert (line["event"], line["operation"]) == ("mailboxes.failed", "GetMailbox")


def user_with(**changes):
    wanted = {"DomainId": NOBODYS_ID, **NEW, **changes}
    return element("CreateUser", wanted)


WITH_A_SECRET = {
    "weak password": element("CreateUser", {"DomainId": "?", **NEW, "Password": "hunter2"}),
    "too long": user_with(Password=SECRET * 100),
    "in another element": user_with(Password={"Value": SECRET}),
    "with an attribute": user_with().replace("<Password>", f"<Password a='{SECRET}'>"),
    "not closed": user_with().replace("</Password>", "</Pasword>"),
    "an entity": user_with(Password="x").replace("<Password>x", f"<Password>&{SECRET};"),
    "twice": user_with(Password=[SECRET, SECRET]),
    "new": element("UpdateMailbox", {"MailboxId": NOBODYS_ID, "NewPassword": SECRET * 100}),
    "changed": element("ChangePassword", {"UserId": NOBODYS_ID, "Password": SECRET * 100}),
    "of several": element(
        "CreateMailboxes",
        {"DomainId": NOBODYS_ID, "Mailboxes": {"Mailbox": [NEW, {**NEW, "Password": SECRET * 99}]}},
    ),
}


@pytest.mark.parametrize("body", WITH_A_SECRET.values(), ids=WITH_A_SECRET)
def test_no_password_is_repeated_in_a_fault_or_in_the_log(service, body):
    with structlog.testing.capture_logs() as lines:
        answer = service.send(envelope(body.replace(">?<", f">{service.domain_id}<")))
    assert answer.status == 500
    assert b"hunter2" not in answer.reply.body
    assert "hunter2" not in repr(lines)


def test_values_with_characters_that_xml_escapes_come_back_as_they_were(service):
    (id,) = service.create("o'neil&co", Name='<"Ö> & 😀')
    assert service.ask("GetMailbox", MailboxId=id)["Mailbox/Name"] == '<"Ö> & 😀'
    refused = service.ask("CreateMailboxAlias", MailboxId=id, LocalPart="<&>")
    assert "<&>" in refused["Message"]


def test_comments_and_cdata_do_not_hide_anything(service):
    answer = service.send(
        envelope(
            "<!-- a --><CreateOrganization><!-- b --><Alias>um<!-- c -->br<![CDATA[ella]]></Alias>"
            "</CreateOrganization>"
        )
    )
    assert answer["Organization/Alias"] == "umbrella"


def test_the_answers_prefix_is_declared_once(service):
    body = service.ask("ListDomains").reply.body.decode()
    assert body.count(f'="{MAILBOXES}"') == 1
    assert body.count(f'="{SOAP}"') == 1


REQUESTS = [
    element("CreateMailboxes", {"DomainId": NOBODYS_ID, "Mailboxes": {"Mailbox": [NEW, NEW]}}),
    element("ListMailboxes", {"Statuses": {"Status": ["active"]}, "Page": 1, "PageSize": 10}),
    element("UpdateMailbox", {"MailboxId": NOBODYS_ID, "NewPassword": SECRET}),
]


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_requests_with_changed_elements_get_an_answer(service, data):
    root = etree.fromstring(envelope(data.draw(st.sampled_from(REQUESTS))))
    for _ in range(data.draw(st.integers(1, 3))):
        changed = data.draw(st.sampled_from(list(root.iter("*"))))
        CHANGES[data.draw(st.sampled_from(list(CHANGES)))](changed)
    answer = service.send(etree.tostring(root))
    assert answer.reply.code != "InternalError"


def test_every_service_method_is_an_operation(service):
    methods = [name for each in SERVICES for name in each.public_methods]
    assert len(service.application._framework.operations) == len(methods) == 26
    assert PASSWORD  # the world's own, which no request here repeats
