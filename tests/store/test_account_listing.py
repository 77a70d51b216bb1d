"""Pages of accounts against a sorted list of them, and the counts behind them."""

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, select, text

from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.directory import Domain, Organization
from ewspush.core.renewal import Period
from ewspush.operations.mailboxes import NewMailbox, create_in
from ewspush.store import (
    account_counting,
    account_search,
    accounts,
    migrations,
    organizations,
)
from ewspush.store.account_listing import Selection, page
from ewspush.store.account_positions import Counts, KeyOrder, Scope
from ewspush.store.account_search import fold
from ewspush.store.database import Database, Transaction
from ewspush.store.listing_schema import account_keys
from support.checks_for_store import NOW_S, PATIENCE_S, Backend, on_postgresql, rows, threads

ALL = frozenset(AccountStatus)
ACTIVE, SCHEDULED, DELETED = AccountStatus
NAMES = [
    "Anna",
    "anna",
    "ÄNNA",
    "A\u0308nna",
    "Zoë",
    "zoe",
    "Ольга",
    "Hans_P",
    "100%",
    "a\\b",
    "😀",
]


@dataclass
class World:
    """A database with an organization of two domains and another one, and what ought to be there.

    The other organization has accounts too, that nobody asks for.
    """

    database: Database
    accounts: dict[int, Account] = field(default_factory=dict)
    domains: list[Domain] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        with self.database.write() as tx:
            for domains in (2, 1):
                organization = Organization(uuid4(), f"organization-{uuid4()}", NOW_S)
                organizations.insert_organization(tx, organization)
                for _ in range(domains):
                    domain = Domain(uuid4(), organization.id, f"{uuid4()}.example", NOW_S)
                    organizations.insert_domain(tx, domain)
                    self.domains.append(domain)
        self.add(2, ["Anna", "other"], NOW_S)

    @property
    def organization_id(self) -> UUID:
        return self.domains[0].organization_id

    def add(self, domain: int, names: Sequence[str], at_s: int) -> list[Account]:
        """Create accounts with these names, at once."""
        with self.database.write() as tx:
            return self.add_in(tx, domain, names, at_s)

    def add_in(
        self, tx: Transaction, domain: int, names: Sequence[str], at_s: int
    ) -> list[Account]:
        new = []
        for name in names:
            self.made += 1
            new.append(NewMailbox(f"local{self.made}", name, "-", Period.MONTHLY))
        created = create_in(tx, self.domains[domain], new, at_s)
        self.accounts |= {account.mailbox_id: account for account in created}
        return created

    def change(self, old: Account, **changes: Any) -> Account:
        """Change an account."""
        with self.database.write() as tx:
            return self.change_in(tx, old, **changes)

    def change_in(self, tx: Transaction, old: Account, **changes: Any) -> Account:
        new = replace(old, **changes)
        accounts.update_account(tx, old, new)
        self.accounts[new.mailbox_id] = new
        return new

    def expected(self, selection: Selection) -> list[Account]:
        """Every account that is asked for, in order."""
        found = [account for account in self.accounts.values() if selects(selection, account)]
        found.sort(key=lambda account: key(selection.order_by, account))
        return found[::-1] if selection.descending else found

    def check(self, selection: Selection, offset: int, count: int) -> None:
        """A page has to be that of the list."""
        with self.database.read() as tx:
            found, total = page(tx, selection, offset, count)
        expected = self.expected(selection)
        assert [names(each) for each in found] == [
            names(each) for each in expected[offset : offset + count]
        ]
        assert found == expected[offset : offset + count]
        assert total == len(expected)

    def check_counts(self) -> None:
        """Every bucket has to count what is in it, and none is too large."""
        for scope, order in product(self.scopes(), KeyOrder):
            with self.database.read() as tx:
                counts = Counts(tx, scope, order)
                places = rows(
                    tx,
                    f"SELECT {order.column.name}, status FROM account_keys"
                    f" WHERE mailbox_id IN ({', '.join(map(str, self.of(scope)))})",
                )
            by_status = {status: counts.of([status]) for status in AccountStatus}
            for number, low in enumerate(counts.lows):
                high = [*counts.lows, None][number + 1]
                inside = [
                    status
                    for position, status in places
                    if position >= low and (high is None or position < high)
                ]
                counted = {status: by_status[status][number] for status in AccountStatus}
                assert counted == {status: inside.count(status) for status in AccountStatus}

    def scopes(self) -> list[Scope]:
        ids = {domain.organization_id: None for domain in self.domains}
        of_domains = [Scope(domain.organization_id, domain.id) for domain in self.domains]
        return [*(Scope(id, None) for id in ids), *of_domains]

    def of(self, scope: Scope) -> list[int]:
        """The mailboxes of a scope, and one that does not exist."""
        return [0] + [
            id
            for id, account in self.accounts.items()
            if scope.id in (account.organization_id, account.domain_id)
        ]


def names(account: Account) -> tuple[str, int]:
    return account.name, account.mailbox_id


def selects(selection: Selection, account: Account) -> bool:
    wanted = fold(selection.search)
    return (
        account.organization_id == selection.organization_id
        and selection.domain_id in (None, account.domain_id)
        and account.status in selection.statuses
        and (wanted in fold(account.name) or wanted in fold(account.local_part))
    )


def key(order: OrderBy, account: Account) -> tuple[Any, ...]:
    name = fold(account.name)
    return {
        OrderBy.NAME: (name, account.mailbox_id),
        OrderBy.CREATED_AT: (account.created_at_s, account.mailbox_id),
        OrderBy.UPDATED_AT: (account.updated_at_s, account.mailbox_id),
        OrderBy.STATUS: (account.status, name, account.mailbox_id),
    }[order]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets of eight accounts, and five matches are many."""
    monkeypatch.setattr(account_counting, "LARGEST", 8)
    monkeypatch.setattr(account_search, "FEW", 5)


@pytest.fixture
def world(database: Database, small: None) -> World:
    return World(database)


def everything(world: World, **changes: Any) -> Selection:
    return replace(Selection(world.organization_id, None, ALL, "", OrderBy.NAME), **changes)


# Against the model

TIMES = st.integers(NOW_S, NOW_S + 5)
SEARCHES = st.sampled_from(
    ["", " ", "a", "nn", "anna", "ANNA", "ännA", "local", "local1", "cal", "ольга", "100%", "a\\b",
     "s_p", "%", "_", "_____", '"', '"nna', "a OR b", "nna*", "^an", "'", "a\0b", "\ud800", "😀",
     "nnanope", "a\nlocal"]
)  # fmt: skip
ACTIONS = st.one_of(
    st.tuples(
        st.just("add"),
        st.integers(0, 1),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=20),
        TIMES,
    ),
    st.tuples(
        st.just("change"),
        st.lists(st.integers(0, 1000), min_size=1, max_size=12),
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(NAMES),
                "status": st.sampled_from(AccountStatus),
                "updated_at_s": TIMES,
            },
        ),
    ),
)
PAGES = st.tuples(
    st.sampled_from([None, 0, 1]),
    st.frozensets(st.sampled_from(AccountStatus)),
    SEARCHES,
    st.sampled_from(OrderBy),
    st.booleans(),
    st.integers(0, 60),
    st.integers(0, 30),
)


def act(world: World, action: Any) -> None:
    if action[0] == "add":
        world.add(*action[1:])
        return
    mine = [each for each in world.accounts.values() if selects(everything(world), each)]
    for chosen in action[1] if mine else ():
        account = world.accounts[mine[chosen % len(mine)].mailbox_id]
        world.change(account, **action[2])


def test_every_page_is_that_of_a_sorted_list(database: Database, small: None) -> None:
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(actions=st.lists(ACTIONS, max_size=8), pages=st.lists(PAGES, min_size=5, max_size=20))
    def check(actions: list[Any], pages: list[Any]) -> None:
        world = World(database)
        for action in actions:
            act(world, action)
        world.check_counts()
        for domain, statuses, wanted, order, descending, offset, count in pages:
            domain_id = None if domain is None else world.domains[domain].id
            selection = Selection(
                world.organization_id, domain_id, statuses, wanted, order, descending
            )
            world.check(selection, offset, count)

    check()


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    for number in range(4):
        made = world.add(number % 2, NAMES, NOW_S + number // 2)
        for account, status in zip(made[::3], [SCHEDULED, DELETED] * 8, strict=False):
            world.change(account, status=status, updated_at_s=NOW_S + 9)
    wanted = ["", "a", "local", "local1", "nna"]
    for order, descending, search in product(OrderBy, [False, True], wanted):
        selection = everything(world, search=search, order_by=order, descending=descending)
        read: list[Account] = []
        with world.database.read() as tx:
            while found := page(tx, selection, len(read), 7)[0]:
                read += found
        assert read == world.expected(selection)


# The buckets


def sizes(world: World, order: KeyOrder) -> list[int]:
    with world.database.read() as tx:
        return Counts(tx, Scope(world.organization_id, None), order).of(ALL)


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_a_bucket_that_overflows_is_cut(world: World, at_once: int) -> None:
    for _ in range(0, 100, at_once):
        world.add(0, [string.ascii_letters[world.made % 52]] * at_once, NOW_S + world.made)
    for order in KeyOrder:
        assert max(sizes(world, order)) <= 8
        assert len(sizes(world, order)) <= 100 / 2
    world.check_counts()


def test_buckets_that_are_left_are_given_up(world: World) -> None:
    made = world.add(0, ["a"] * 50, NOW_S)
    for round_ in range(1, 4):
        with world.database.write() as tx:
            for account in made:
                old = world.accounts[account.mailbox_id]
                world.change_in(tx, old, updated_at_s=NOW_S + round_)
    assert len(sizes(world, KeyOrder.UPDATED_AT)) <= 50 / 2
    world.check_counts()


def test_what_is_rolled_back_is_not_counted(world: World) -> None:
    world.add(0, ["a"] * 5, NOW_S)
    with pytest.raises(OSError, match="full"), world.database.write() as tx:
        with pytest.raises(accounts.AddressTaken), tx.attempt():
            create_in(
                tx,
                world.domains[0],
                [NewMailbox(local, "b", "-", Period.MONTHLY) for local in ("new", "local3")],
                NOW_S,
            )
        create_in(tx, world.domains[0], [NewMailbox("b", "b", "-", Period.MONTHLY)], NOW_S)
        raise OSError("the disk is full")
    world.check_counts()
    world.check(everything(world), 0, 100)


def test_a_bulk_of_accounts_costs_few_statements(
    database: Database, statements: Callable[[], list[str]]
) -> None:
    world = World(database)
    world.add(0, [f"name {number * 7919 % 1000}" for number in range(1_000)], NOW_S)
    assert sum("account_buckets" in each for each in statements()) < 60


@pytest.fixture
def statements(database: Database) -> Iterator[Callable[[], list[str]]]:
    """The statements that were executed so far."""
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database._engine, "before_cursor_execute", see)
    yield lambda: seen
    event.remove(database._engine, "before_cursor_execute", see)


def test_the_migration_enters_the_accounts_that_are_there(world: World) -> None:
    for number in range(3):
        made = world.add(number % 2, NAMES * 4, NOW_S + number)
        world.change(made[number], status=DELETED, name="Şeyma  Q", updated_at_s=NOW_S + 9)
    entered = keys(world)
    with world.database.write() as tx:
        for table in ("account_keys", "account_buckets"):
            tx.connection.execute(text(f"DELETE FROM {table}"))
        if tx.is_sqlite:
            tx.connection.execute(
                text("INSERT INTO account_search (account_search) VALUES ('delete-all')")
            )
        migration("ewspush_0004").fill(tx.connection)
    assert keys(world) == entered
    world.check_counts()
    world.check(everything(world, search="şeyma q"), 0, 10)
    world.add(0, NAMES, NOW_S)
    world.check_counts()


def migration(revision: str) -> Any:
    """The module of a migration."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return ScriptDirectory.from_config(config).get_revision(revision).module


def keys(world: World) -> Sequence[Any]:
    with world.database.read() as tx:
        return tx.connection.execute(select(account_keys).order_by("mailbox_id")).all()


def test_the_migration_cuts_an_order_into_buckets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(0, NAMES * 4, NOW_S)
    module = migration("ewspush_0004")
    monkeypatch.setattr(module, "_BUCKET", 5)
    with world.database.write() as tx:
        tx.connection.execute(text("DELETE FROM account_buckets"))
        module._count(tx.connection, "organization_id", 1, "by_name")
    assert sizes(world, KeyOrder.NAME) == [5] * 8 + [4]


# Texts


@pytest.mark.parametrize("wanted", ["a" * 257, "a" * 100_000])
def test_a_search_text_is_bounded(world: World, wanted: str) -> None:
    with world.database.read() as tx, pytest.raises(ValueError, match="256 characters"):
        page(tx, everything(world, search=wanted), 0, 10)


@pytest.mark.parametrize(("offset", "count"), [(-1, 10), (0, -1)])
def test_a_page_is_not_negative(world: World, offset: int, count: int) -> None:
    with world.database.read() as tx, pytest.raises(ValueError, match="not negative"):
        page(tx, everything(world), offset, count)


def test_the_longest_names_are_listed(world: World) -> None:
    """Their keys are as long as keys get: those of PostgreSQL have 2,704 bytes at most."""
    distinct = [chr(0x1F600 + number % 70) for number in range(256)]
    world.add(0, ["".join(distinct), "".join(reversed(distinct)), "\u1fb7" * 256], NOW_S)
    world.check(everything(world), 0, 10)


@on_postgresql
def test_accounts_are_found_where_the_extension_may_not_be_installed(
    backend: Backend, small: None, caplog: pytest.LogCaptureFixture
) -> None:
    url, role = backend.empty(), f"plain_{uuid4().hex}"
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {role}"))
    engine.dispose()
    database = Database.open(url.replace("//ewspush@", f"//{role}@"))
    assert "pg_trgm cannot be installed" in caplog.text
    world = World(database)
    world.add(0, NAMES, NOW_S)
    world.check(everything(world, search="nna"), 0, 10)
    database.close()


# Writers at once


@on_postgresql
def test_who_finds_another_writing_buckets_does_not_wait(world: World) -> None:
    with threads() as run, world.database.write() as first:
        made = world.add_in(first, 0, ["first"] * 20, NOW_S)
        run(world.add, 0, ["second"] * 20, NOW_S + 1).result(PATIENCE_S)
        # As it is for those who do not see the first yet.
        everybody = world.accounts
        world.accounts = {id: each for id, each in everybody.items() if each not in made}
        world.check_counts()
        world.check(everything(world), 10, 10)
        world.accounts = everybody
    world.check_counts()
    world.check(everything(world), 10, 25)


@on_postgresql
def test_what_was_kept_is_counted_by_the_next(world: World) -> None:
    with world.database.write() as first:
        world.add_in(first, 0, ["first"] * 5, NOW_S)
        (other,) = world.add(0, ["second"], NOW_S + 1)
        world.change(other, status=DELETED)
    assert kept(world) == 6 + 2 * 6  # it came to six buckets, and changed its status in each
    world.add(0, ["third"], NOW_S)
    assert kept(world) == 0
    world.check_counts()


def kept(world: World) -> int:
    with world.database.read() as tx:
        return int(rows(tx, "SELECT count(*) FROM account_moves")[0][0])


@on_postgresql
def test_a_bucket_is_cut_while_others_come_to_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed between taking what was kept and cutting is there, but not counted yet."""
    take: Callable[..., Any] = account_counting._take_kept

    def take_while_others_come(tx: Transaction, organization_id: UUID) -> Any:
        kept = take(tx, organization_id)
        monkeypatch.undo()
        monkeypatch.setattr(account_counting, "LARGEST", 8)
        run(world.add, 0, ["a", "c"] * 5, NOW_S).result(PATIENCE_S)
        return kept

    monkeypatch.setattr(account_counting, "_take_kept", take_while_others_come)
    with threads() as run, world.database.write() as first:
        world.add_in(first, 0, ["b"] * 20, NOW_S)
    world.check_counts()
    world.check(everything(world), 0, 100)


def test_writers_at_once_lose_nothing(world: World) -> None:
    """Each creates accounts and changes its own."""

    def work(number: int) -> None:
        for round_ in range(6):
            made = number_of[number].add(number % 2, ["x", "y", "z"] * (round_ % 3 + 1), NOW_S)
            for account in made[::2]:
                number_of[number].change(account, status=SCHEDULED, updated_at_s=NOW_S + round_)

    number_of = [World.__new__(World) for _ in range(4)]
    for number, one in enumerate(number_of):
        one.__dict__ |= {
            "database": world.database,
            "accounts": {},
            "domains": world.domains,
            "made": 1000 * (number + 1),
        }
    with threads(4) as run:
        for future in [run(work, number) for number in range(4)]:
            future.result(60)
    for one in number_of:
        world.accounts |= one.accounts
    world.check_counts()
    world.check(everything(world, order_by=OrderBy.UPDATED_AT), 20, 30)
