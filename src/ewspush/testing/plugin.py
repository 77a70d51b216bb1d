"""The pytest plugin: an emulated EWS server, a mailbox and a scripted responder as fixtures."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ewspush.testing.client import EwsServer
    from ewspush.testing.mailbox import EwsMailbox
    from ewspush.testing.process import EmulatorProcess
    from ewspush.testing.responder import EwsResponder

# pytest imports this module in every project that has ewspush installed, whether it uses it or not:
# what a fixture needs is imported by the fixture.
# ruff: noqa: PLC0415

ADDRESS = "test@example.org"

_SERVER = pytest.StashKey["EwsServer"]()  # that a test uses


@pytest.fixture(scope="session")
def ews_emulate_options() -> tuple[str, ...]:
    """More options of `ewspush emulate` for the server of `ews_server`.

    There are none; override it in a conftest.py, as a fixture of scope session.
    """
    return ()


@pytest.fixture(scope="session")
def ews_emulator(ews_emulate_options: tuple[str, ...]) -> "Iterator[EmulatorProcess]":
    """The process of `ews_server`: one for the session, or for each worker of pytest-xdist."""
    from ewspush.testing.process import EmulatorProcess

    if isinstance(ews_emulate_options, str):
        example = '("--config", "ewspush.toml")'
        text = f"ews_emulate_options gives a tuple such as {example}, not {ews_emulate_options!r}"
        raise pytest.UsageError(text)
    with EmulatorProcess(*ews_emulate_options) as process:
        yield process


@pytest.fixture
def ews_server(ews_emulator: "EmulatorProcess", request: pytest.FixtureRequest) -> "EwsServer":
    """An EWS server (ewspush.testing.EwsServer), as new for each test, with time in your hands.

    `.ews_url` is for EWS clients; `.advance("7m")` lets time pass, with all that happens meanwhile;
    `.faults.fail_to_connect(times=3)` and the like make things go wrong; `.create_mailbox(address)`
    makes more mailboxes than `ews_mailbox`; `.wait_until_idle()`, `.snapshot()`, `.restore(...)`.
    """
    server = ews_emulator.server
    server.reset()
    request.node.stash[_SERVER] = server
    return server


@pytest.fixture
def ews_mailbox(ews_server: "EwsServer") -> "EwsMailbox":
    """An empty mailbox on `ews_server` (ewspush.testing.EwsMailbox).

    `.address`, `.password` and `.ews_url` (or all of them, `.account`) are for EWS clients;
    `.deliver(subject="Hello")` is mail that comes in; `.subscribe(url)` subscribes for a responder
    without an EWS client; `.create_item(...)`, `.move_item(...)`, `.add_event(...)`, `.items()`.
    """
    return ews_server.create_mailbox(ADDRESS)


@pytest.fixture
def ews_responder() -> "Iterator[EwsResponder]":
    """A push responder in threads of the test's process (ewspush.testing.EwsResponder).

    Subscribe with its `.url`. `.expect("NewMailEvent", item_id=...)` waits for an event,
    `.notifications` and `.events` are all that came, `.check()` tells whether anything is missing;
    `.down()`, `.up()`, `.fail(times=2)`, `.hang()`, `.unsubscribe()` say what it does.
    """
    from ewspush.testing.responder import EwsResponder

    with EwsResponder() as responder:
        yield responder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell in the report of a failing test what the server did."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if report.failed and report.when != "teardown" and server is not None:
        from ewspush.testing.report import tell

        report.sections.append(("ewspush", tell(server)))
    return report
