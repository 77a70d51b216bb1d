"""Disabled, restored, deleted, purged: one lifecycle under two vocabularies."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ewspush.core.accounts import Account, AccountStatus, DeletionCause
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period
from ewspush.operations import mail
from ewspush.operations.management import (
    aliases,
    audit,
    lifecycle,
    mailboxes,
    organizations,
    permissions,
    users,
)
from ewspush.store import folders, impersonation, items, mailbox_purge, subscriptions
from ewspush.store import mailboxes as stored
from ewspush.store.schema import metadata
from support.checks_for_store import rows, subscription
from support.directory import DAY_S, OPERATOR, PASSWORD, World

MESSAGE = b"From: a@example.net\r\nSubject: x\r\n\r\ntext\r\n"

Change = Callable[[World, Account], Account]

DISABLE: dict[str, Change] = {
    "DeleteMailbox": lambda world, one: mailboxes.delete(world.management, OPERATOR, one.id),
    "DisableUser": lambda world, one: users.disable(world.management, OPERATOR, one.user_id),
}
RESTORE: dict[str, Change] = {
    "RestoreMailbox": lambda world, one: mailboxes.restore(world.management, OPERATOR, one.id),
    "EnableUser": lambda world, one: users.enable(world.management, OPERATOR, one.user_id),
}


def deliver(world: World, address: str) -> None:
    with world.database.write() as tx:
        mail.deliver(tx, address, MESSAGE, world.now_s)


def run_out(world: World) -> None:
    """Do everything that is due."""
    for _ in range(10_000):
        if not lifecycle.step(world.management):
            return
    raise AssertionError("it does not come to an end")


def left_of(world: World, account: Account) -> dict[str, int]:
    """How many rows of each table are left of a mailbox."""
    found = {}
    with world.database.read() as tx:
        for table in metadata.sorted_tables:
            if "mailbox_id" in table.c and not table.name.startswith("account"):
                (row,) = rows(
                    tx,
                    f"SELECT count(*) AS n FROM {table.name} WHERE mailbox_id = :id",
                    id=account.mailbox_id,
                )
                found[table.name] = row.n
        (row,) = rows(
            tx, "SELECT count(*) AS n FROM mailboxes WHERE id = :id", id=account.mailbox_id
        )
        found["mailboxes"] = row.n
    return {table: n for table, n in found.items() if n}


@pytest.mark.parametrize("disable", DISABLE.values(), ids=DISABLE)
def test_a_disabled_mailbox_can_be_used_by_nobody(world: World, disable: Change) -> None:
    account = world.new_mailbox()
    aliases.create(world.management, OPERATOR, account.id, "other")
    changed: list[int] = []
    world.database.on_status_changed(changed.append)
    disabled = disable(world, account)
    assert disabled.status is AccountStatus.DELETION_SCHEDULED
    assert disabled == world.get(account)
    assert changed == [account.mailbox_id]
    with world.database.read() as tx:
        for address in ("user@example.org", "other@example.org"):
            assert stored.by_address(tx, address) is None
    with pytest.raises(mail.UnknownRecipient):
        deliver(world, "user@example.org")


@pytest.mark.parametrize("disable", DISABLE.values(), ids=DISABLE)
def test_it_is_kept_for_30_days(world: World, disable: Change) -> None:
    account = world.new_mailbox()
    deliver(world, account.address)
    assert disable(world, account).deletion_scheduled_at_s == world.now_s + 30 * DAY_S
    world.now_s += 30 * DAY_S - 1
    run_out(world)
    assert world.get(account).status is AccountStatus.DELETION_SCHEDULED
    assert left_of(world, account)["items"] == 1
    world.now_s += 1
    run_out(world)
    deleted = world.get(account)
    assert deleted.status is AccountStatus.DELETED
    assert deleted.deletion_cause is DeletionCause.RETENTION_ENDED
    assert left_of(world, account) == {}


def test_to_disable_again_does_not_put_the_deletion_off(world: World) -> None:
    account = world.new_mailbox()
    first = mailboxes.delete(world.management, OPERATOR, account.id)
    world.now_s += DAY_S
    assert users.disable(world.management, OPERATOR, account.user_id) == first


@pytest.mark.parametrize("restore", RESTORE.values(), ids=RESTORE)
@pytest.mark.parametrize("disable", DISABLE.values(), ids=DISABLE)
def test_to_restore_brings_everything_back(world: World, disable: Change, restore: Change) -> None:
    account, delegate = world.new_mailboxes(["user", "delegate"])
    alias = aliases.create(world.management, OPERATOR, account.id, "other")
    permissions.grant(world.management, OPERATOR, account.id, delegate.id)
    deliver(world, account.address)
    with world.database.write() as tx:
        impersonation.grant(tx, delegate.mailbox_id, [account.mailbox_id])
        subscriptions.insert_subscription(tx, subscription(account.mailbox_id, 7))
    before = left_of(world, account)
    mailbox = _mailbox(world, account)
    disable(world, account)
    world.now_s += 29 * DAY_S
    run_out(world)
    restored = restore(world, account)
    assert restored.status is AccountStatus.ACTIVE
    assert restored.deletion_scheduled_at_s is None
    assert (restored.id, restored.user_id) == (account.id, account.user_id)
    assert left_of(world, account) == before
    assert _mailbox(world, account) == mailbox
    assert aliases.list_(world.management, OPERATOR, account.id) == [alias]
    (granted,) = permissions.list_(world.management, OPERATOR, account.id)
    assert granted.delegate.address == delegate.address
    deliver(world, "other@example.org")
    with world.database.read() as tx:
        inbox = folders.by_name(tx, account.mailbox_id, "inbox")
        assert inbox is not None
        assert len(items.in_folder(tx, account.mailbox_id, inbox.number, 0, 10)) == 2
        (live,) = subscriptions.of_mailbox(tx, account.mailbox_id)
        assert live.over_at_s is None
    world.now_s += 60 * DAY_S
    run_out(world)
    assert world.get(account).status is AccountStatus.ACTIVE


def _mailbox(world: World, account: Account) -> object:
    with world.database.read() as tx:
        return stored.by_id(tx, account.mailbox_id)


# What cannot be restored


def refused(world: World, account: Account) -> tuple[Code, str]:
    """Why it cannot be restored, in either vocabulary; it stays as it is."""
    before = world.get(account)
    told = set()
    for restore in RESTORE.values():
        with pytest.raises(ManagementError) as error:
            restore(world, account)
        told.add((error.value.code, str(error.value)))
    assert world.get(account) == before
    (one,) = told
    return one


def test_what_is_active_is_not_restored(world: World) -> None:
    code, text = refused(world, world.new_mailbox())
    assert code is Code.NOT_DELETION_SCHEDULED
    assert text == "user@example.org is active: there is nothing to restore"


@pytest.mark.parametrize("is_swept", [False, True])
def test_not_after_the_time_has_passed(world: World, is_swept: bool) -> None:
    account = world.new_mailbox()
    mailboxes.delete(world.management, OPERATOR, account.id)
    world.now_s += 30 * DAY_S
    if is_swept:
        run_out(world)
    code, text = refused(world, account)
    assert code is Code.RETENTION_ENDED
    assert "the time in which it could be has passed" in text


@pytest.mark.parametrize("was_disabled", [False, True])
def test_not_if_the_organization_was_deleted(world: World, was_disabled: bool) -> None:
    account = world.new_mailbox()
    if was_disabled:
        mailboxes.delete(world.management, OPERATOR, account.id)
    organizations.delete(world.management, OPERATOR, world.organization.id)
    code, text = refused(world, account)
    assert code is Code.ORGANIZATION_DELETED
    assert "its organization was deleted" in text


@pytest.mark.parametrize("is_purged", [False, True])
@pytest.mark.parametrize("was_disabled", [False, True])
def test_not_if_the_user_is_gone_from_the_directory(
    world: World, was_disabled: bool, is_purged: bool
) -> None:
    account = world.new_mailbox()
    if was_disabled:
        users.disable(world.management, OPERATOR, account.user_id)
    users.delete(world.management, OPERATOR, account.user_id)
    if is_purged:
        run_out(world)
    code, text = refused(world, account)
    assert code is Code.USER_NOT_IN_DIRECTORY
    assert text == "the user of user@example.org is not in the directory"


@pytest.mark.parametrize("is_purged", [False, True])
def test_not_if_the_user_was_re_created(world: World, is_purged: bool) -> None:
    account = world.new_mailbox()
    users.delete(world.management, OPERATOR, account.user_id)
    if is_purged:
        run_out(world)
    again = world.new_mailbox()
    assert (again.address, again.status) == (account.address, AccountStatus.ACTIVE)
    assert again.user_id != account.user_id
    assert again.id != account.id
    assert again.mailbox_id != account.mailbox_id
    code, text = refused(world, account)
    assert code is Code.USER_RECREATED
    assert "was re-created" in text
    run_out(world)
    deliver(world, again.address)
    assert left_of(world, again)["items"] == 1


def test_the_address_of_a_disabled_mailbox_stays_taken(world: World) -> None:
    account = world.new_mailbox()
    aliases.create(world.management, OPERATOR, account.id, "other")
    users.disable(world.management, OPERATOR, account.user_id)
    for local_part in ("user", "other"):
        with pytest.raises(ManagementError) as error:
            world.new_mailbox(local_part)
        assert error.value.code is Code.ADDRESS_TAKEN


# Deletion for good


def test_delete_user_purges_everything(world: World) -> None:
    account, other = world.new_mailboxes(["user", "other"])
    aliases.create(world.management, OPERATOR, account.id, "alias")
    permissions.grant(world.management, OPERATOR, account.id, other.id)
    permissions.grant(world.management, OPERATOR, other.id, account.id)
    for _ in range(3):
        deliver(world, account.address)
    with world.database.write() as tx:
        impersonation.grant(tx, account.mailbox_id, [other.mailbox_id])
        impersonation.grant(tx, other.mailbox_id, [account.mailbox_id])
        subscriptions.insert_subscription(tx, subscription(account.mailbox_id, 7))
    kept = left_of(world, other)
    deleted = users.delete(world.management, OPERATOR, account.user_id)
    assert deleted.status is AccountStatus.DELETED
    assert deleted.deletion_cause is DeletionCause.USER_DELETED
    run_out(world)
    assert left_of(world, account) == {}
    del kept["mailbox_permissions"], kept["impersonation_rights"]
    assert left_of(world, other) == kept
    assert permissions.list_(world.management, OPERATOR, other.id) == []


def test_a_purge_goes_in_small_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account = world.new_mailbox()
    for _ in range(5):
        deliver(world, account.address)
    users.delete(world.management, OPERATOR, account.user_id)
    monkeypatch.setattr(mailbox_purge, "_MOST_BYTES", 2 * len(MESSAGE))
    monkeypatch.setattr(lifecycle, "_PURGED_TOGETHER", 4)
    left = [sum(left_of(world, account).values())]
    while lifecycle.step(world.management):
        left.append(sum(left_of(world, account).values()))
    assert left[-1] == 0
    assert all(0 <= before - after <= 4 for before, after in pairwise(left))


def test_large_contents_are_purged_few_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = world.new_mailbox()
    for _ in range(5):
        deliver(world, account.address)
    monkeypatch.setattr(mailbox_purge, "_MOST_BYTES", 2 * len(MESSAGE))
    left = []
    with world.database.write() as tx:
        while mailbox_purge.purge_some(tx, account.mailbox_id, 1000):
            (row,) = rows(tx, "SELECT count(*) AS n FROM mime_contents")
            left.append(row.n)
    assert sorted(set(left), reverse=True) == [3, 1, 0]


def test_the_end_of_a_user_leaves_a_record(world: World) -> None:
    account = world.new_mailbox()
    users.delete(world.management, OPERATOR, account.user_id)
    world.now_s += 5
    run_out(world)
    subject = f"mailbox {account.id}"
    found = audit.list_(world.management, OPERATOR, subject=subject).entries
    assert [(each.action, each.actor, each.origin) for each in found] == [
        ("mailbox.purge", "ewspush", "retention"),
        ("user.delete", "operator", "here"),
        ("mailbox.create", "operator", "here"),
    ]
    assert found[0].at_s == world.now_s
    assert found[1].before is not None
    assert (found[1].before["status"], found[1].before["email"]) == ("active", account.address)


def test_one_that_cannot_be_done_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = world.new_mailboxes(["bad", "good"])
    whole = mailbox_purge.purge_some

    def fail_for_one(tx: Any, mailbox: int, most: int) -> bool:
        if mailbox == bad.mailbox_id:
            raise OSError("disk I/O error")
        return whole(tx, mailbox, most)

    for account in (bad, good):
        users.delete(world.management, OPERATOR, account.user_id)
        world.now_s += 1
    with monkeypatch.context() as patch:
        patch.setattr(mailbox_purge, "purge_some", fail_for_one)
        with pytest.raises(OSError, match="disk"):
            run_out(world)
        run_out(world)
    assert left_of(world, good) == {}
    assert left_of(world, bad) != {}
    world.now_s += 3600
    run_out(world)
    assert left_of(world, bad) == {}


# Organizations


def test_with_an_organization_all_its_mailboxes_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_DISABLED_TOGETHER", 2)
    made = world.new_mailboxes([f"user{n}" for n in range(5)])
    other = organizations.create(world.management, OPERATOR, "other")
    stays = world.new_mailbox("stays", world.new_domain("example.net", other.id))
    organizations.delete(world.management, OPERATOR, world.organization.id)
    for account in made:
        ended = world.get(account)
        assert ended.status is AccountStatus.DELETION_SCHEDULED
        assert ended.deletion_scheduled_at_s == world.now_s + 30 * DAY_S
    assert world.get(stays).status is AccountStatus.ACTIVE
    world.now_s += 30 * DAY_S
    run_out(world)
    for account in made:
        assert world.get(account).status is AccountStatus.DELETED
        assert left_of(world, account) == {}
    assert world.get(stays).status is AccountStatus.ACTIVE


def test_whoever_deletes_an_organization_may_be_stopped_on_the_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = world.new_mailbox()
    monkeypatch.setattr(organizations, "_ROUNDS", 0)
    organizations.delete(world.management, OPERATOR, world.organization.id)
    assert world.get(account).status is AccountStatus.ACTIVE
    with world.database.read() as tx:
        assert stored.by_address(tx, account.address) is None  # its domain is gone already
    run_out(world)
    assert world.get(account).status is AccountStatus.DELETION_SCHEDULED


def test_the_names_of_a_deleted_organization_are_free(world: World) -> None:
    gone = world.new_mailbox()
    organizations.delete(world.management, OPERATOR, world.organization.id)
    again = organizations.create(world.management, OPERATOR, "acme")
    assert again.id != world.organization.id
    new = world.new_mailbox("user", world.new_domain("example.org", again.id))
    deliver(world, "user@example.org")
    assert left_of(world, new)["items"] == 1
    assert "items" not in left_of(world, gone)


# Subscription periods


def test_a_canceled_mailbox_ends_when_its_period_ends(world: World) -> None:
    account = world.new_mailbox()
    canceled = mailboxes.update(world.management, OPERATOR, account.id, Period.CANCELED)
    end_s = canceled.renewal.next_starts_at_s
    assert end_s is not None
    world.now_s = end_s - 1
    run_out(world)
    assert world.get(account).status is AccountStatus.ACTIVE
    world.now_s = end_s
    run_out(world)
    ended = world.get(account)
    assert ended.status is AccountStatus.DELETION_SCHEDULED
    assert ended.deletion_scheduled_at_s == end_s + 30 * DAY_S
    assert ended.renewal.as_of(world.now_s).period is Period.CANCELED
    restored = mailboxes.restore(world.management, OPERATOR, account.id)
    assert restored.renewal.period is Period.MONTHLY
    assert restored.renewal.started_at_s == world.now_s
    run_out(world)
    assert world.get(account).status is AccountStatus.ACTIVE


def test_a_cancellation_can_be_taken_back(world: World) -> None:
    account = world.new_mailbox()
    mailboxes.update(world.management, OPERATOR, account.id, Period.CANCELED)
    mailboxes.update(world.management, OPERATOR, account.id, Period.YEARLY)
    world.now_s += 400 * DAY_S
    run_out(world)
    assert world.get(account).status is AccountStatus.ACTIVE
    assert world.get(account).renewal.as_of(world.now_s).period is Period.YEARLY


def test_one_that_was_canceled_and_restored_in_time_still_ends(world: World) -> None:
    account = world.new_mailbox()
    canceled = mailboxes.update(world.management, OPERATOR, account.id, Period.CANCELED)
    mailboxes.delete(world.management, OPERATOR, account.id)
    mailboxes.restore(world.management, OPERATOR, account.id)
    assert canceled.renewal.ends_at_s is not None
    world.now_s = canceled.renewal.ends_at_s
    run_out(world)
    assert world.get(account).status is AccountStatus.DELETION_SCHEDULED


def test_nothing_tells_a_secret(world: World) -> None:
    account = world.new_mailbox()
    mailboxes.update(world.management, OPERATOR, account.id, new_password="another secret")
    users.change_password(world.management, OPERATOR, account.user_id, "yet another")
    found = audit.list_(world.management, OPERATOR).entries
    told = json.dumps([[each.before, each.after] for each in found])
    for secret in (PASSWORD, "another secret", "yet another", "hash of"):
        assert secret not in told
