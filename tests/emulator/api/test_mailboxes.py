"""Mailboxes, by the control API."""

import pytest
import pytest_twisted

from ewspush.operations import passwords
from ewspush.store import mailboxes
from support.control_api import ADDRESS, path_of

BOB = "bob+o'n@exämple.org"


async def addresses(api, query=""):
    listed = await api.get(f"/mailboxes{query}")
    return [each["address"] for each in listed["mailboxes"]]


@pytest_twisted.ensureDeferred
async def test_a_mailbox_is_created_with_a_password(api):
    created = await api.create("/mailboxes", {"address": BOB, "password": "of bob's own"})
    shown = await api.get(path_of(BOB))
    assert created == {**shown, "password": "of bob's own"}
    assert shown == {
        "address": BOB,
        "status": "active",
        "ews_url": f"{api.base}/EWS/Exchange.asmx",
    }
    assert await addresses(api) == [ADDRESS, BOB]
    assert await addresses(api, "?limit=1") == [ADDRESS]
    assert await addresses(api, f"?after={ADDRESS}") == [BOB]
    await api.refuse(404, "GET", "/mailboxes?after=nobody@example.org")


@pytest_twisted.ensureDeferred
async def test_a_password_is_made_up_if_none_is_given(api):
    created = await api.create("/mailboxes", {"address": "carol@example.org"})
    with api.emulator.database.read() as tx:
        stored = mailboxes.by_address(tx, "carol@example.org")
    assert passwords.verify(stored.password_hash, created["password"])


@pytest.mark.parametrize(
    ("status", "body", "field"),
    [
        (409, {"address": "ANN@example.org"}, "address"),
        (400, {"address": "nobody"}, "address"),
        (400, {"address": "a@b@c.example"}, "address"),
        (400, {"address": 5}, "address"),
        (400, {"password": "p"}, "address"),
        (400, {"address": "x@example.org", "password": ""}, "password"),
        (400, {"address": "x@example.org", "password": "p" * 1025}, "password"),
        (400, {"address": "x@new.example", "name": "X"}, "name"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_no_new_mailbox_is_refused(api, status, body, field):
    assert (await api.refuse(status, "POST", "/mailboxes", body))["field"] == field
    assert await addresses(api) == [ADDRESS]


@pytest_twisted.ensureDeferred
async def test_a_mailbox_is_deleted_for_good_and_its_address_is_free(api):
    await api.delete(api.mailbox)
    await api.refuse(404, "DELETE", api.mailbox)
    await api.refuse(404, "GET", api.mailbox)
    assert await addresses(api) == []
    await api.create("/mailboxes", {"address": ADDRESS})
    assert (await api.get(f"{api.mailbox}/messages"))["messages"] == []


@pytest_twisted.ensureDeferred
async def test_a_mailbox_that_is_reset_is_as_it_was_with_its_password(api):
    def password_hash():
        with api.emulator.database.read() as tx:
            return mailboxes.by_address(tx, ADDRESS).password_hash

    before = password_hash()
    await api.create(f"{api.mailbox}/mail", {"subject": "gone"})
    await api.create(f"{api.mailbox}/folders", {"display_name": "gone"})
    for _ in range(2):
        assert (await api.post(f"{api.mailbox}/reset"))["address"] == ADDRESS
        assert (await api.get(f"{api.mailbox}/messages"))["messages"] == []
        assert (await api.get(f"{api.mailbox}/events"))["head"] == 0
        assert password_hash() == before
    assert await addresses(api) == [ADDRESS]


@pytest_twisted.ensureDeferred
async def test_a_disabled_mailbox_takes_nothing_until_it_is_restored(api):
    await api.create(f"{api.mailbox}/mail", {"subject": "before"})
    for _ in range(2):
        assert (await api.post(f"{api.mailbox}/disable"))["status"] == "disabled"
    refusal = await api.refuse(409, "POST", f"{api.mailbox}/mail", {})
    assert refusal["error"] == "The mailbox is disabled"
    assert len((await api.get(f"{api.mailbox}/messages"))["messages"]) == 1
    for _ in range(2):
        assert (await api.post(f"{api.mailbox}/restore"))["status"] == "active"
    await api.create(f"{api.mailbox}/mail", {})
    assert len((await api.get(f"{api.mailbox}/messages"))["messages"]) == 2


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/reset", None),
        ("POST", "/disable", None),
        ("POST", "/restore", None),
        ("POST", "/mail", {}),
        ("GET", "/messages", None),
        ("GET", "/messages/x", None),
        ("POST", "/items", {}),
        ("PATCH", "/items/x", {"is_read": True}),
        ("POST", "/items/x/move", {"folder": "inbox"}),
        ("POST", "/items/x/copy", {"folder": "inbox"}),
        ("DELETE", "/items/x", None),
        ("GET", "/folders", None),
        ("POST", "/folders", {"display_name": "x"}),
        ("PATCH", "/folders/x", {"display_name": "x"}),
        ("POST", "/folders/x/move", {"parent": "inbox"}),
        ("POST", "/folders/x/copy", {"parent": "inbox"}),
        ("POST", "/folders/x/empty", None),
        ("DELETE", "/folders/x", None),
        ("GET", "/events", None),
        ("POST", "/events", {"type": "NewMailEvent"}),
    ],
)
@pytest_twisted.ensureDeferred
async def test_there_is_nothing_in_a_mailbox_that_is_not_there(api, method, rest, body):
    for address in ("nobody@example.org", "nobody"):
        refusal = await api.refuse(404, method, f"{path_of(address)}{rest}", body)
        assert refusal["error"].startswith(f"there is no mailbox '{address}'")
