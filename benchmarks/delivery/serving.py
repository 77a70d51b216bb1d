"""A server of ours in this process, with mailboxes and subscriptions, for whatever measures it.

Importing this installs the reactor.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.internet import defer, epollreactor

epollreactor.install()

from twisted.internet import reactor  # noqa: E402

from ewspush import log, settings  # noqa: E402
from ewspush.core.events import EventType, event_filter  # noqa: E402
from ewspush.core.folders import DISTINGUISHED_FOLDERS, INBOX  # noqa: E402
from ewspush.core.renewal import Period  # noqa: E402
from ewspush.core.subscription import IDLE  # noqa: E402
from ewspush.operations import mailboxes  # noqa: E402
from ewspush.operations.mailboxes import NewMailbox  # noqa: E402
from ewspush.server import Server, use_monotonic_time  # noqa: E402
from ewspush.store import organizations, subscriptions  # noqa: E402
from ewspush.store.database import Database, Transaction  # noqa: E402
from ewspush.store.event_log import Happened  # noqa: E402
from ewspush.store.subscriptions import Subscription  # noqa: E402

_INBOX = 1 + [folder.name for folder in DISTINGUISHED_FOLDERS].index(INBOX)
_LOOK_EVERY_S = 0.001
_DOMAIN = "example.org"
_STATUS_FREQUENCY_MIN = 1440  # no heartbeats meanwhile


def new_mail(number: int = 100) -> Happened:
    """A message that has just come into the Inbox."""
    return Happened(EventType.NEW_MAIL, int(time.time()), False, number, _INBOX)


def subscribe(url: str, count: int, database: Database) -> list[int]:
    """Make mailboxes with a subscription to their Inbox each; the numbers of the mailboxes."""
    wanted = event_filter(frozenset({EventType.NEW_MAIL}), frozenset({_INBOX}))
    with database.write() as tx:
        made = _make_mailboxes(tx, count)
        for mailbox in made:
            subscriptions.insert_subscription(
                tx,
                Subscription(
                    mailbox=mailbox,
                    number=7919 * mailbox,
                    url=url,
                    wanted=wanted,
                    status_frequency_min=_STATUS_FREQUENCY_MIN,
                    server_version="Exchange2010_SP2",
                    caller_data=None,
                    created_at_s=1,
                    acknowledged=0,
                    phase=IDLE,
                ),
            )
    return made


def _make_mailboxes(tx: Transaction, count: int) -> list[int]:
    first = mailboxes.create(tx, f"first@{_DOMAIN}", "-", 1)
    domain = organizations.domain_by_name(tx, _DOMAIN)
    assert domain is not None, "it was made with its first mailbox"
    others = [NewMailbox(f"user{n}", f"User {n}", "-", Period.MONTHLY) for n in range(1, count)]
    created = mailboxes.create_in(tx, domain, others, 1)
    return [first.id, *(account.mailbox_id for account in created)]


def run(
    folder: Path,
    prepare: Callable[[Database], Sequence[int]],
    measure: Callable[[Server, Sequence[int]], None],
    ca_file: str = "",
) -> None:
    """Start a server on what was prepared, have it measured by a thread, and stop it.

    Ends the process with an error if that raises.
    """
    use_monotonic_time(reactor)
    chosen = settings.load(
        None,
        os.environ,
        {
            "server": {"data": folder, "http": "127.0.0.1:0", "lmtp": "127.0.0.1:0"},
            "delivery": {"callback_allow": "127.0.0.0/8", "ca_file": ca_file},
            "log": {"level": "error"},
        },
    )
    log.configure(chosen.log)
    database = Database.open(chosen.server.database_url)
    made = prepare(database)
    database.close()
    server, failed = Server(reactor, chosen), []

    def measure_it() -> None:
        try:
            measure(server, made)
        except BaseException:
            failed.append(traceback.format_exc())
        finally:
            reactor.callFromThread(reactor.stop)

    async def start() -> None:
        try:
            await server.start()
        except BaseException:
            failed.append(traceback.format_exc())
            reactor.stop()
        else:
            threading.Thread(target=measure_it, daemon=True).start()

    reactor.callWhenRunning(lambda: defer.ensureDeferred(start()))
    reactor.run()
    if failed:
        raise SystemExit(failed[0])


def acknowledged(server: Server) -> int:
    """Notifications with events that responders have acknowledged so far."""
    return server._engine.metrics.events_acknowledged


def wait_until_durable(server: Server, count: int) -> None:
    """Block until so many notifications were acknowledged, and every cursor is durable."""
    reached = threading.Event()

    def look() -> None:
        if acknowledged(server) >= count and not server._engine.state().unwritten:
            reached.set()
        else:
            reactor.callLater(_LOOK_EVERY_S, look)

    reactor.callFromThread(look)
    reached.wait()
