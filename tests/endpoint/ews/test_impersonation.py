"""ExchangeImpersonation: requests that an account makes for another mailbox."""

import pytest
import structlog

from ewspush.endpoint.ews.folders import finding as folders
from ewspush.store import impersonation
from ewspush.store.impersonation import ALL
from support.ews import Ews, envelope, get_folder, replaced, subscribe, unsubscribe

OTHER = "<t:PrimarySmtpAddress>other@example.com</t:PrimarySmtpAddress>"


def block(identifier):
    """The header block around one way to name a mailbox."""
    return (
        f"<t:ExchangeImpersonation><t:ConnectingSID>{identifier}</t:ConnectingSID>"
        "</t:ExchangeImpersonation>"
    )


def with_header(request, header):
    """The request, which has no header, with one."""
    return replaced(request, "<soap:Body>", f"<soap:Header>{header}</soap:Header><soap:Body>")


def acting(request, identifier=OTHER):
    """The request, made for another mailbox."""
    return with_header(request, block(identifier))


def inbox_of(address):
    mailbox = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
    return f'<t:DistinguishedFolderId Id="inbox">{mailbox}</t:DistinguishedFolderId>'


def grant(ews, of, account=None):
    with ews.database.write() as tx:
        impersonation.grant(tx, (account or ews.mailbox).id, [of])


def revoke(ews, of):
    with ews.database.write() as tx:
        assert impersonation.revoke(tx, ews.mailbox.id, of)


@pytest.fixture
def allowed(ews):
    """user@example.com may act for other@example.com."""
    grant(ews, ews.other.id)
    return ews


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For tests that change nothing: user@example.com may act for all."""
    ews = Ews(tmp_path_factory.mktemp("ews"))
    grant(ews, ALL)
    yield ews
    ews.database.close()


def fault(answer):
    (code,) = answer.codes
    assert answer.status == 500
    assert answer.text("faultcode") == f"a:{code}"
    return code


# For whom a request is


def inbox(ews, mailbox):
    """The id of a mailbox's Inbox, as its owner is told it."""
    return ews.ask(get_folder("inbox"), mailbox).one("t:FolderId").get("Id")


@pytest.mark.parametrize(
    "identifier",
    [
        OTHER,
        "<t:SmtpAddress>other@example.com</t:SmtpAddress>",
        "<t:PrincipalName>other@example.com</t:PrincipalName>",
        "<t:SmtpAddress>\n  Other@Example.COM\n</t:SmtpAddress>",
        "<!-- who --><t:SmtpAddress>other@<!-- where -->example.com</t:SmtpAddress>",
    ],
    ids=["primary address", "address", "principal name", "otherwise written", "with comments"],
)
def test_a_mailbox_is_named_by_its_address(shared, identifier):
    answer = shared.ask(acting(get_folder("inbox"), identifier))
    assert (answer.status, answer.codes) == (200, ["NoError"])
    assert answer.one("t:FolderId").get("Id") == inbox(shared, shared.other)


def test_an_account_may_name_itself(ews):
    identifier = "<t:SmtpAddress>user@example.com</t:SmtpAddress>"
    answer = ews.ask(acting(get_folder("inbox"), identifier))
    assert answer.one("t:FolderId").get("Id") == inbox(ews, ews.mailbox)


def test_the_impersonated_mailbox_is_the_own_one_and_the_accounts_is_anothers(allowed):
    answer = allowed.ask(
        acting(
            get_folder(
                inbox_of("other@example.com"),
                f'<t:FolderId Id="{inbox(allowed, allowed.other)}"/>',
                inbox_of("user@example.com"),
                f'<t:FolderId Id="{inbox(allowed, allowed.mailbox)}"/>',
            )
        )
    )
    assert answer.codes == ["NoError", "NoError", "ErrorAccessDenied", "ErrorAccessDenied"]


def test_a_right_changes_nothing_without_the_header(allowed):
    assert allowed.ask(get_folder(inbox_of("other@example.com"))).codes == ["ErrorAccessDenied"]
    answer = allowed.ask(subscribe(inbox_of("other@example.com")))
    assert answer.codes == ["ErrorSubscriptionDelegateAccessNotSupported"]


def test_subscriptions_are_those_of_the_impersonated_mailbox(allowed):
    answer = allowed.ask(acting(subscribe(inbox_of("other@example.com"))))
    assert answer.codes == ["NoError"]
    assert allowed.stored() == []
    (stored,) = allowed.stored(allowed.other)
    assert [each.subscription for each in answer.reply.subscribed] == [stored]
    id = answer.text("m:SubscriptionId")
    # They are to be had by acting for it again, or by itself.
    assert allowed.ask(unsubscribe(id)).codes == ["ErrorSubscriptionAccessDenied"]
    with_header = allowed.ask(acting(unsubscribe(id)))
    assert with_header.codes == ["NoError"]
    again = allowed.ask(unsubscribe(id), allowed.other)
    assert again.codes == ["ErrorSubscriptionNotFound"]


def test_the_accounts_own_subscriptions_are_anothers_while_it_impersonates(allowed):
    id = allowed.ask(subscribe()).text("m:SubscriptionId")
    assert allowed.ask(acting(unsubscribe(id))).codes == ["ErrorSubscriptionAccessDenied"]
    assert allowed.ask(unsubscribe(id)).codes == ["NoError"]


PULL = envelope(
    "<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders='true'><t:EventTypes>"
    "<t:EventType>NewMailEvent</t:EventType></t:EventTypes><t:Timeout>5</t:Timeout>"
    "</m:PullSubscriptionRequest></m:Subscribe>"
)


def test_events_are_pulled_by_whoever_acts_for_the_mailbox(allowed):
    subscribed = allowed.ask(acting(PULL))
    assert subscribed.codes == ["NoError"]
    id, watermark = subscribed.text("m:SubscriptionId"), subscribed.text("m:Watermark")
    pull = envelope(
        f"<m:GetEvents><m:SubscriptionId>{id}</m:SubscriptionId>"
        f"<m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )
    assert allowed.ask(pull).codes == ["ErrorSubscriptionAccessDenied"]
    assert allowed.ask(acting(pull)).codes == ["NoError"]
    assert allowed.ask(pull, allowed.other).codes == ["NoError"]


def test_limits_are_those_of_the_impersonated_mailbox(allowed):
    for _ in range(3):
        assert allowed.ask(subscribe()).codes == ["NoError"]
    assert allowed.ask(subscribe()).codes == ["ErrorExceededSubscriptionCount"]
    for _ in range(3):
        assert allowed.ask(acting(subscribe())).codes == ["NoError"]
    assert allowed.ask(acting(subscribe())).codes == ["ErrorExceededSubscriptionCount"]
    assert allowed.ask(subscribe(), allowed.other).codes == ["ErrorExceededSubscriptionCount"]


# Who may not


NOBODY = "<t:SmtpAddress>nobody@example.com</t:SmtpAddress>"


@pytest.mark.parametrize("identifier", [OTHER, NOBODY], ids=["somebody", "nobody"])
def test_without_a_right_the_answer_does_not_tell_which_mailboxes_there_are(ews, identifier):
    answer = ews.ask(acting(subscribe(), identifier))
    assert fault(answer) == "ErrorImpersonateUserDenied"
    assert answer.text("faultstring") == answer.text("e:Message")
    assert answer.text("faultstring") == (
        "The account does not have permission to impersonate the requested user."
    )
    assert ews.stored() == ews.stored(ews.other) == []


def test_a_right_to_one_mailbox_is_none_to_another(ews):
    grant(ews, ews.mailbox.id, account=ews.other)
    assert fault(ews.ask(acting(get_folder("inbox")))) == "ErrorImpersonateUserDenied"
    assert fault(ews.ask(acting(get_folder("inbox"), NOBODY), ews.other)) == (
        "ErrorImpersonateUserDenied"
    )


def test_who_may_act_for_all_is_told_that_there_is_no_such_mailbox(shared):
    assert fault(shared.ask(acting(get_folder("inbox"), NOBODY))) == "ErrorNonExistentMailbox"


@pytest.mark.parametrize("is_all", [True, False], ids=["all", "named"])
def test_a_right_that_is_taken_back_ends_with_the_next_request(ews, is_all):
    of = ALL if is_all else ews.other.id
    request = acting(get_folder("inbox"))
    assert fault(ews.ask(request)) == "ErrorImpersonateUserDenied"
    grant(ews, of)
    assert ews.ask(request).codes == ["NoError"]
    revoke(ews, of)
    assert fault(ews.ask(request)) == "ErrorImpersonateUserDenied"


# What names nobody


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (block("<t:SID>S-1-5-21-1-2-3-1118</t:SID>"), "Mailboxes have no SID here"),
        (block("<t:SmtpAddress/>"), "SmtpAddress"),
        (block("<t:PrincipalName>  </t:PrincipalName>"), "is not of the form name@domain"),
        (block("<t:SmtpAddress>other</t:SmtpAddress>"), "'other' is not of the form name@domain"),
        (block(f"<t:SmtpAddress>{'x' * 5000}@a</t:SmtpAddress>"), "at most 64 octets"),
        (block(""), "incomplete content"),
        (block(OTHER + OTHER), "'PrimarySmtpAddress'"),
        (block("<t:EmailAddress>other@example.com</t:EmailAddress>"), "'EmailAddress'"),
        (block("other@example.com"), "text"),
        ("<t:ExchangeImpersonation/>", "incomplete content"),
        (f"<t:ExchangeImpersonation>{OTHER}</t:ExchangeImpersonation>", "'PrimarySmtpAddress'"),
    ],
    ids=[
        "SID", "empty", "blank", "no domain", "long", "nobody", "twice", "unknown", "text",
        "nothing", "without ConnectingSID",
    ],
)  # fmt: skip
def test_what_names_no_mailbox_is_a_fault_of_its_own(shared, header, why):
    answer = shared.ask(with_header(get_folder("inbox"), header))
    assert fault(answer) == "ErrorInvalidExchangeImpersonationHeaderData"
    assert why in answer.text("faultstring")


def test_two_headers_are_one_too_many(shared):
    header = block(OTHER) + block("<t:SmtpAddress>user@example.com</t:SmtpAddress>")
    assert fault(shared.ask(with_header(get_folder("inbox"), header))) == "ErrorDuplicateSOAPHeader"


def test_a_request_that_cannot_be_read_is_that_first(ews):
    assert fault(ews.ask(acting(envelope("<m:GetRooms/>")))) == "ErrorInvalidOperation"
    assert fault(ews.ask(acting(envelope("<m:GetFolder/>")))) == "ErrorSchemaValidation"


# The log


def test_the_log_tells_both_accounts_and_the_operation(allowed):
    with structlog.testing.capture_logs() as logged:
        allowed.ask(acting(subscribe()))
    assert logged == [
        {
            "event": "ews.impersonated",
            "log_level": "info",
            "account": "user@example.com",
            "mailbox": "other@example.com",
            "operation": "Subscribe",
        }
    ]


def test_a_bug_is_logged_with_both_accounts(allowed, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(folders, "in_shape", fail)
    with structlog.testing.capture_logs() as logged:
        answer = allowed.ask(acting(get_folder("inbox")))
    assert answer.codes == ["ErrorInternalServerError"]
    failed = logged[-1]
    assert (failed["event"], failed["account"], failed["mailbox"]) == (
        "ews.failed",
        allowed.mailbox.id,
        allowed.other.id,
    )
