"""Folders, by the control API."""

import pytest
import pytest_twisted


async def folders(api):
    listed = (await api.get(f"{api.mailbox}/folders"))["folders"]
    assert len({each["id"] for each in listed}) == len(listed)
    return listed


async def find(api, display_name):
    return [each for each in await folders(api) if each["display_name"] == display_name]


@pytest_twisted.ensureDeferred
async def test_the_folders_of_a_new_mailbox(api):
    root, *others = await folders(api)
    assert (root["name"], root["parent_id"], root["children"]) == ("root", None, 3)
    seen = {root["id"]}
    for each in others:
        assert each["parent_id"] in seen
        seen.add(each["id"])
    (inbox,) = await find(api, "Inbox")
    assert inbox == {
        "id": inbox["id"],
        "kind": "folder",
        "name": "inbox",
        "display_name": "Inbox",
        "folder_class": "IPF.Note",
        "parent_id": next(each["id"] for each in others if each["name"] == "msgfolderroot"),
        "total": 0,
        "unread": 0,
        "children": 0,
    }


@pytest_twisted.ensureDeferred
async def test_a_folder_is_made_renamed_moved_copied_emptied_and_deleted(api):
    base = f"{api.mailbox}/folders"
    made = await api.create(base, {"display_name": "A"})
    place = f"{base}/{made['id']}"
    below = {"display_name": "B", "parent": made["id"], "folder_class": "IPF.Contact"}
    assert (await api.create(base, below))["folder_class"] == "IPF.Contact"
    await api.create(f"{api.mailbox}/items", {"folder": made["id"]})
    assert (await api.patch(place, {"display_name": "C"}))["display_name"] == "C"
    moved = await api.post(f"{place}/move", {"parent": "inbox"})
    assert (moved["id"], moved["total"], moved["children"]) == (made["id"], 1, 1)
    copied = await api.post(f"{place}/copy", {"parent": "drafts"})
    assert (copied["total"], copied["children"]) == (1, 1)
    assert len(await find(api, "B")) == 2
    await api.post(f"{place}/empty", status=204)
    assert [(each["total"], each["children"]) for each in await find(api, "C")] == [(1, 1), (0, 1)]
    await api.post(f"{place}/empty", {"disposal": "hard", "subfolders": True}, status=204)
    assert len(await find(api, "B")) == 1
    await api.delete(f"{place}?disposal=deleteditems")
    assert len(await find(api, "C")) == 2
    await api.delete(place)
    await api.refuse(404, "DELETE", place)


@pytest_twisted.ensureDeferred
async def test_distinguished_names_are_ids_of_folders(api):
    await api.create(f"{api.mailbox}/mail", {})
    await api.post(f"{api.mailbox}/folders/inbox/empty", status=204)
    renamed = await api.patch(f"{api.mailbox}/folders/Inbox", {"display_name": "Post"})
    assert (renamed["name"], renamed["display_name"], renamed["total"]) == ("inbox", "Post", 0)


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "field"),
    [
        (409, "POST", "", {"display_name": "INBOX"}, "display_name"),
        (400, "POST", "", {"display_name": " "}, "display_name"),
        (400, "POST", "", {"display_name": "x" * 256}, "display_name"),
        (400, "POST", "", {}, "display_name"),
        (404, "POST", "", {"display_name": "x", "parent": "nowhere"}, "parent"),
        (409, "PATCH", "/inbox", {"display_name": "Drafts"}, "display_name"),
        (404, "PATCH", "/nowhere", {"display_name": "x"}, None),
        (409, "POST", "/inbox/move", {"parent": "drafts"}, None),
        (409, "POST", "/inbox/copy", {"parent": "inbox"}, None),
        (409, "POST", "/msgfolderroot/empty", {"subfolders": True}, None),
        (400, "POST", "/inbox/empty", {"subfolders": 1}, "subfolders"),
        (409, "DELETE", "/inbox", None, None),
        (400, "DELETE", "/inbox?disposal=x", None, "disposal"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_done_to_a_folder_changes_nothing(
    api, status, method, path, body, field
):
    before = await folders(api)
    refusal = await api.refuse(status, method, f"{api.mailbox}/folders{path}", body)
    assert refusal["field"] == field
    assert await folders(api) == before
    assert (await api.get(f"{api.mailbox}/events"))["head"] == 0
