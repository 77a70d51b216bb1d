"""ews-javascript-api finds the service, people and ids, and acts for others."""

import pytest

from support.javascript import JavascriptAccount, JavascriptError


def test_the_service_is_discovered_by_the_address_alone(
    program, tls_server, tls_mailbox, certificate
):
    """Every host is this server, which has a certificate of an authority that is trusted."""
    ca_file, *_ = certificate
    host, port = tls_server.http
    account = JavascriptAccount(
        program, None, tls_mailbox, server={"ca": ca_file, "host": host, "port": port}
    )
    domain = tls_mailbox.address.partition("@")[2]
    url = account.discover(address=tls_mailbox.address)
    assert url == f"https://autodiscover.{domain}/EWS/Exchange.asmx"
    assert account.bindFolder(folder="Inbox")["DisplayName"] == "Inbox"


def test_a_wrong_password_is_said_at_once(open_account, mailbox):
    account = open_account(mailbox, password="wrong")
    with pytest.raises(JavascriptError) as refused:
        account.bindFolder(folder="Inbox")
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "version",
    ["Exchange2007_SP1", "Exchange2010", "Exchange2010_SP2", "Exchange2013", "Exchange2016"],
)
def test_every_version_of_the_library_is_served(open_account, mailbox, server, version):
    account = open_account(mailbox, version=version)
    server.deliver(mailbox)
    (item,) = account.find(folder="Inbox")["items"]
    assert account.bind(id=item["Id"])["Subject"] == "Order 1001"


def test_names_are_resolved(account, mailbox):
    assert account.resolveName(name=mailbox.address) == [
        {"Name": mailbox.address.partition("@")[0], "Address": mailbox.address}
    ]
    assert account.resolveName(name="nobody.of.this.name") == []


def test_ids_are_converted_there_and_back(account, mailbox):
    id = account.bindFolder(folder="Inbox")["Id"]
    entry = account.convertId(id=id, source="EwsId", target="EntryId", mailbox=mailbox.address)
    assert (entry["format"], entry["mailbox"]) == ("EntryId", mailbox.address)
    back = account.convertId(
        id=entry["id"], source="EntryId", target="EwsId", mailbox=mailbox.address
    )
    assert back["id"] == id


def test_time_zones_are_told(account):
    names = {zone["Id"] for zone in account.timeZones()}
    assert {"UTC", "Pacific Standard Time", "W. Europe Standard Time"} < names


# Impersonation


@pytest.fixture
def service(server, mailbox):
    """The mailbox of an account that acts for others."""
    return server.add_mailbox(f"service.{mailbox.address}")


def test_a_service_acts_for_a_mailbox(server, mailbox, service, account, open_account):
    server.control.call("impersonation.grant", account=service.address, of=[mailbox.address])
    impersonating = open_account(service, impersonated=mailbox.address)
    inbox = impersonating.bindFolder(folder="Inbox")["Id"]
    assert inbox == account.bindFolder(folder="Inbox")["Id"]
    assert inbox != open_account(service).bindFolder(folder="Inbox")["Id"]
    impersonating.write(how="sendAndSaveCopy", subject="For you", to=[service.address])
    (sent,) = account.find(folder="SentItems")["items"]
    assert account.bind(id=sent["Id"])["From"]["Address"] == mailbox.address


def test_a_service_is_told_what_happens_in_a_mailbox(server, mailbox, service, open_account):
    server.control.call("impersonation.grant", account=service.address, of=None)
    impersonating = open_account(service, impersonated=mailbox.address)
    id = impersonating.subscribeToPull(folders=["Inbox"], types=["NewMail"])["id"]
    server.deliver(mailbox)
    assert len(impersonating.getEvents(id=id)["events"]) == 1
    impersonating.unsubscribe(id=id)


def test_nobody_acts_for_others_without_the_right(mailbox, service, open_account):
    impersonating = open_account(service, impersonated=mailbox.address)
    with pytest.raises(JavascriptError) as refused:
        impersonating.bindFolder(folder="Inbox")
    assert refused.value.code == "ErrorImpersonateUserDenied"
