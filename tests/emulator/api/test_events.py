"""The event log, by the control API: what is in it, and bare synthetic events."""

import pytest
import pytest_twisted

from ewspush.core.events import EventType
from ewspush.core.ids import Kind
from ewspush.core.notification import Notification
from ewspush.store import event_log, mailboxes
from ewspush.store.event_log import Window
from ewspush.wire import ids, notification
from support.control_api import ADDRESS
from support.schemas import microsoft_violations, our_violations

GONE = ids.encode(Kind.ITEM, 1, 12345)
GONE_FOLDER = ids.encode(Kind.FOLDER, 1, 12346)
NAMES = [each.element for each in EventType]


def rendered(api):
    """All of the log, as the one notification that tells it."""
    with api.emulator.database.read() as tx:
        owner = mailboxes.by_address(tx, ADDRESS)
        (excerpt,) = event_log.read(tx, [Window(owner.id, 0, 1000)])
    told = Notification(0, tuple(excerpt.events), excerpt.head, False)
    id = ids.encode(Kind.SUBSCRIPTION, owner.id, 1)
    return notification.render(told, owner.id, owner.watermark_base, id, "Exchange2010_SP2")


@pytest.mark.parametrize("folder_event", [False, True], ids=["item", "folder"])
@pytest.mark.parametrize("name", NAMES)
@pytest_twisted.ensureDeferred
async def test_an_event_of_any_type_is_logged_and_can_be_told(api, name, folder_event):
    new = {"type": name, "folder_event": folder_event}
    if name in ("MovedEvent", "CopiedEvent"):
        new |= {"old_id": GONE_FOLDER if folder_event else GONE, "old_folder": "drafts"}
    event = await api.create(f"{api.mailbox}/events", new)
    log = await api.get(f"{api.mailbox}/events")
    assert log == {"events": [event], "head": 1, "floor": 0}
    assert (event["type"], event["folder_event"], event["sequence"]) == (name, folder_event, 1)
    assert ids.decode(event["id"]).kind is (Kind.FOLDER if folder_event else Kind.ITEM)
    await api.refuse(404, "GET", f"{api.mailbox}/messages/{event['id']}")
    envelope = rendered(api)
    assert name.encode() in envelope
    assert our_violations(envelope) == []
    assert not microsoft_violations(envelope)


@pytest_twisted.ensureDeferred
async def test_everything_of_an_event_can_be_said(api):
    item = await api.create(f"{api.mailbox}/items", {})
    listed = (await api.get(f"{api.mailbox}/folders"))["folders"]
    by_name = {each["name"]: each["id"] for each in listed}
    moved = await api.create(
        f"{api.mailbox}/events",
        {
            "type": "MovedEvent",
            "id": item["id"],
            "folder": "junkemail",
            "old_id": GONE,
            "old_folder": by_name["drafts"],
        },
    )
    assert (moved["id"], moved["old_id"]) == (item["id"], GONE)
    assert (moved["parent_id"], moved["old_parent_id"]) == (
        by_name["junkemail"],
        by_name["drafts"],
    )
    counted = await api.create(
        f"{api.mailbox}/events",
        {
            "type": "ModifiedEvent",
            "folder_event": True,
            "id": "inbox",
            "folder": "msgfolderroot",
            "unread_count": 2**31 - 1,
        },
    )
    assert (counted["id"], counted["unread_count"]) == (by_name["inbox"], 2**31 - 1)
    assert our_violations(rendered(api)) == []


@pytest.mark.parametrize(
    ("status", "field", "body"),
    [
        (400, "type", {}),
        (400, "type", {"type": "StatusEvent"}),
        (400, "unread_count", {"type": "ModifiedEvent", "unread_count": 1}),
        (400, "unread_count", {"type": "NewMailEvent", "folder_event": True, "unread_count": 1}),
        (400, "unread_count", {"type": "ModifiedEvent", "folder_event": True, "unread_count": -1}),
        (400, "old_id", {"type": "MovedEvent"}),
        (400, "old_folder", {"type": "CopiedEvent", "old_id": GONE}),
        (400, "old_id", {"type": "CopiedEvent", "old_folder": "inbox"}),
        (400, "old_folder", {"type": "CreatedEvent", "old_folder": "inbox"}),
        (400, "old_id", {"type": "CreatedEvent", "old_id": GONE}),
        (400, "id", {"type": "CreatedEvent", "id": GONE_FOLDER}),
        (400, "id", {"type": "CreatedEvent", "id": "inbox"}),
        (400, "id", {"type": "CreatedEvent", "id": ids.encode(Kind.ITEM, 99, 1)}),
        (400, "id", {"type": "CreatedEvent", "folder_event": True, "id": GONE}),
        (400, "old_id", {"type": "MovedEvent", "old_id": GONE_FOLDER, "old_folder": "inbox"}),
        (404, "folder", {"type": "CreatedEvent", "folder": "nowhere"}),
        (404, "old_folder", {"type": "MovedEvent", "old_id": GONE, "old_folder": GONE_FOLDER}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_event_that_could_not_be_told_is_refused(api, status, field, body):
    refusal = await api.refuse(status, "POST", f"{api.mailbox}/events", body)
    assert refusal["field"] == field
    assert (await api.get(f"{api.mailbox}/events"))["head"] == 0


@pytest_twisted.ensureDeferred
async def test_the_log_is_read_on_from_a_sequence(api):
    for _ in range(2):
        await api.create(f"{api.mailbox}/mail", {})
    whole = (await api.get(f"{api.mailbox}/events"))["events"]
    assert [each["sequence"] for each in whole] == [1, 2, 3, 4, 5, 6]
    page = await api.get(f"{api.mailbox}/events?after=2&limit=3")
    assert (page["events"], page["head"]) == (whole[2:5], 6)
    for after in (6, 7, 2**63 - 1):
        assert (await api.get(f"{api.mailbox}/events?after={after}"))["events"] == []


@pytest_twisted.ensureDeferred
async def test_events_that_were_purged_are_below_the_floor(api):
    await api.create(f"{api.mailbox}/mail", {})
    await api.post("/time/advance", {"by": "P31D"})
    await api.create(f"{api.mailbox}/mail", {})
    log = await api.get(f"{api.mailbox}/events")
    assert (log["floor"], log["head"]) == (3, 6)
    assert [each["sequence"] for each in log["events"]] == [4, 5, 6]
