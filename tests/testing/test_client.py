"""The client of the control API: what it asks for, what it makes of answers, and of refusals."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest

from ewspush.testing.client import EwsServer
from ewspush.testing.connection import EmulatorError, WaitTimedOut
from ewspush.testing.mailbox import Account, Attachment, EwsMailbox
from support.fake_control_api import FakeControlApi

AT = "2026-11-21T15:00:00.250Z"
AT_TIME = datetime(2026, 11, 21, 15, 0, 0, 250_000, tzinfo=UTC)
TIME = {"now": AT, "epoch_s": 1795273200.25, "frozen": False, "next_at": None}
MAILBOX = {"address": "ann+b@example.org", "status": "active", "ews_url": "http://h/EWS"}
BOX = "mailboxes/ann%2Bb%40example.org"
ITEM = {
    "id": "I/1=",
    "kind": "item",
    "folder": "inbox",
    "item_class": "IPM.Note",
    "subject": "Hello",
    "from": "Shop <orders@example.com>",
    "received_at": AT,
    "is_read": False,
    "importance": "Normal",
    "categories": ["Blue"],
    "size": 99,
    "has_attachments": True,
}
FOLDER = {
    "id": "F1",
    "kind": "folder",
    "name": "inbox",
    "display_name": "Inbox",
    "folder_class": "IPF.Note",
    "parent_id": "F0",
    "total": 2,
    "unread": 1,
    "children": 0,
}
EVENT = {
    "sequence": 5,
    "watermark": "w5",
    "type": "ModifiedEvent",
    "at": AT,
    "folder_event": True,
    "id": "F1",
    "parent_id": "F0",
    "old_id": None,
    "old_parent_id": None,
    "unread_count": 3,
}
SUBSCRIPTION = {
    "id": "S/1=",
    "kind": "push",
    "mailbox": "ann+b@example.org",
    "mailbox_disabled_at": None,
    "url": "http://127.0.0.1:9/",
    "folders": None,
    "event_types": ["NewMailEvent"],
    "status_frequency_min": 30,
    "caller_data": None,
    "created_at": AT,
    "phase": "retrying",
    "failures": 2,
    "acknowledged": 4,
    "watermark": "w4",
    "behind": 1,
    "over_at": None,
    "paused_at": None,
    "next": "retry",
    "next_at": AT,
    "gives_up_at": AT,
    "last_attempt": None,
}
ATTEMPT = {
    "number": 12,
    "subscription": "S/1=",
    "at": AT,
    "kind": "events",
    "events": 3,
    "more_events": False,
    "previous_watermark": "w1",
    "watermark": "w4",
    "outcome": "OK",
    "http_status": 200,
    "detail": "",
    "connect_ms": 0.1,
    "tls_ms": None,
    "first_byte_ms": 1.5,
    "total_ms": 2.0,
    "request": "<x/>",
    "answer": "<y/>",
}
STEERED = {"outcome": "OK", "detail": "", "http_status": 200, "ms": 2}
SUB = "subscriptions/S%2F1%3D"
FAULT = {"id": "7", "kind": "connect", "times": 3, "left": 2, "used": 1}


@pytest.fixture
def api():
    with FakeControlApi() as api:
        yield api


@pytest.fixture
def server(api):
    return EwsServer(api.url)


@pytest.fixture
def mailbox(api, server):
    api.answers["POST", "mailboxes"] = MAILBOX | {"password": "secret"}
    return server.create_mailbox("ann+b@example.org")


@pytest.fixture
def subscription(server):
    return server.subscription("S/1=")


# What is asked for

REQUESTS_OF_THE_SERVER = [
    (lambda s: s.reset(), "reset", {}, {}),
    (lambda s: s.advance("7m"), "time/advance", {"by": 420}, {"time": TIME, "attempts": 4}),
    (
        lambda s: s.advance(timedelta(days=30)),
        "time/advance",
        {"by": 2592000},
        {"time": TIME, "attempts": 4},
    ),
    (
        lambda s: s.advance_to(datetime(2027, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        "time/advance",
        {"to": "2027-01-01T00:00:00.000Z"},
        {"time": TIME, "attempts": 4},
    ),
    (lambda s: s.freeze(), "time/freeze", {}, TIME),
    (lambda s: s.resume(), "time/resume", {}, TIME),
    (
        lambda s: s.create_mailbox("a@b.c", "pw"),
        "mailboxes",
        {"address": "a@b.c", "password": "pw"},
        MAILBOX | {"password": "pw"},
    ),
    (
        lambda s: s.wait_until_idle(timeout_s=2),
        "wait",
        {"for": "nothing-pending", "timeout_s": 2},
        {},
    ),
    (lambda s: s.snapshot(), "snapshots", {}, {"id": "s1"}),
    (lambda s: s.restore("s/1"), "snapshots/s%2F1/restore", {}, {}),
]

REQUESTS_OF_A_MAILBOX = [
    (lambda m: m.reset(), "reset", {}, MAILBOX),
    (lambda m: m.disable(), "disable", {}, MAILBOX),
    (lambda m: m.restore(), "restore", {}, MAILBOX),
    (lambda m: m.deliver(), "mail", {}, ITEM),
    (
        lambda m: m.deliver(
            subject="Hello",
            text="Hi",
            html="<p>Hi",
            sender="ann@example.org",
            to="a@b.c",
            cc=("d@e.f", "g@h.i"),
            headers={"X-A": "1"},
            attachments=[Attachment("a.pdf", b"%PDF", "application/pdf"), Attachment("b", b"")],
        ),
        "mail",
        {
            "subject": "Hello",
            "text": "Hi",
            "html": "<p>Hi",
            "from": "ann@example.org",
            "to": ["a@b.c"],
            "cc": ["d@e.f", "g@h.i"],
            "headers": {"X-A": "1"},
            "attachments": [
                {
                    "name": "a.pdf",
                    "content": b64encode(b"%PDF").decode(),
                    "content_type": "application/pdf",
                },
                {"name": "b", "content": ""},
            ],
        },
        ITEM,
    ),
    (
        lambda m: m.create_item(folder="inbox", subject="A", is_read=False),
        "items",
        {"folder": "inbox", "subject": "A", "is_read": False},
        ITEM,
    ),
    (
        lambda m: m.move_item("I/1=", "junkemail"),
        "items/I%2F1%3D/move",
        {"folder": "junkemail"},
        ITEM,
    ),
    (lambda m: m.copy_item("I", "drafts"), "items/I/copy", {"folder": "drafts"}, ITEM),
    (
        lambda m: m.create_folder("Orders", parent="inbox"),
        "folders",
        {"display_name": "Orders", "parent": "inbox"},
        FOLDER,
    ),
    (lambda m: m.move_folder("F", "inbox"), "folders/F/move", {"parent": "inbox"}, FOLDER),
    (lambda m: m.copy_folder("F", "inbox"), "folders/F/copy", {"parent": "inbox"}, FOLDER),
    (
        lambda m: m.empty_folder("inbox", disposal="soft", subfolders=True),
        "folders/inbox/empty",
        {"disposal": "soft", "subfolders": True},
        {},
    ),
    (
        lambda m: m.add_event("ModifiedEvent", folder_event=True, unread_count=0),
        "events",
        {"type": "ModifiedEvent", "folder_event": True, "unread_count": 0},
        EVENT,
    ),
]


@pytest.mark.parametrize(("ask", "target", "body", "answer"), REQUESTS_OF_THE_SERVER)
def test_the_server_is_asked_in_json(api, server, ask, target, body, answer):
    api.answers["POST", target] = answer
    ask(server)
    assert (api.last.method, api.last.target, api.last.json) == ("POST", target, body)


@pytest.mark.parametrize(("ask", "target", "body", "answer"), REQUESTS_OF_A_MAILBOX)
def test_a_mailbox_is_asked_in_json(api, mailbox, ask, target, body, answer):
    target = f"{BOX}/{target}"
    api.answers["POST", target] = answer
    ask(mailbox)
    assert (api.last.method, api.last.target, api.last.json) == ("POST", target, body)


@pytest.mark.parametrize(
    ("ask", "method", "target", "body"),
    [
        (lambda m: m.show(), "GET", "", None),
        (lambda m: m.delete(), "DELETE", "", None),
        (lambda m: m.delete_item("I"), "DELETE", "/items/I?disposal=hard", None),
        (lambda m: m.delete_folder("F", "soft"), "DELETE", "/folders/F?disposal=soft", None),
        (lambda m: m.rename_folder("F", "B"), "PATCH", "/folders/F", {"display_name": "B"}),
        (
            lambda m: m.update_item("I", is_read=True, categories=["Blue"]),
            "PATCH",
            "/items/I",
            {"is_read": True, "categories": ["Blue"]},
        ),
        (lambda m: m.items("drafts", limit=5), "GET", "/messages?folder=drafts&limit=5", None),
        (lambda m: m.items(), "GET", "/messages?limit=1000", None),
        (lambda m: m.message("I"), "GET", "/messages/I", None),
        (lambda m: m.folders(), "GET", "/folders", None),
        (lambda m: m.events(after=4), "GET", "/events?after=4&limit=1000", None),
    ],
)
def test_a_mailbox_is_asked_by_other_methods(api, mailbox, ask, method, target, body):
    api.answers[method, f"{BOX}{target}"] = {
        **MAILBOX,
        **FOLDER,
        **ITEM,
        "headers": [["Subject", "Hello"]],
        "mime": "Subject: Hello",
        "messages": [ITEM],
        "folders": [FOLDER],
        "events": [EVENT],
    }
    ask(mailbox)
    assert (api.last.method, api.last.target) == (method, f"{BOX}{target}")
    assert api.last.body == b"" if body is None else api.last.json == body


def test_a_message_comes_in_as_it_is(api, mailbox):
    api.answers["POST", f"{BOX}/mail"] = ITEM
    mailbox.deliver(b"Subject: x\r\n\r\n\xff")
    assert api.last.body == b"Subject: x\r\n\r\n\xff"
    assert api.last.content_type == "message/rfc822"


def test_a_message_of_the_email_package_has_the_line_ends_of_mail(api, mailbox):
    api.answers["POST", f"{BOX}/mail"] = ITEM
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("one\ntwo\n")
    mailbox.deliver(message)
    assert b"one\r\ntwo\r\n" in api.last.body
    assert b"\n" not in api.last.body.replace(b"\r\n", b"")


def test_a_whole_message_and_fields_are_refused_together(mailbox):
    with pytest.raises(ValueError, match="its own subject, text"):
        mailbox.deliver(b"Subject: x", subject="y", text="z")


def test_a_mailbox_subscribes_with_the_minutes_that_ews_has(api, mailbox):
    api.answers["POST", "subscriptions"] = SUBSCRIPTION
    url = "http://127.0.0.1:9/"
    subscription = mailbox.subscribe(url, event_types=("NewMailEvent",), wait=False)
    assert subscription.id == "S/1="
    assert api.last.json == {
        "mailbox": "ann+b@example.org",
        "url": "http://127.0.0.1:9/",
        "event_types": ["NewMailEvent"],
        "status_frequency_min": 30,
    }


FIRST = {"for": "notification", "subscription": "S/1=", "after": 0, "timeout_s": 60}


@pytest.mark.parametrize(
    ("faults", "target", "body"),
    [
        ([], "wait", FIRST),
        ([{"kind": "delay"}], "time/advance", {"by": 0}),
        ([{"kind": "timeout", "url": "http://a:9/"}], "time/advance", {"by": 0}),
        ([{"kind": "timeout", "url": "http://b:9/"}], "wait", FIRST),
        ([{"kind": "timeout", "subscription": "other"}], "wait", FIRST),
        ([{"kind": "delay", "left": 0}], "wait", FIRST),
        ([{"kind": "batch"}, {"kind": "delay"}], "time/advance", {"by": 0}),
        ([{"kind": "connect"}, {"kind": "delay"}], "wait", FIRST),
    ],
)
def test_the_first_notification_is_waited_for_unless_it_waits_for_time_to_pass(
    api, mailbox, faults, target, body
):
    api.answers["GET", "faults"] = {"faults": [FAULT | each for each in faults]}
    api.answers["POST", "subscriptions"] = SUBSCRIPTION
    api.answers["POST", target] = {"attempt": ATTEMPT, "time": TIME, "attempts": 0}
    mailbox.subscribe("http://a:9")
    assert (api.last.target, api.last.json) == (target, body)


def test_a_first_notification_that_does_not_end_is_nothing_that_a_subscriber_is_told(api, mailbox):
    api.answers["GET", "faults"] = {"faults": []}
    api.answers["POST", "subscriptions"] = SUBSCRIPTION
    api.refuse(504, "no notification was attempted")
    assert mailbox.subscribe("http://a:9/").id == "S/1="


@pytest.mark.parametrize(
    ("ask", "target", "body"),
    [
        (lambda s: s.pause(), "pause", {}),
        (lambda s: s.resume(), "resume", {}),
        (lambda s: s.retry_now(), "retry-now", {}),
        (lambda s: s.heartbeat(), "heartbeat", {}),
        (lambda s: s.resend(), "resend", {}),
        (lambda s: s.resend("w1"), "resend", {"watermark": "w1"}),
    ],
)
def test_a_subscription_is_steered(api, subscription, ask, target, body):
    api.answers["POST", f"{SUB}/{target}"] = STEERED
    ask(subscription)
    assert (api.last.target, api.last.json) == (f"{SUB}/{target}", body)


def test_a_subscription_is_ended(api, subscription):
    subscription.end()
    assert (api.last.method, api.last.target) == ("DELETE", SUB)


@pytest.mark.parametrize(
    ("ask", "body"),
    [
        (lambda s: s.wait_until_idle(), {"for": "nothing-pending", "timeout_s": 5}),
        (lambda s: s.wait_until_parked(timeout_s=1), {"for": "parked", "timeout_s": 1}),
    ],
)
def test_a_subscription_is_waited_for(api, subscription, ask, body):
    api.answers["POST", "wait"] = {"subscription": SUBSCRIPTION}
    ask(subscription)
    assert api.last.json == body | {"subscription": "S/1="}


def test_each_notification_is_waited_for_once(api, subscription):
    api.answers["POST", "wait"] = {"attempt": ATTEMPT}
    assert subscription.wait_for_notification().number == 12
    assert api.last.json["after"] == 0
    subscription.wait_for_notification()
    assert api.last.json["after"] == 12


@pytest.mark.parametrize(
    ("inject", "body"),
    [
        (lambda f: f.fail_to_connect(times=3), {"kind": "connect", "times": 3}),
        (lambda f: f.fail_to_connect(), {"kind": "connect", "times": None}),
        (
            lambda f: f.time_out(url="http://a/"),
            {"kind": "timeout", "times": None, "url": "http://a/"},
        ),
        (
            lambda f: f.lose_answers(1, subscription="S1"),
            {"kind": "lost", "times": 1, "subscription": "S1"},
        ),
        (lambda f: f.delay("2s", 1), {"kind": "delay", "times": 1, "delay_s": 2}),
        (lambda f: f.small_batches(2), {"kind": "batch", "times": None, "batch": 2}),
        (lambda f: f.send_error(), {"kind": "error", "times": 1}),
        (
            lambda f: f.answer_requests_with("ErrorItemNotFound", operation="GetItem"),
            {
                "kind": "response-code",
                "times": None,
                "response_code": "ErrorItemNotFound",
                "operation": "GetItem",
            },
        ),
        (
            lambda f: f.answer_requests_with_fault("ErrorAccessDenied", mailbox="a@b.c"),
            {
                "kind": "soap-fault",
                "times": None,
                "response_code": "ErrorAccessDenied",
                "mailbox": "a@b.c",
            },
        ),
        (
            lambda f: f.be_busy(2, back_off_ms=500),
            {"kind": "busy", "times": 2, "back_off_ms": 500},
        ),
        (
            lambda f: f.be_busy(1, mailbox=EwsMailbox(None, "a@b.c", "http://h/EWS")),
            {"kind": "busy", "times": 1, "mailbox": "a@b.c"},
        ),
        (lambda f: f.be_unavailable(1), {"kind": "http-503", "times": 1}),
        (lambda f: f.drop_connections(1), {"kind": "drop", "times": 1}),
    ],
)
def test_faults_are_injected(api, server, inject, body):
    api.answers["POST", "faults"] = FAULT
    assert inject(server.faults).id == "7"
    assert api.last.json == body


def test_a_fault_of_a_subscription_takes_it_as_it_is(api, server, subscription):
    api.answers["POST", "faults"] = FAULT
    server.faults.fail_to_connect(subscription=subscription)
    assert api.last.json["subscription"] == "S/1="


def test_a_fault_ends_with_its_block(api, server):
    api.answers["POST", "faults"] = FAULT
    api.answers["GET", "faults"] = {"faults": [FAULT]}
    with server.faults.fail_to_connect():
        assert api.last.method == "POST"
    assert (api.last.method, api.last.target) == ("DELETE", "faults/7")


def test_a_fault_may_have_been_removed_before(api, server):
    api.answers["POST", "faults"] = FAULT
    fault = server.faults.fail_to_connect()
    api.refuse(404, "there is no fault 7")
    fault.remove()
    api.refuse(409, "not now")
    with pytest.raises(EmulatorError, match="not now"):
        fault.remove()


def test_all_faults_are_cleared(api, server):
    server.faults.clear()
    assert (api.last.method, api.last.target) == ("DELETE", "faults")


@pytest.mark.parametrize("end", [lambda f, s: f.remove(), lambda f, s: s.faults.clear()])
def test_how_often_a_fault_happened_is_known_when_it_was_removed(api, server, end):
    api.answers["POST", "faults"] = FAULT | {"used": 0, "left": 3, "url": "http://a/"}
    fault = server.faults.fail_to_connect(3, url="http://a/")
    assert repr(fault) == "<InjectedFault connect url='http://a/' times=3 used=0>"
    assert server.faults.removed() == []
    api.answers["GET", "faults"] = {"faults": [FAULT]}
    end(fault, server)
    api.answers["GET", "faults"] = {"faults": []}
    assert (fault.used, fault.left) == (1, 2)
    assert [each.used for each in server.faults.removed()] == [1]
    server.reset()
    assert server.faults.removed() == []


# What is told


def test_times_are_datetimes(api, server):
    api.answers["GET", "time"] = TIME | {"next_at": AT}
    assert server.time.now == server.time.next_at == AT_TIME
    api.answers["POST", "time/advance"] = {"time": TIME, "attempts": 4}
    advanced = server.advance(1)
    assert (advanced.time.now, advanced.attempts) == (AT_TIME, 4)


def test_the_status_tells_where_it_listens(api, server):
    told = {"version": "0.1", "http": "127.0.0.1:1", "lmtp": "127.0.0.1:2", "data": "memory"}
    api.answers["GET", ""] = told | {"ews_url": "http://h/EWS", "time": TIME}
    assert server.ews_url == "http://h/EWS"
    assert server.lmtp == "127.0.0.1:2"
    assert server.status().time.frozen is False


def test_a_mailbox_knows_all_that_a_client_needs(mailbox):
    assert mailbox.account == Account("ann+b@example.org", "secret", "http://h/EWS")


def test_the_password_of_somebody_elses_mailbox_is_not_known(api, server):
    api.answers["GET", "mailboxes?limit=1000"] = {"mailboxes": [MAILBOX]}
    (mailbox,) = server.mailboxes()
    assert isinstance(mailbox, EwsMailbox)
    with pytest.raises(ValueError, match="who creates a mailbox is told its password"):
        mailbox.account  # noqa: B018


def test_items_folders_and_events_have_types(api, mailbox):
    api.answers["GET", f"{BOX}/messages?limit=1000"] = {"messages": [ITEM]}
    api.answers["GET", f"{BOX}/folders"] = {"folders": [FOLDER]}
    api.answers["GET", f"{BOX}/events?after=0&limit=1000"] = {
        "events": [EVENT],
        "head": 5,
        "floor": 0,
    }
    (item,), (folder,), (event,) = mailbox.items(), mailbox.folders(), mailbox.events()
    assert (item.sender, item.received_at, item.size) == (ITEM["from"], AT_TIME, 99)
    assert (folder.display_name, folder.unread) == ("Inbox", 1)
    assert (event.at, event.unread_count) == (AT_TIME, 3)


def test_long_lists_are_read_to_their_end(api, subscription):
    attempts = [ATTEMPT | {"number": number} for number in range(1, 1002)]
    api.answers["GET", f"{SUB}/attempts?after=0&limit=1000"] = {"attempts": attempts[:1000]}
    api.answers["GET", f"{SUB}/attempts?after=1000&limit=1000"] = {"attempts": attempts[1000:]}
    assert [each.number for each in subscription.attempts()] == list(range(1, 1002))


def test_a_message_has_its_headers_and_its_source(api, mailbox):
    api.answers["GET", f"{BOX}/messages/I"] = ITEM | {"headers": [["A", "b"]], "mime": "A: b"}
    message = mailbox.message("I")
    assert (message.headers, message.mime) == ((("A", "b"),), "A: b")


def test_subscriptions_and_attempts_have_types(api, server, mailbox, subscription):
    listed = {"subscriptions": [SUBSCRIPTION]}
    api.answers["GET", "subscriptions?limit=1000&phase=retrying"] = listed
    api.answers["GET", f"{SUB}/attempts?after=0&limit=1000"] = {"attempts": [ATTEMPT]}
    api.answers["GET", SUB] = SUBSCRIPTION
    target = "subscriptions?limit=1000&mailbox=ann%2Bb%40example.org"
    api.answers["GET", target] = listed
    (shown,) = server.subscriptions(phase="retrying")
    assert shown == subscription.show()
    assert (shown.gives_up_at, subscription.phase) == (AT_TIME, "retrying")
    assert [each.id for each in mailbox.subscriptions()] == ["S/1="]
    (attempt,) = subscription.attempts()
    assert attempt.is_acknowledged
    assert attempt.request == "<x/>"


def test_a_fault_tells_how_often_it_was_used(api, server):
    api.answers["POST", "faults"] = FAULT
    api.answers["GET", "faults"] = {"faults": [FAULT]}
    fault = server.faults.fail_to_connect(3)
    assert (fault.show().used, fault.show().left) == (1, 2)
    assert [each.kind for each in server.faults.list()] == ["connect"]
    api.answers["GET", "faults"] = {"faults": []}
    with pytest.raises(EmulatorError, match="removed"):
        fault.show()


def test_a_value_that_is_missing_is_said(api, server):
    api.answers["GET", "time"] = {"now": AT}
    with pytest.raises(EmulatorError, match="has no epoch_s: is it of another version"):
        server.time  # noqa: B018


# What is refused


def test_a_refusal_is_told_in_the_words_of_the_server(api, server):
    api.refuse(400, "by should be positive", "by")
    with pytest.raises(EmulatorError, match=r"^by should be positive$") as refused:
        server.advance(1)
    assert (refused.value.status, refused.value.field) == (400, "by")


def test_what_did_not_happen_in_time_is_an_error_of_its_own(api, server):
    api.refuse(504, "3 events are pending")
    with pytest.raises(WaitTimedOut, match="3 events are pending"):
        server.wait_until_idle()


@pytest.mark.parametrize("answer", [(404, b"<html>"), (200, b"[]"), (500, b'"x"')])
def test_a_server_that_is_no_emulator_is_recognised(api, server, answer):
    api.otherwise = answer
    with pytest.raises(EmulatorError, match=r"is none of an emulator.*ewspush serve"):
        server.reset()


def test_an_emulator_that_has_gone_is_said():
    with FakeControlApi() as api:
        server = EwsServer(api.url)
    with pytest.raises(EmulatorError, match=r"does not answer: .*refused"):
        server.reset()


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "https://h", "http://", "http://h/emulator/"])
def test_a_url_that_is_none_of_an_emulator_is_refused(url):
    with pytest.raises(ValueError, match=r"like http://127\.0\.0\.1:8080"):
        EwsServer(url)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda m: m.subscribe(m, wait=False), r"url cannot be EwsMailbox\("),
        (lambda m: m.deliver("Hello"), "a whole message is bytes or .* not 'Hello'"),
        (lambda m: m.deliver(attachments=[b"x"]), r"is Attachment\(name, bytes\), not b'x'"),
        (lambda m: m.deliver(attachments=[Attachment("a", "x")]), r"\(name, bytes\), not Att"),
    ],
)
def test_a_value_of_another_type_is_refused_in_one_sentence(mailbox, ask, text):
    with pytest.raises(TypeError, match=text):
        ask(mailbox)


def test_one_folder_or_event_type_may_be_given_as_it_is(api, mailbox):
    api.answers["POST", "subscriptions"] = SUBSCRIPTION
    mailbox.subscribe("http://a/", folders="inbox", event_types="NewMailEvent", wait=False)
    assert api.last.json["folders"] == ["inbox"]
    assert api.last.json["event_types"] == ["NewMailEvent"]


def test_subscriptions_of_a_mailbox_are_asked_for_by_the_mailbox(api, server, mailbox):
    target = "subscriptions?limit=1000&mailbox=ann%2Bb%40example.org"
    api.answers["GET", target] = {"subscriptions": []}
    assert server.subscriptions(mailbox=mailbox) == []


def test_who_waits_on_an_event_loop_is_told_that_it_stood_still(api, server):
    api.refuse(504, "notifications were still pending")

    async def wait():
        server.wait_until_idle()

    with pytest.raises(WaitTimedOut, match=r"pending\. The event loop .*asyncio\.to_thread"):
        asyncio.run(wait())
    with pytest.raises(WaitTimedOut, match=r"pending$"):
        server.wait_until_idle()


def test_a_time_without_a_zone_is_refused(server):
    with pytest.raises(ValueError, match="time zone"):
        server.advance_to(datetime(2027, 1, 1))
