"""Subscribe and Unsubscribe, from bytes to bytes."""

import pytest

from ewspush.core import watermark
from ewspush.core.errors import InvalidWatermark
from ewspush.core.events import EventType
from ewspush.core.ids import Kind, ObjectId
from ewspush.endpoint.ews.types import ResponseMessageType, failure
from ewspush.operations import mail
from ewspush.operations.subscriptions import LONGEST_CALLER_DATA
from ewspush.wire import ids
from support.ews import ALL_TYPES, INBOX, NOW_S, get_folder, subscribe, unsubscribe


def messages(answer):
    return {
        child.tag.partition("}")[2]: child.text for child in answer.one("m:ResponseMessages")[0]
    }


def test_a_subscription_is_stored_as_it_was_asked_for(ews):
    answer = ews.ask(
        subscribe(
            folders=INBOX + '<t:DistinguishedFolderId Id="drafts"/>',
            types=("NewMailEvent", "MovedEvent"),
            more="<t:CallerData>mine</t:CallerData>",
        )
    )
    assert answer.status == 200
    (stored,) = ews.stored()
    assert stored.url == "http://responder.example/push?key=1&b=2"
    assert stored.wanted.types == {EventType.NEW_MAIL, EventType.MOVED}
    assert stored.wanted.folders is not None
    assert len(stored.wanted.folders) == 2
    assert stored.status_frequency_min == 5
    assert stored.caller_data == "mine"
    assert stored.created_at_s == NOW_S
    assert stored.server_version == "Exchange2010_SP2"
    assert answer.text("m:SubscriptionId") == ids.encode(
        Kind.SUBSCRIPTION, ews.mailbox.id, stored.number
    )


def test_caller_data_has_a_bound(ews):
    longest = "x" * LONGEST_CALLER_DATA
    assert ews.ask(subscribe(more=f"<t:CallerData>{longest}</t:CallerData>")).codes == ["NoError"]
    answer = ews.ask(subscribe(more=f"<t:CallerData>{longest}x</t:CallerData>"))
    assert answer.codes == ["ErrorInvalidSubscriptionRequest"]
    assert len(ews.stored()) == 1


def test_the_new_subscription_is_handed_to_the_caller(ews):
    (subscribed,) = ews.ask(subscribe()).reply.subscribed
    assert subscribed.subscription == ews.stored()[0]
    assert ews.ask(get_folder("inbox")).reply.subscribed == ()


def test_a_subscription_to_all_folders_and_all_types(ews):
    ews.ask(subscribe(folders="", types=ALL_TYPES, attributes='SubscribeToAllFolders=" true "'))
    (stored,) = ews.stored()
    assert stored.wanted.folders is None
    assert stored.wanted.types == set(EventType)


@pytest.mark.parametrize("spelling", ["1", "true", "0", "false"])
def test_folders_must_be_given_exactly_if_not_all_are_meant(ews, spelling):
    everything = spelling in ("1", "true")
    attributes = f'SubscribeToAllFolders="{spelling}"'
    refused = ews.ask(subscribe(folders=INBOX if everything else "", attributes=attributes))
    assert refused.codes == ["ErrorInvalidSubscriptionRequest"]
    assert ews.ask(subscribe(folders="" if everything else INBOX, attributes=attributes)).codes == [
        "NoError"
    ]


def test_a_folder_by_id_and_one_of_the_callers_address_are_its_own(ews):
    id = ews.ask(get_folder("inbox")).one("t:FolderId").get("Id")
    mailbox = "<t:Mailbox><t:EmailAddress>USER@example.com</t:EmailAddress></t:Mailbox>"
    folders = (
        f'<t:FolderId Id="{id}" ChangeKey="any"/>'
        f'<t:DistinguishedFolderId Id="drafts">{mailbox}</t:DistinguishedFolderId>'
    )
    assert ews.ask(subscribe(folders)).codes == ["NoError"]
    assert len(ews.stored()[0].wanted.folders) == 2


def distinguished(address):
    mailbox = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
    return f'<t:DistinguishedFolderId Id="inbox">{mailbox}</t:DistinguishedFolderId>'


REFUSED = {
    "malformed id": ('<t:FolderId Id="nonsense"/>', "ErrorInvalidIdMalformed"),
    "empty id": ('<t:FolderId Id=""/>', "ErrorInvalidIdEmpty"),
    "id of a subscription": (
        f'<t:FolderId Id="{ids.encode(Kind.SUBSCRIPTION, 1, 1)}"/>',
        "ErrorCannotUseItemIdForFolderId",
    ),
    "no such folder": (
        f'<t:FolderId Id="{ids.encode(Kind.FOLDER, 1, 999)}"/>',
        "ErrorFolderNotFound",
    ),
    "a folder this server does not have": (
        '<t:DistinguishedFolderId Id="voicemail"/>',
        "ErrorFolderNotFound",
    ),
    "another's folder": (
        distinguished("other@example.com"),
        "ErrorSubscriptionDelegateAccessNotSupported",
    ),
    "folders of two mailboxes": (
        INBOX + distinguished("other@example.com"),
        "ErrorInvalidSubscriptionRequest",
    ),
    "nobody's folder": (distinguished("nobody@example.com"), "ErrorNonExistentMailbox"),
    "an address that is none": (distinguished("nobody"), "ErrorNonExistentMailbox"),
    "a Mailbox without an address": (
        '<t:DistinguishedFolderId Id="inbox"><t:Mailbox/></t:DistinguishedFolderId>',
        "ErrorNonExistentMailbox",
    ),
}


@pytest.mark.parametrize(("folders", "code"), REFUSED.values(), ids=REFUSED)
def test_folders_that_cannot_be_subscribed_to(ews, folders, code):
    answer = ews.ask(subscribe(folders))
    assert (answer.status, answer.codes) == (200, [code])
    assert list(messages(answer)) == ["MessageText", "ResponseCode", "DescriptiveLinkKey"]
    assert messages(answer)["DescriptiveLinkKey"] == "0"
    assert ews.stored() == []
    assert answer.reply.subscribed == ()


def test_an_error_does_not_repeat_a_long_request(ews):
    answer = ews.ask(subscribe(distinguished("x" * 1_000_000)))
    assert answer.codes == ["ErrorNonExistentMailbox"]
    assert len(answer.reply.body) < 4000
    assert len(failure(ResponseMessageType, InvalidWatermark("x" * 5000)).MessageText) == 1000


def test_more_folders_than_can_be_looked_up_are_a_fault(ews):
    answer = ews.ask(subscribe(INBOX * 1001))
    assert (answer.status, answer.codes) == (500, ["ErrorDataSizeLimitExceeded"])
    assert ews.ask(subscribe(INBOX * 1000)).codes == ["NoError"]


def test_a_url_that_may_not_be_called_is_refused_with_the_reason(ews):
    answer = ews.ask(subscribe(url=""))
    assert answer.codes == ["ErrorInvalidPushSubscriptionUrl"]
    assert answer.text("m:MessageText") == "The push URL must begin with http."


def test_only_so_many_subscriptions_are_made(ews):
    codes = [ews.ask(subscribe()).codes for _ in range(4)]
    assert codes == [["NoError"]] * 3 + [["ErrorExceededSubscriptionCount"]]


@pytest.mark.parametrize("name", ["t:Watermark", "m:Watermark"])
def test_a_subscription_resumes_after_its_watermark(ews, name):
    before = ews.ask(subscribe()).text("m:Watermark")
    with ews.database.write() as tx:
        mail.deliver(tx, "user@example.com", b"Subject: hello\r\n\r\n", NOW_S)
    answer = ews.ask(subscribe(watermark=f"<{name}>{before}</{name}>"))
    assert answer.text("m:Watermark") == before
    assert sorted(each.acknowledged for each in ews.stored()) == [0, 0]
    assert ews.ask(subscribe()).text("m:Watermark") == watermark.encode(
        ews.mailbox.watermark_base, 3
    )


@pytest.mark.parametrize("text", ["ygwAAAAAAAA=", "nonsense", " "])
def test_a_watermark_of_something_else_is_refused(ews, text):
    answer = ews.ask(subscribe(watermark=f"<t:Watermark>{text}</t:Watermark>"))
    assert answer.codes == ["ErrorInvalidWatermark"]


def test_unsubscribe_ends_the_subscription_and_tells_after_the_commit(ews):
    id = ews.ask(subscribe()).text("m:SubscriptionId")
    answer = ews.ask(unsubscribe(id))
    assert (answer.status, answer.codes) == (200, ["NoError"])
    (stored,) = ews.stored()
    assert stored.over_at_s == NOW_S
    assert ews.unsubscribed == [ObjectId(Kind.SUBSCRIPTION, ews.mailbox.id, stored.number)]


def test_a_subscription_is_ended_once(ews):
    id = ews.ask(subscribe()).text("m:SubscriptionId")
    codes = [ews.ask(unsubscribe(id)).codes for _ in range(2)]
    assert codes == [["NoError"], ["ErrorSubscriptionNotFound"]]
    assert len(ews.unsubscribed) == 1


def test_anothers_subscription_is_not_touched(ews):
    id = ews.ask(subscribe(), ews.other).text("m:SubscriptionId")
    answer = ews.ask(unsubscribe(id))
    assert answer.codes == ["ErrorSubscriptionAccessDenied"]
    assert ews.stored(ews.other)[0].over_at_s is None
    assert ews.unsubscribed == []


def test_the_number_of_a_subscription_in_an_id_of_another_kind_is_not_its_id(ews):
    ews.ask(subscribe())
    (stored,) = ews.stored()
    answer = ews.ask(unsubscribe(ids.encode(Kind.ITEM, stored.mailbox, stored.number)))
    assert answer.codes == ["ErrorSubscriptionNotFound"]
    assert ews.stored() == [stored]


@pytest.mark.parametrize(
    "id",
    [
        "nonsense",
        " ",
        "hKJETtoAdi9PPW0tZDQ4MThmMDoVYB",
        ids.encode(Kind.SUBSCRIPTION, 1, 1),
        ids.encode(Kind.FOLDER, 1, 3),
        ids.encode(Kind.ITEM, 1, 3),
    ],
)
def test_what_is_no_subscription_id_is_not_found(ews, id):
    answer = ews.ask(unsubscribe(id))
    assert answer.codes == ["ErrorSubscriptionNotFound"]
