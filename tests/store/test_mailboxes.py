"""Mailboxes, and what each hands out under its row's lock."""

import pytest
from sqlalchemy import text

from ewspush.core.ids import shard_of
from ewspush.core.watermark import BASE_LIMIT
from ewspush.operations import mailboxes as operations
from ewspush.store import mailboxes
from ewspush.store.accounts import AddressTaken
from ewspush.store.database import Database
from ewspush.store.mailboxes import Mailbox
from support.checks_for_store import (
    NOW_S,
    new_mailbox,
    on_postgresql,
    rows,
    threads,
    wait_until_blocked,
)


def test_a_mailbox_is_found_by_its_address_and_its_id(database: Database) -> None:
    made = new_mailbox(database)
    with database.read() as tx:
        assert mailboxes.by_address(tx, "user@example.org") == made
        assert mailboxes.by_id(tx, made.id) == made
        assert mailboxes.by_id(tx, made.id + 1) is None
    with database.write() as tx:
        assert mailboxes.lock(tx, made.id) == made
        assert mailboxes.lock(tx, made.id + 1) is None


def test_a_mailbox_begins_with_an_empty_log(database: Database) -> None:
    made = new_mailbox(database)
    assert (made.floor, made.head) == (0, 0)
    assert made.created_at_s == NOW_S


def test_an_address_is_that_of_one_mailbox(database: Database) -> None:
    made = new_mailbox(database)
    refused = r"there is a mailbox or an alias user@example\.org already"
    with pytest.raises(AddressTaken, match=refused), database.write() as tx:
        operations.create(tx, "user@example.org", "-", NOW_S)
    with database.read() as tx:
        assert mailboxes.by_address(tx, "user@example.org") == made


def _create(database: Database) -> Mailbox:
    with database.write() as tx:
        return operations.create(tx, "user@example.org", "-", NOW_S)


@pytest.mark.parametrize("domain_exists", [False, True])
def test_of_two_that_want_an_address_at_once_one_gets_it(
    database: Database, domain_exists: bool
) -> None:
    if domain_exists:
        new_mailbox(database, "other")
    with threads() as run:
        with database.write() as tx:
            made = operations.create(tx, "user@example.org", "first", NOW_S)
            second = run(_create, database)
            wait_until_blocked(tx, second)
        with pytest.raises(AddressTaken):
            second.result(30)
    with database.read() as tx:
        assert mailboxes.by_address(tx, "user@example.org") == made


@pytest.mark.parametrize("domain_exists", [False, True])
def test_an_address_is_free_again_if_the_first_one_gives_up(
    database: Database, domain_exists: bool
) -> None:
    class GivesUp(Exception):
        pass

    if domain_exists:
        new_mailbox(database, "other")
    with threads() as run:
        with pytest.raises(GivesUp), database.write() as tx:
            operations.create(tx, "user@example.org", "first", NOW_S)
            second = run(_create, database)
            wait_until_blocked(tx, second)
            raise GivesUp
        made = second.result(30)
    with database.read() as tx:
        assert mailboxes.by_address(tx, "user@example.org") == made


def test_a_mailbox_has_a_watermark_base_and_a_shard_of_its_own(database: Database) -> None:
    made = [new_mailbox(database, f"user{n}") for n in range(5)]
    bases = {mailbox.watermark_base for mailbox in made}
    assert len(bases) == 5
    assert all(0 <= base < BASE_LIMIT for base in bases)
    with database.read() as tx:
        shards = {row.id: row.shard for row in rows(tx, "SELECT id, shard FROM mailboxes")}
    assert shards == {mailbox.id: shard_of(mailbox.id) for mailbox in made}


def test_the_id_of_a_mailbox_is_never_given_out_again(database: Database) -> None:
    gone = new_mailbox(database)
    with database.write() as tx:
        for table in ("addresses", "folders", "mailboxes"):
            tx.connection.execute(text(f"DELETE FROM {table}"))
    assert new_mailbox(database, "other").id > gone.id


def test_mailboxes_are_listed_page_by_page(database: Database) -> None:
    made = [new_mailbox(database, name) for name in ["b", "a", "d", "a-c", "c", "a.b"]]
    listed: list[Mailbox] = []
    with database.read() as tx:
        for most in (2, 2, 1, 2, 2):
            page = mailboxes.after(tx, listed[-1].id if listed else 0, most)
            assert len(page) <= most
            listed += page
    assert listed == made


# Numbers of folders and items


def test_numbers_are_given_out_once(database: Database) -> None:
    mailbox = new_mailbox(database)
    with database.write() as tx:
        first = mailboxes.take_numbers(tx, mailbox.id, 3)
        second = mailboxes.take_numbers(tx, mailbox.id, 1)
    with database.write() as tx:
        third = mailboxes.take_numbers(tx, mailbox.id, 2)
    taken = [*first, *second, *third]
    assert taken == list(range(first[0], first[0] + 6))


def test_numbers_are_those_of_one_mailbox(database: Database) -> None:
    one, other = new_mailbox(database, "one"), new_mailbox(database, "other")
    with database.write() as tx:
        assert mailboxes.take_numbers(tx, one.id, 5) == mailboxes.take_numbers(tx, other.id, 5)


def test_numbers_taken_at_once_by_several_do_not_overlap(database: Database) -> None:
    mailbox = new_mailbox(database)

    def take(count: int) -> list[int]:
        with database.write() as tx:
            return list(mailboxes.take_numbers(tx, mailbox.id, count))

    with threads(4) as run:
        taken = [n for each in [run(take, 1 + n % 3) for n in range(40)] for n in each.result(30)]
    assert len(set(taken)) == len(taken)
    assert max(taken) - min(taken) == len(taken) - 1


def test_who_locks_a_mailbox_keeps_others_from_changing_it(database: Database) -> None:
    mailbox = new_mailbox(database)

    def take() -> range:
        with database.write() as tx:
            return mailboxes.take_numbers(tx, mailbox.id, 1)

    with threads() as run:
        with database.write() as tx:
            mailboxes.lock(tx, mailbox.id)
            waiting = run(take)
            wait_until_blocked(tx, waiting)
            first = mailboxes.take_numbers(tx, mailbox.id, 1)
        assert waiting.result(30).start == first.stop


@on_postgresql  # SQLite has one writer
def test_who_locks_a_mailbox_does_not_hold_up_others(database: Database) -> None:
    mailbox, other = new_mailbox(database), new_mailbox(database, "other")
    with database.write() as tx:
        mailboxes.lock(tx, mailbox.id)
        with database.write() as second:
            mailboxes.take_numbers(second, other.id, 1)
