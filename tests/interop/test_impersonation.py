"""ExchangeImpersonation by exchangelib 5.6 (`access_type=IMPERSONATION`)."""

import pytest
from exchangelib import BASIC, DELEGATE, IMPERSONATION, Account, Configuration, Credentials, errors
from exchangelib.properties import CreatedEvent, ModifiedEvent, NewMailEvent
from exchangelib.protocol import BaseProtocol, CachingProtocol
from exchangelib.services import SendNotification


@pytest.fixture
def service(server, mailbox):
    """The mailbox of an account that acts for others."""
    return server.add_mailbox(f"service.{mailbox.address}")


@pytest.fixture
def open_account(server, service, checking_adapter, monkeypatch):
    """Opens a mailbox by the service account; every exchange with the server is checked."""
    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", checking_adapter)

    def open_account(address, access_type=IMPERSONATION, auth_type=BASIC):
        return Account(
            address,
            access_type=access_type,
            autodiscover=False,
            config=Configuration(
                service_endpoint=server.url(),
                credentials=Credentials(service.address, service.password),
                auth_type=auth_type,
            ),
        )

    yield open_account
    CachingProtocol.clear_cache()


@pytest.fixture
def grant(server, service):
    """Lets the service account act for these mailboxes, or for all."""
    return lambda *of: server.control.call(
        "impersonation.grant", account=service.address, of=list(of) or None
    )


@pytest.fixture
def revoke(server, service):
    return lambda: server.control.call("impersonation.revoke", account=service.address, of=None)


@pytest.mark.parametrize("auth_type", [BASIC, None], ids=["basic", "probing"])
def test_it_finds_the_folders_of_the_impersonated_mailbox(
    open_account, mailbox, service, grant, auth_type
):
    grant(mailbox.address)
    account = open_account(mailbox.address, auth_type=auth_type)
    own = open_account(service.address, access_type=DELEGATE)
    assert account.inbox.name == own.inbox.name == "Inbox"
    assert account.inbox.id != own.inbox.id
    assert account.sent.parent_folder_id.id == account.inbox.parent_folder_id.id


def test_a_delivery_to_the_impersonated_mailbox_is_told(
    server, mailbox, open_account, grant, responder
):
    grant()
    account = open_account(mailbox.address)
    id, _ = account.inbox.subscribe_to_push(responder.url())
    server.deliver(mailbox)
    responder.wait_for_new_mails(1)
    (notification,) = SendNotification(protocol=None).parse(responder.pushes[-1].body)
    assert notification.subscription_id == id
    assert [type(event) for event in notification.events] == [
        CreatedEvent,
        NewMailEvent,
        ModifiedEvent,
    ]
    assert notification.events[0].parent_folder_id.id == account.inbox.id
    account.inbox.unsubscribe(id)


def test_mailboxes_side_by_side_do_not_mix(
    server, mailbox, service, open_account, grant, responder
):
    other = server.add_mailbox(f"other.{mailbox.address}")
    grant(mailbox.address, other.address)
    accounts = [open_account(each) for each in (mailbox.address, other.address, service.address)]
    subscribed = [account.inbox.subscribe_to_push(responder.url())[0] for account in accounts]
    owners = [server.subscription(id)["mailbox"] for id in subscribed]
    assert owners == [mailbox.address, other.address, service.address]
    with pytest.raises(errors.ErrorSubscriptionAccessDenied):
        accounts[1].inbox.unsubscribe(subscribed[0])


@pytest.mark.parametrize(
    ("rights", "error"),
    [
        (None, errors.ErrorImpersonateUserDenied),
        (["service"], errors.ErrorImpersonateUserDenied),
        ([], errors.ErrorNonExistentMailbox),
    ],
    ids=["no right", "by name", "all"],
)
def test_a_mailbox_that_is_none_is_a_typed_error(open_account, service, grant, rights, error):
    if rights is not None:
        grant(*[service.address for _ in rights])
    account = open_account("nobody@example.com")
    with pytest.raises(error):
        _ = account.inbox.name


def test_a_right_that_is_taken_back_ends_at_once(mailbox, open_account, grant, revoke):
    account = open_account(mailbox.address)
    with pytest.raises(errors.ErrorImpersonateUserDenied):
        _ = account.inbox.name
    grant(mailbox.address)
    inbox = account.inbox
    inbox.refresh()
    revoke()
    with pytest.raises(errors.ErrorImpersonateUserDenied):
        inbox.refresh()


def test_a_delegate_is_not_an_impersonator(mailbox, open_account, grant):
    """Without the header it is the service account that asks, whatever its rights."""
    grant()
    account = open_account(mailbox.address, access_type=DELEGATE)
    with pytest.raises(errors.ErrorAccessDenied):
        _ = account.inbox.name


def test_the_log_tells_both_accounts(server, mailbox, service, open_account, grant):
    grant(mailbox.address)
    assert open_account(mailbox.address).inbox.name
    line = server.log.wait_for("ews.impersonated", lambda line: line["mailbox"] == mailbox.address)
    assert (line["account"], line["operation"]) == (service.address, "GetFolder")
