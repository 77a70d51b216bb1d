"""Work of several writers in one transaction."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

from ewspush.core.events import Event
from ewspush.store import event_log, mailboxes
from ewspush.store.database import Database, Transaction
from ewspush.store.group_commit import GroupCommit
from support.checks_for_store import NOW_S, happened, new_mailbox


class Trouble(Exception):
    """What work raises."""


def create(name: str):
    def work(tx: Transaction) -> str:
        return mailboxes.insert_mailbox(tx, f"{name}@example.org", "-", NOW_S).address

    return work


def addresses(database: Database) -> list[str]:
    with database.read() as tx:
        return [mailbox.address for mailbox in mailboxes.after(tx, 0, 1000)]


def test_work_is_committed_when_its_result_is_there(database: Database) -> None:
    assert GroupCommit(database).write(create("a")) == "a@example.org"
    assert addresses(database) == ["a@example.org"]


class Held:
    """Groups whose first work waits until the others have come."""

    def __init__(self, database: Database) -> None:
        self.sizes: list[int] = []
        self.group = GroupCommit(database, self.sizes.append)
        self._begun, self._go_on = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(20)
        self.transactions: list[Transaction] = []
        self._first = self.submit(self._wait)
        assert self._begun.wait(30)

    def _wait(self, tx: Transaction) -> None:
        self._begun.set()
        assert self._go_on.wait(30)

    def submit(self, work):
        def noted(tx: Transaction):
            self.transactions.append(tx)
            return work(tx)

        return self._pool.submit(self.group.write, noted)

    def finish(self, *futures):
        """Let go, once all of these wait."""
        while len(self.group._waiting) < len(futures):
            threading.Event().wait(0.001)
        self._go_on.set()
        wait([self._first, *futures], 30)
        self._pool.shutdown()


def test_those_who_wait_are_done_in_one_transaction(database: Database) -> None:
    held = Held(database)
    futures = [held.submit(create(f"m{n}")) for n in range(10)]
    held.finish(*futures)
    assert sorted(future.result() for future in futures) == sorted(addresses(database))
    assert len(set(map(id, held.transactions[1:]))) == 1
    assert held.sizes == [1, 10]


def test_work_that_raises_has_no_effect_and_spoils_no_other(database: Database) -> None:
    mailbox = new_mailbox(database)
    told: list[Event] = []
    database.on_events(lambda by_mailbox: told.extend(*by_mailbox.values()))
    held = Held(database)

    def fail(tx: Transaction) -> None:
        create("b")(tx)
        event_log.append(tx, mailbox.id, happened(NOW_S))
        raise Trouble

    futures = [held.submit(work) for work in (create("a"), fail, create("c"))]
    held.finish(*futures)
    assert isinstance(futures[1].exception(), Trouble)
    assert addresses(database) == [mailbox.address, "a@example.org", "c@example.org"]
    assert told == []


def test_a_commit_that_fails_is_told_to_all(database: Database, monkeypatch) -> None:
    held = Held(database)
    monkeypatch.setattr(database, "write", _failing)
    futures = [held.submit(create(name)) for name in "ab"]
    held.finish(*futures)
    assert all(isinstance(future.exception(), Trouble) for future in futures)
    monkeypatch.undo()
    assert held.group.write(create("c")) == "c@example.org"
    assert addresses(database) == ["c@example.org"]


def _failing():
    raise Trouble
