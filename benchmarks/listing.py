"""How long a page of accounts takes out of 1,000,000, anywhere, on SQLite and on PostgreSQL.

It is the store that is measured: what comes before, the request, and after, the answer, is not part
of it. README.md has the figures of one machine.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import click
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text

from ewspush.core.accounts import Account, AccountStatus, OrderBy
from ewspush.core.ids import shard_of
from ewspush.core.renewal import Period, Renewal
from ewspush.store import accounts, migrations
from ewspush.store.account_listing import Selection, page
from ewspush.store.account_rows import row_of
from ewspush.store.database import Database, Transaction
from ewspush.store.directory_schema import accounts as account_table
from ewspush.store.directory_schema import domains, organizations
from ewspush.store.listing_schema import account_keys
from ewspush.store.schema import mailboxes as mailbox_table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.postgresql import Cluster, Unavailable

COUNT = 1_000_000
DOMAINS = 10  # of which the first has nine tenths of the accounts
AT_ONCE = 10_000  # accounts in a transaction
CALLS = 5  # of which the median is taken, after one that does not count
PAGE = 100
CREATED = 1_000  # accounts at once, in the filled database
NOW_S = 1_790_000_000

FIRST_NAMES = ["Anna", "Boris", "Chloé", "Dmitri", "Eve", "François", "Ганна", "Hugo", "Ingrid"]
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "os")]
NARROW, EVERYWHERE = "4242", "user"

ACTIVE = frozenset({AccountStatus.ACTIVE})
DELETED = frozenset({AccountStatus.DELETED})
ALL = frozenset(AccountStatus)
# Of each thousand accounts, and of each ten.
STATUSES = {107: AccountStatus.DELETED, 7: AccountStatus.DELETION_SCHEDULED}


def new_account(number: int, organization: UUID, domain: UUID) -> Account:
    """One of many: nine of ten are active, and one of a thousand is deleted."""
    chance = random.Random(number)
    family = "".join(chance.choices(SYLLABLES, k=3)).capitalize()
    local_part = f"user{number}"
    return Account(
        mailbox_id=number,
        id=UUID(int=chance.getrandbits(128)),
        user_id=UUID(int=chance.getrandbits(128)),
        organization_id=organization,
        domain_id=domain,
        local_part=local_part,
        address=f"{local_part}@{domain}.example",
        name=f"{chance.choice(FIRST_NAMES)} {family}",
        status=STATUSES.get(number % 1_000, STATUSES.get(number % 10, AccountStatus.ACTIVE)),
        renewal=Renewal.begin(Period.MONTHLY, NOW_S),
        created_at_s=NOW_S - (COUNT - number) // 10,
        updated_at_s=NOW_S - chance.randrange(10_000_000),
    )


def fill(database: Database) -> tuple[UUID, list[UUID]]:
    """Make the accounts, with the keys and buckets as the migration makes them."""
    organization, of_domains = uuid4(), [uuid4() for _ in range(DOMAINS)]
    with database.write() as tx:
        tx.connection.execute(
            insert(organizations), {"id": organization, "alias": "all", "created_at_s": NOW_S}
        )
        rows = [
            {"id": id, "organization_id": organization, "name": str(id), "created_at_s": NOW_S}
            for id in of_domains
        ]
        tx.connection.execute(insert(domains), rows)
    for start in range(1, COUNT + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, COUNT + 1))
        domain = [of_domains[n // 10 % DOMAINS if n % 10 == 0 else 0] for n in numbers]
        made = [new_account(n, organization, of) for n, of in zip(numbers, domain, strict=True)]
        with database.write() as tx:
            tx.connection.execute(insert(account_table), [row_of(account) for account in made])
    with database.write() as tx:
        _enter(tx)
    return organization, of_domains


def _enter(tx: Transaction) -> None:
    """Make keys and buckets, as the migration does."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    migration = ScriptDirectory.from_config(config).get_revision("ewspush_0004")
    indexes = [index for index in account_keys.indexes if index.name not in _of_others(tx)]
    for index in indexes:
        index.drop(tx.connection)
    migration.module.fill(tx.connection)
    for index in indexes:
        index.create(tx.connection)


def _of_others(tx: Transaction) -> set[str]:
    """Indexes that only another database has."""
    return {"account_search_trigrams"} if tx.is_sqlite else set()


def create(database: Database, organization: UUID, domain: UUID, first: int) -> float:
    """Seconds that it takes to store CREATED accounts, their keys and counts."""
    made = [new_account(first + n, organization, domain) for n in range(CREATED)]
    rows = [
        {
            "id": account.mailbox_id,
            "shard": shard_of(account.mailbox_id),
            "address": account.address,
            "password_hash": "-",
            "created_at_s": NOW_S,
            "next_number": 1,
            "watermark_base": 0,
            "floor": 0,
            "head": 0,
        }
        for account in made
    ]
    with database.write() as tx:
        tx.connection.execute(insert(mailbox_table), rows)
    start = time.perf_counter()
    with database.write() as tx:
        accounts.insert_accounts(tx, made)
    return time.perf_counter() - start


def selections(organization: UUID, of_domains: Sequence[UUID]) -> Iterator[tuple[str, Selection]]:
    """What is asked for."""
    for order in OrderBy:
        for descending in (False, True):
            name = f"all, by {order.value}" + (", descending" if descending else "")
            yield name, Selection(organization, None, ALL, "", order, descending)
    yield "active, by name", Selection(organization, None, ACTIVE, "", OrderBy.NAME)
    yield "deleted, by name", Selection(organization, None, DELETED, "", OrderBy.NAME)
    for name, domain in (("large", of_domains[0]), ("small", of_domains[-1])):
        for order in (OrderBy.NAME, OrderBy.UPDATED_AT):
            what = f"a {name} domain, by {order.value}"
            yield what, Selection(organization, domain, ALL, "", order)
    for wanted in (NARROW, "rosto", "anna b", EVERYWHERE, "anna", "é", "42"):
        for order in (OrderBy.NAME, OrderBy.UPDATED_AT):
            what = f"'{wanted}', by {order.value}"
            yield what, Selection(organization, None, ALL, wanted, order)


def median_ms(function: Callable[[], object]) -> float:
    """How long a call takes."""
    taken = []
    for _ in range(CALLS + 1):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return median(taken[1:]) * 1000


def ask(database: Database, selection: Selection, offset: int) -> int:
    """Read one page in a transaction of its own, and say how many there are in all."""
    with database.read() as tx:
        found, total = page(tx, selection, offset, PAGE)
    assert len(found) == min(PAGE, total - offset), (len(found), total, offset)
    return total


def measure(name: str, url: str) -> None:
    """Print the table of one database."""
    database = Database.open(url)
    start = time.perf_counter()
    organization, of_domains = fill(database)
    click.echo(f"\n{name}: {COUNT:,} accounts made in {time.perf_counter() - start:.0f} s")
    if name == "PostgreSQL":
        _analyze(database)
    taken = [
        create(database, organization, of_domains[number], COUNT + 1 + number * CREATED)
        for number in range(2)
    ]
    click.echo(f"{CREATED:,} more at once: {' and '.join(f'{each:.2f}' for each in taken)} s\n")
    click.echo(f"{'milliseconds for a page of 100':36}{'total':>11}", nl=False)
    click.echo("".join(f"{each:>9}" for each in ("first", "middle", "last")))
    for what, selection in selections(organization, of_domains):
        total = ask(database, selection, 0)
        offsets = (0, total // 2, max(total - PAGE, 0))
        row = [median_ms(partial(ask, database, selection, offset)) for offset in offsets]
        click.echo(f"{what:36}{total:11,}" + "".join(f"{each:9.1f}" for each in row))
    database.close()


def _analyze(database: Database) -> None:
    """As autovacuum does, which is off in the cluster of the tests."""
    with database._engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def main() -> None:
    with TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/listing.db")
        click.echo(f"{Path(folder, 'listing.db').stat().st_size / 1e6:.0f} MB")
    try:
        cluster = Cluster()
    except Unavailable as reason:
        click.echo(f"PostgreSQL is not measured: {reason}")
        return
    try:
        measure("PostgreSQL", cluster.empty())
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
