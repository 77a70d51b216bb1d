"""zeep drives every operation of the management service from the WSDL that the server serves."""

import smtplib
import time
from contextlib import closing
from itertools import count
from uuid import uuid4

import pytest
import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault, TransportError
from zeep.transports import Transport

from ewspush.core.directory import Administrator
from ewspush.settings import ServerSettings
from ewspush.store import administrators
from ewspush.store.database import Database
from ewspush.wire.namespaces import MAILBOXES
from support.ews import get_folder
from support.running_server import QUICK_HASH, QUICK_PASSWORD, EwsClient, Mailbox
from support.schemas import ROOT

PATH = "/EWS/Mailboxes.asmx"
PASSWORD = "correct horse"
MESSAGE = b"From: shop@example.com\r\nSubject: Order\r\n\r\nThank you\r\n"
INBOX = get_folder("inbox", shape="Default")
OPERATIONS = {
    "CreateOrganization", "ListOrganizations", "DeleteOrganization",
    "CreateDomain", "ListDomains", "DeleteDomain",
    "CreateUser", "DescribeUser", "ListUsers", "DisableUser", "EnableUser", "DeleteUser",
    "ChangePassword", "CreateMailboxes", "ListMailboxes", "GetMailbox", "UpdateMailbox",
    "DeleteMailbox", "RestoreMailbox", "CreateMailboxAlias", "ListMailboxAliases",
    "DeleteMailboxAlias", "GrantMailboxPermission", "RevokeMailboxPermission",
    "ListMailboxPermissions", "ListAuditRecords",
}  # fmt: skip

_numbers = count(1)


def add_administrator(server, organization_id=None):
    """An administrator put into the database, with a password that is verified quickly."""
    name = f"admin{next(_numbers)}"
    database = Database.open(f"sqlite:///{server.data / 'ewspush.db'}")
    with closing(database), database.write() as tx:
        new = Administrator(uuid4(), name, organization_id, int(time.time()))
        assert administrators.insert_administrator(tx, new, QUICK_HASH)
    return name


@pytest.fixture(scope="module")
def connect(server):
    """zeep clients, made from the WSDL that the server serves."""

    def connect(name, password=QUICK_PASSWORD):
        session = requests.Session()
        session.auth = (name, password)
        return zeep.Client(server.url(f"{PATH}?wsdl"), transport=Transport(session=session))

    return connect


@pytest.fixture(scope="module")
def administrator(server):
    return add_administrator(server)


@pytest.fixture(scope="module")
def client(connect, administrator):
    return connect(administrator)


@pytest.fixture
def service(client):
    return client.service


@pytest.fixture
def organization(service):
    return service.CreateOrganization(Alias=f"org{next(_numbers)}")


@pytest.fixture
def domain(service, organization):
    return service.CreateDomain(Name=f"d{next(_numbers)}.example", OrganizationId=organization.Id)


@pytest.fixture
def mailbox(service, domain):
    wanted = [{"LocalPart": "user", "Password": PASSWORD}]
    (created,) = service.CreateMailboxes(DomainId=domain.Id, Mailboxes={"Mailbox": wanted})
    return created


def detail_of(raised):
    """What a generator makes of the fault: its fields by name."""
    (fault,) = raised.value.detail
    assert fault.tag == f"{{{MAILBOXES}}}ManagementFault"
    return {etree.QName(each).localname: each.text for each in fault}


def opens(server, address, password=PASSWORD):
    """Whether the owner of a mailbox is let in."""
    answer = EwsClient(server, Mailbox(address, password)).send("POST", body=INBOX)
    assert answer.status in (200, 401)
    return answer.status == 200


def mails_of(server, address):
    """How many messages are in the Inbox."""
    answer = EwsClient(server, Mailbox(address, PASSWORD)).ask(INBOX)
    return int(answer.text("t:TotalCount"))


def refuses_mail_to(server, address):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as raised:
        server.deliver(Mailbox(address, ""), MESSAGE)
    ((code, _),) = raised.value.recipients.values()
    return code == 550


def test_the_wsdl_that_is_served_points_to_this_server_and_has_every_operation(server, client):
    assert client.service._binding_options["address"] == server.url(PATH)
    assert set(client.service._binding.all()) == OPERATIONS


# Every operation


def test_organizations(service, organization):
    assert organization.Status == "active"
    assert organization.Id in {each.Id for each in all_of(service.ListOrganizations)}
    deleted = service.DeleteOrganization(OrganizationId=organization.Id)
    assert deleted.Status == "deleted"
    assert deleted.DeletedAt.utcoffset().total_seconds() == 0
    assert organization.Id not in {each.Id for each in all_of(service.ListOrganizations)}


def all_of(list_organizations):
    listed = list_organizations(Page=1, PageSize=1000)
    found = listed.Organizations.Organization if listed.Organizations else []
    assert listed.TotalCount == len(found)
    return found


def test_domains(service, organization, domain):
    listed = service.ListDomains(OrganizationId=organization.Id)
    assert [each.Name for each in listed.Domains.Domain] == [domain.Name]
    assert service.DeleteDomain(DomainId=domain.Id).Id == domain.Id
    assert service.ListDomains(OrganizationId=organization.Id).Domains is None


def test_users(service, server, domain):
    user = service.CreateUser(
        DomainId=domain.Id, LocalPart="user", Password=PASSWORD, Name="Ursula"
    )
    assert (user.State, user.Name) == ("enabled", "Ursula")
    assert opens(server, user.Email)
    assert service.DisableUser(UserId=user.Id).State == "disabled"
    assert not opens(server, user.Email)
    assert service.EnableUser(UserId=user.Id).State == "enabled"
    assert service.ChangePassword(UserId=user.Id, Password="battery staple").Id == user.Id
    assert not opens(server, user.Email)
    assert opens(server, user.Email, "battery staple")
    listed = service.ListUsers(DomainId=domain.Id, States={"State": ["enabled"]})
    assert (listed.TotalCount, listed.Users.User[0].Id) == (1, user.Id)
    assert service.DeleteUser(UserId=user.Id).State == "deleted"
    assert service.DescribeUser(UserId=user.Id).State == "deleted"


def test_mailboxes(service, server, domain, mailbox):
    assert service.GetMailbox(MailboxId=mailbox.Id) == mailbox
    assert mailbox.CreatedAt.tzinfo is not None
    updated = service.UpdateMailbox(
        MailboxId=mailbox.Id, SubscriptionPeriod="yearly", NewPassword="battery staple"
    )
    periods = (updated.SubscriptionPeriod, updated.NextSubscriptionPeriod)
    assert periods == ("monthly", "yearly")
    assert opens(server, mailbox.Email, "battery staple")
    listed = service.ListMailboxes(
        DomainId=domain.Id,
        Statuses={"Status": ["active", "deleted"]},
        Search="use",
        OrderBy="created_at",
        Direction="descending",
        Page=1,
        PageSize=10,
    )
    assert listed.TotalCount == 1
    assert listed.Mailboxes.Mailbox == [updated]


def test_aliases(service, server, mailbox):
    alias = service.CreateMailboxAlias(MailboxId=mailbox.Id, LocalPart="sales", Description="all")
    assert (alias.MailboxId, alias.Description, alias.Status) == (mailbox.Id, "all", "active")
    assert service.ListMailboxAliases(MailboxId=mailbox.Id) == [alias]
    server.deliver(Mailbox(alias.Email, ""), MESSAGE)
    assert mails_of(server, mailbox.Email) == 1
    service.DeleteMailboxAlias(AliasId=alias.Id)
    assert service.ListMailboxAliases(MailboxId=mailbox.Id) is None
    assert refuses_mail_to(server, alias.Email)


def test_permissions(service, server, domain, mailbox):
    delegate = service.CreateUser(DomainId=domain.Id, LocalPart="helper", Password=PASSWORD)
    ids = {"MailboxId": mailbox.Id, "DelegateId": delegate.MailboxId}
    of_owner = (
        '<t:DistinguishedFolderId Id="inbox"><t:Mailbox>'
        f"<t:EmailAddress>{mailbox.Email}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
    )
    theirs = EwsClient(server, Mailbox(delegate.Email, PASSWORD))
    assert theirs.ask(get_folder(of_owner)).codes != ["NoError"]
    granted = service.GrantMailboxPermission(**ids)
    assert (granted.DelegateEmail, granted.Permission) == (delegate.Email, "full_access")
    assert service.ListMailboxPermissions(MailboxId=mailbox.Id) == [granted]
    assert theirs.ask(get_folder(of_owner)).codes == ["NoError"]
    service.RevokeMailboxPermission(**ids)
    assert service.ListMailboxPermissions(MailboxId=mailbox.Id) is None
    assert theirs.ask(get_folder(of_owner)).codes != ["NoError"]


def test_the_audit_log_says_who_did_what_from_where(service, administrator, mailbox):
    service.DeleteMailbox(MailboxId=mailbox.Id)
    listed = service.ListAuditRecords(Subject=f"mailbox {mailbox.Id}", PageSize=1)
    assert listed.TotalCount == 2
    (record,) = listed.AuditRecords.AuditRecord
    assert (record.Actor, record.Origin) == (administrator, "127.0.0.1")
    assert record.Action == "mailbox.delete"
    before, after = (
        {each.Name: each.Value for each in part.Value} for part in (record.Before, record.After)
    )
    assert (before["status"], after["status"]) == ("active", "deletion_scheduled")


def test_a_refusal_is_a_fault_with_code_field_and_what_is_allowed(service, domain):
    wanted = [{"LocalPart": "a", "Password": PASSWORD}, {"LocalPart": "b", "Password": "1"}]
    with pytest.raises(Fault) as raised:
        service.CreateMailboxes(DomainId=domain.Id, Mailboxes={"Mailbox": wanted})
    detail = detail_of(raised)
    assert detail["Message"] == raised.value.message
    assert (detail["Code"], detail["Field"]) == ("WeakPassword", "Mailboxes[2].Password")
    assert detail["Allowed"].startswith("8 to 1024 characters")


# The guide

GUIDE = (ROOT / "docs" / "managing-mailboxes-soap.md").read_text()
BY_DEFAULT = f"http://{ServerSettings().http}"


def block(begin):
    """What the guide has after these words, up to the end of a block."""
    return GUIDE.partition(f"{begin}\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def root(server):
    """The administrator of the guide."""
    password = "correct horse battery"
    server.control.call("admin.create", name="root", password=password)
    return Mailbox("root", password)


def test_the_example_for_zeep_prints_what_the_guide_says(server, root, capsys):
    example = block("```python")
    assert f'"{BY_DEFAULT}{PATH}?wsdl"' in example
    assert f'"{root.password}"' in example
    exec(example.replace(BY_DEFAULT, server.url("")), {})
    assert capsys.readouterr().out == block("prints\n\n```")


def test_the_example_for_curl_is_answered(server, root):
    command, _, body = block("## With curl\n\n```sh").partition(" -d '\n")
    assert command == f"curl -u root -H 'Content-Type: text/xml' {BY_DEFAULT}{PATH}"
    envelope = body.rstrip().removesuffix("'").encode()
    answer = EwsClient(server, root).send("POST", PATH, envelope, {"Content-Type": "text/xml"})
    assert answer.status == 200
    assert b"ListDomainsResponse" in answer.body


# The whole life of a mailbox


def test_a_mailbox_through_its_whole_life(service, server, domain, mailbox):
    id, address = mailbox.Id, mailbox.Email
    server.deliver(Mailbox(address, ""), MESSAGE)
    alias = service.CreateMailboxAlias(MailboxId=id, LocalPart="sales")
    server.deliver(Mailbox(alias.Email, ""), MESSAGE)
    assert mails_of(server, address) == 2

    deleted = service.DeleteMailbox(MailboxId=id)
    assert deleted.Status == "deletion_scheduled"
    assert (deleted.DeletionScheduledAt - deleted.UpdatedAt).days == 30
    assert not opens(server, address)
    assert refuses_mail_to(server, address)
    assert refuses_mail_to(server, alias.Email)

    assert service.RestoreMailbox(MailboxId=id).Status == "active"
    assert mails_of(server, address) == 2
    server.deliver(Mailbox(alias.Email, ""), MESSAGE)
    assert mails_of(server, address) == 3

    service.DeleteUser(UserId=mailbox.UserId)
    assert not opens(server, address)
    assert refuses_mail_to(server, address)
    assert service.GetMailbox(MailboxId=id).Status == "deleted"
    with pytest.raises(Fault) as raised:
        service.RestoreMailbox(MailboxId=id)
    assert detail_of(raised)["Code"] == "UserNotInDirectory"

    again = service.CreateUser(DomainId=domain.Id, LocalPart="user", Password=PASSWORD)
    assert again.Email == address
    assert again.Id != mailbox.UserId
    assert again.MailboxId != id
    assert mails_of(server, address) == 0
    with pytest.raises(Fault) as raised:
        service.RestoreMailbox(MailboxId=id)
    assert detail_of(raised)["Code"] == "UserRecreated"


def test_a_deleted_organizations_mailboxes_are_closed(service, server, organization, mailbox):
    service.DeleteOrganization(OrganizationId=organization.Id)
    assert not opens(server, mailbox.Email)
    assert refuses_mail_to(server, mailbox.Email)
    with pytest.raises(Fault) as raised:
        service.EnableUser(UserId=mailbox.UserId)
    assert detail_of(raised)["Code"] == "OrganizationDeleted"


# Who may


def test_the_owner_of_a_mailbox_is_no_administrator(server, connect, mailbox):
    with pytest.raises(TransportError) as raised:
        connect(mailbox.Email, PASSWORD).service.ListOrganizations()
    assert raised.value.status_code == 401


def test_an_administrator_reads_no_mail_by_that_right(server, administrator):
    for path in ("/EWS/Exchange.asmx", "/autodiscover/autodiscover.svc"):
        answer = EwsClient(server, Mailbox(administrator, QUICK_PASSWORD)).send(
            "POST", path, body=INBOX
        )
        assert answer.status == 401


@pytest.mark.parametrize("name", [None, "", "nobody", "not a name"])
def test_who_has_no_right_credentials_is_asked_for_them(server, administrator, name):
    who = None if name is None else Mailbox(name or administrator, "wrong")
    answer = EwsClient(server, who).send("POST", PATH, body=b"<x/>")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="ewspush"'
    assert answer.body == b"The name and password of an administrator are needed.\n"


def test_an_administrator_of_one_organization_manages_that_one(
    server, connect, service, organization, domain
):
    limited = connect(add_administrator(server, organization_id=uuid_of(organization))).service
    listed = limited.ListOrganizations()
    assert [each.Id for each in listed.Organizations.Organization] == [organization.Id]
    created = limited.CreateDomain(Name=f"d{next(_numbers)}.example")
    assert created.OrganizationId == organization.Id
    other = service.CreateOrganization(Alias=f"org{next(_numbers)}")
    with pytest.raises(Fault) as raised:
        limited.ListDomains(OrganizationId=other.Id)
    assert detail_of(raised)["Code"] == "OrganizationNotFound"


def uuid_of(organization):
    return type(uuid4())(organization.Id)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("GET", f"{PATH.lower()}?WSDL", 200),
        ("GET", "/EWS/Mailboxes.wsdl", 200),
        ("GET", "/EWS/mailboxes.xsd", 200),
    ],
)
def test_what_else_is_served_there(server, method, path, status):
    assert EwsClient(server).send(method, path).status == status


def test_forwarding_headers_are_not_believed(server, service, administrator, mailbox):
    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    body = (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<DeleteMailbox xmlns="{MAILBOXES}"><MailboxId>{mailbox.Id}</MailboxId></DeleteMailbox>'
        "</s:Body></s:Envelope>"
    )
    client = EwsClient(server, Mailbox(administrator, QUICK_PASSWORD))
    assert client.send("POST", PATH, body.encode(), headers).status == 200
    listed = service.ListAuditRecords(Subject=f"mailbox {mailbox.Id}", PageSize=1)
    assert listed.AuditRecords.AuditRecord[0].Origin == "127.0.0.1"


def test_the_log_says_who_asked_for_what_and_has_no_password(server, administrator, mailbox):
    line = server.log.wait_for("mailboxes.answered", lambda each: each["operation"])
    assert line["administrator"].startswith("admin")
    assert line["origin"] == "127.0.0.1"
    assert PASSWORD not in server.log.text
    assert QUICK_PASSWORD not in server.log.text
