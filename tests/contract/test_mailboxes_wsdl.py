"""The contract of the management service, as zeep and the documents see it."""

import re

import pytest
import zeep
from lxml import etree

from ewspush.core.accounts import AccountStatus, OrderBy
from ewspush.core.management import Code
from ewspush.core.renewal import Period
from ewspush.wire.namespaces import MAILBOXES
from support.schemas import ROOT, WSDL

XS = "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = etree.parse(WSDL / "mailboxes.xsd").getroot()

# The mailbox API (source document): fields of requests and answers.
OF_A_MAILBOX = (
    "id", "domain_id", "email", "status", "subscription_period", "subscription_period_started_at",
    "next_subscription_period", "next_subscription_period_starts_at", "created_at", "updated_at",
    "deletion_scheduled_at",
)  # fmt: skip
OF_AN_ALIAS = ("id", "email", "mailbox_id", "description", "status", "created_at", "updated_at")
REQUESTS = {
    "CreateMailboxes": ("domain_id", "subscription_period"),
    "ListMailboxes": ("order_by", "page", "page_size", "domain_id", "statuses", "search"),
    "GetMailbox": ("mailbox_id",),
    "DeleteMailbox": ("mailbox_id",),
    "UpdateMailbox": ("mailbox_id", "subscription_period", "new_password"),
    "CreateMailboxAlias": ("mailbox_id", "local_part", "description"),
    "RestoreMailbox": ("mailbox_id",),
}
OPTIONAL = {
    "ListMailboxes": {"domain_id", "statuses", "search"},
    "UpdateMailbox": {"subscription_period", "new_password"},
    "CreateMailboxAlias": {"description"},
}
MAILBOX_ANSWERS = ("GetMailbox", "DeleteMailbox", "UpdateMailbox", "RestoreMailbox")


@pytest.fixture(scope="module")
def client() -> zeep.Client:
    return zeep.Client(str(WSDL / "mailboxes.wsdl"), settings=zeep.Settings(strict=True))


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def definition(name: str) -> etree._Element:
    (found,) = (each for each in SCHEMA if each.get("name") == name)
    return found


def elements(name: str) -> dict[str | None, etree._Element]:
    return {each.get("name"): each for each in definition(name).iterfind(f".//{XS}element")}


def enumerated(name: str) -> list[str | None]:
    return [each.get("value") for each in definition(name).iter(f"{XS}enumeration")]


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_has_every_field_of_the_document(operation: str) -> None:
    has = elements(operation)
    for field in REQUESTS[operation]:
        assert pascal(field) in has
        if field in OPTIONAL.get(operation, ()):
            assert has[pascal(field)].get("minOccurs") == "0"


def test_answers_have_every_field_of_the_document() -> None:
    assert {pascal(field) for field in OF_A_MAILBOX} <= set(elements("Mailbox"))
    assert {pascal(field) for field in OF_AN_ALIAS} <= set(elements("MailboxAlias"))
    for operation in MAILBOX_ANSWERS:
        assert elements(f"{operation}Response")["Mailbox"].get("type") == "tns:Mailbox"
    assert "TotalCount" in elements("ListMailboxesResponse")


@pytest.mark.parametrize("name", ["Organization", "Domain", "User", "Mailbox", "MailboxAlias"])
def test_ids_are_uuids_and_times_are_times(name: str) -> None:
    for field, declared in elements(name).items():
        if str(field).endswith("Id"):
            assert declared.get("type") == "tns:Uuid"
        elif str(field).endswith("At"):
            assert declared.get("type") == "xs:dateTime"


def test_the_words_of_the_contract_are_those_of_the_server() -> None:
    assert enumerated("FaultCode") == sorted(code.value for code in Code)
    assert enumerated("SubscriptionPeriod") == [period.value for period in Period]
    assert enumerated("MailboxStatus") == [status.of_mailbox for status in AccountStatus]
    assert enumerated("UserState") == [status.of_user for status in AccountStatus]
    assert enumerated("OrderBy") == [each.value for each in OrderBy]


def test_every_text_and_every_list_of_a_request_is_bounded() -> None:
    wsdl = etree.parse(WSDL / "mailboxes.wsdl")
    asked = [each.get("name") for each in wsdl.iterfind("{*}portType/{*}operation")]
    pending, seen = [elements(str(name)) for name in asked], set()
    while pending:
        for declared in pending.pop().values():
            assert declared.get("maxOccurs", "1") != "unbounded"
            kind = str(declared.get("type"))
            assert kind in ("xs:int",) or kind.startswith("tns:"), declared.get("name")
            name = kind.removeprefix("tns:")
            if kind.startswith("tns:") and name not in seen:
                seen.add(name)
                pending.append(elements(name))
    for name in seen:
        simple = definition(name).find(f"{XS}restriction")
        assert simple is None or len(simple)


def test_zeep_declares_every_operation_wrapped(client: zeep.Client) -> None:
    operations = client.service._binding.all()
    assert len(operations) == 26
    for name, operation in operations.items():
        assert operation.style == "document"
        assert operation.soapaction == f"{MAILBOXES}:{name}"
        assert operation.input.body.qname.text == f"{{{MAILBOXES}}}{name}"
        assert operation.output.body.qname.text == f"{{{MAILBOXES}}}{name}Response"
        assert list(operation.faults) == ["ManagementFault"]


def test_zeep_writes_what_the_schema_allows(client: zeep.Client) -> None:
    written = client.create_message(
        client.service,
        "CreateMailboxes",
        DomainId="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        SubscriptionPeriod="yearly",
        Mailboxes={
            "Mailbox": [
                {"LocalPart": "a", "Password": "p", "Aliases": {"Alias": ["b", "c"]}},
                {"LocalPart": "d", "Password": "p", "SubscriptionPeriod": "monthly"},
            ]
        },
    )
    (content,) = written.find("{*}Body")
    schema = etree.XMLSchema(SCHEMA)
    schema.assertValid(etree.fromstring(etree.tostring(content)))


def test_the_address_to_replace_stands_once(client: zeep.Client) -> None:
    text = (WSDL / "mailboxes.wsdl").read_text()
    assert re.findall(r"http://localhost/\S*asmx", text) == ["http://localhost/EWS/Mailboxes.asmx"]


@pytest.mark.parametrize("page", ["managing-mailboxes-soap.md"])
def test_the_documentation_has_every_operation_and_every_code(
    client: zeep.Client, page: str
) -> None:
    text = (ROOT / "docs" / page).read_text()
    words = set(re.findall(r"`(\w+)`", text))
    assert set(client.service._binding.all()) <= words
    assert {code.value for code in Code} <= words
