"""Messages and items, by the control API."""

from base64 import b64encode

import pytest
import pytest_twisted

from support.control_api import ADDRESS
from support.running_server import MESSAGE


async def types(api, after=0):
    """The events since then, as what a reader of the log sees of them."""
    log = await api.get(f"{api.mailbox}/events?after={after}")
    return [each["type"] for each in log["events"]]


async def inbox(api, name="inbox"):
    listed = await api.get(f"{api.mailbox}/messages?folder={name}")
    return listed["messages"]


@pytest_twisted.ensureDeferred
async def test_a_message_arrives_as_it_is_written(api):
    answer = await api.ask(
        "POST", f"{api.mailbox}/mail", content=MESSAGE, headers={"Content-Type": "message/rfc822"}
    )
    assert answer.status == 201
    item = answer.json
    shown = await api.get(f"{api.mailbox}/messages/{item['id']}")
    assert shown["mime"].encode() == MESSAGE
    assert shown["headers"] == [
        ["From", "Shop <orders@example.com>"],
        ["To", "user@example.com"],
        ["Subject", "Order 1001"],
    ]
    assert {name: shown[name] for name in item} == item
    assert (item["subject"], item["from"]) == ("Order 1001", "Shop <orders@example.com>")
    assert (item["folder"], item["is_read"], item["size"]) == ("inbox", False, len(MESSAGE))
    assert await types(api) == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]


@pytest_twisted.ensureDeferred
async def test_a_message_is_made_of_simple_fields(api):
    item = await api.create(
        f"{api.mailbox}/mail",
        {
            "from": "Zoë <zoe@example.com>",
            "to": ["ann@example.org", "Bob <bob@example.org>"],
            "cc": "carol@example.org",
            "subject": "Grüße",
            "text": "plain",
            "html": "<p>rich</p>",
            "headers": {"X-Order": "1001", "List-Id": "<orders.example.com>"},
            "attachments": [
                {
                    "name": "ü.pdf",
                    "content_type": "application/pdf",
                    "content": b64encode(b"%PDF").decode(),
                }
            ],
        },
    )
    assert (item["subject"], item["from"]) == ("Grüße", "Zoë <zoe@example.com>")
    assert item["has_attachments"]
    shown = await api.get(f"{api.mailbox}/messages/{item['id']}")
    headers = dict(shown["headers"])
    assert headers["X-Order"] == "1001"
    assert headers["To"] == "ann@example.org, Bob <bob@example.org>"
    assert headers["Cc"] == "carol@example.org"
    assert "multipart/mixed" in headers["Content-Type"]
    assert "text/html" in shown["mime"]


@pytest_twisted.ensureDeferred
async def test_nothing_need_be_said_of_a_message(api):
    item = await api.create(f"{api.mailbox}/mail", {})
    assert (item["from"], item["subject"]) == ("Sender <sender@example.com>", "")
    shown = await api.get(f"{api.mailbox}/messages/{item['id']}")
    assert dict(shown["headers"])["To"] == ADDRESS


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "nobody"}, "from"),
        ({"from": "a@example.org, b@example.org"}, "from"),
        ({"from_": "a@example.org"}, "from_"),
        ({"to": ["a@example.org", "x y z"]}, "to"),
        ({"to": 5}, "to"),
        ({"to": ["a@example.org"] * 1001}, "to"),
        ({"subject": "two\nlines"}, "subject"),
        ({"text": "\x0b"}, "text"),
        ({"headers": {"Subject": "x"}}, "headers"),
        ({"headers": {"A B": "x"}}, "headers"),
        ({"headers": {"X": "a\r\nY: b"}}, "headers.X"),
        ({"attachments": [{"name": "a", "content": "?"}]}, "attachments[0].content"),
        ({"attachments": [{"content": ""}]}, "attachments[0].name"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_mail_that_cannot_be_is_refused_and_none_arrives(api, body, field):
    refusal = await api.refuse(400, "POST", f"{api.mailbox}/mail", body)
    assert refusal["field"] == field
    assert field in refusal["error"]
    assert await types(api) == []


@pytest_twisted.ensureDeferred
async def test_an_empty_message_is_refused(api):
    headers = {"Content-Type": "message/rfc822"}
    for content in (b"", b"\r\n"):
        answer = await api.ask("POST", f"{api.mailbox}/mail", content=content, headers=headers)
        assert (answer.status, answer.json["error"]) == (400, "the message is empty")


@pytest_twisted.ensureDeferred
async def test_messages_are_listed_newest_first_as_many_as_are_wanted(api):
    await api.post("/time/freeze")
    for subject in "abc":
        await api.create(f"{api.mailbox}/mail", {"subject": subject})
        await api.post("/time/advance", {"by": 1})
    assert [each["subject"] for each in await inbox(api)] == ["c", "b", "a"]
    listed = await api.get(f"{api.mailbox}/messages?limit=2")
    assert [each["subject"] for each in listed["messages"]] == ["c", "b"]
    assert await inbox(api, "drafts") == []
    refusal = await api.refuse(404, "GET", f"{api.mailbox}/messages?folder=nowhere")
    assert refusal["field"] == "folder"


@pytest_twisted.ensureDeferred
async def test_an_item_is_made_changed_moved_copied_and_deleted(api):
    items = f"{api.mailbox}/items"
    item = await api.create(items, {"subject": "draft", "html": "<p>x</p>", "is_read": False})
    assert (item["folder"], item["is_read"], item["from"]) == ("drafts", False, None)
    changes = {
        "subject": "better",
        "is_read": True,
        "categories": ["Red", "Blue"],
        "importance": "High",
    }
    for _ in range(2):
        changed = await api.patch(f"{items}/{item['id']}", changes)
        assert {name: changed[name] for name in changes} == changes
    assert (await api.patch(f"{items}/{item['id']}", {"categories": []}))["categories"] == []
    copy = await api.post(f"{items}/{item['id']}/copy", {"folder": "inbox"})
    moved = await api.post(f"{items}/{item['id']}/move", {"folder": "junkemail"})
    assert (copy["folder"], moved["folder"]) == ("inbox", "junkemail")
    assert len({item["id"], copy["id"], moved["id"]}) == 3
    await api.refuse(404, "POST", f"{items}/{item['id']}/move", {"folder": "inbox"})
    await api.delete(f"{items}/{copy['id']}?disposal=deleteditems")
    assert [each["subject"] for each in await inbox(api, "deleteditems")] == ["better"]
    await api.delete(f"{items}/{moved['id']}?disposal=soft")
    (soft,) = await inbox(api, "recoverableitemsdeletions")
    await api.delete(f"{items}/{soft['id']}")
    await api.refuse(404, "DELETE", f"{items}/{soft['id']}")
    assert {*await types(api)} == {
        *("CreatedEvent", "ModifiedEvent", "CopiedEvent", "MovedEvent", "DeletedEvent")
    }


@pytest_twisted.ensureDeferred
async def test_counts_of_folders_follow(api):
    item = await api.create(f"{api.mailbox}/mail", {})
    await api.patch(f"{api.mailbox}/items/{item['id']}", {"is_read": True})
    await api.create(f"{api.mailbox}/mail", {})
    listed = await api.get(f"{api.mailbox}/folders")
    counts = {each["name"]: (each["total"], each["unread"]) for each in listed["folders"]}
    assert (counts["inbox"], counts["drafts"]) == ((2, 1), (0, 0))


@pytest.mark.parametrize(
    ("item_class", "home"),
    [
        ("IPM.Note.Mine", "drafts"),
        ("IPM.Appointment", "calendar"),
        ("IPM.Contact", "contacts"),
        ("IPM.DistList", "contacts"),
        ("IPM.Task", "tasks"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_item_is_made_where_its_class_is_at_home(api, item_class, home):
    items = f"{api.mailbox}/items"
    item = await api.create(items, {"item_class": item_class, "subject": "x", "text": "y"})
    assert (item["folder"], item["item_class"]) == (home, item_class)
    shown = await api.get(f"{api.mailbox}/messages/{item['id']}")
    assert shown["mime"].endswith("y\r\n")
    if home != "drafts":
        refused = {"item_class": item_class, "folder": "inbox"}
        assert "folder" in (await api.refuse(400, "POST", items, refused))["error"]


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "field"),
    [
        (400, "POST", "/items", {"text": "a", "html": "b"}, "html"),
        (400, "POST", "/items", {"item_class": ""}, "item_class"),
        (400, "POST", "/items", {"item_class": "ü"}, "item_class"),
        (404, "POST", "/items", {"folder": "nowhere"}, "folder"),
        (400, "PATCH", "/items/ID", {}, None),
        (400, "PATCH", "/items/ID", {"importance": "high"}, "importance"),
        (400, "PATCH", "/items/ID", {"is_read": "yes"}, "is_read"),
        (400, "PATCH", "/items/ID", {"categories": [""]}, "categories[0]"),
        (404, "PATCH", "/items/x", {"is_read": True}, None),
        (404, "POST", "/items/ID/move", {"folder": "ID"}, "folder"),
        (400, "POST", "/items/ID/copy", {}, "folder"),
        (400, "DELETE", "/items/ID?disposal=shred", None, "disposal"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_done_to_an_item_changes_nothing(
    api, status, method, path, body, field
):
    item = await api.create(f"{api.mailbox}/items", {"subject": "x"})
    if body and body.get("folder") == "ID":
        body = {"folder": item["id"]}
    before = await api.get(f"{api.mailbox}/events")
    place = f"{api.mailbox}{path.replace('ID', item['id'])}"
    assert (await api.refuse(status, method, place, body))["field"] == field
    assert await api.get(f"{api.mailbox}/events") == before


@pytest_twisted.ensureDeferred
async def test_an_item_of_another_mailbox_is_not_there(api):
    await api.create("/mailboxes", {"address": "bob@example.org"})
    item = await api.create("/mailboxes/bob@example.org/mail", {})
    await api.create(f"{api.mailbox}/mail", {})  # of the same number
    await api.refuse(404, "GET", f"{api.mailbox}/messages/{item['id']}")
