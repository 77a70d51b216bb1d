"""The pytest plugin, in test suites of users."""

import os
import select
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from textwrap import dedent

import pytest

import ewspush.testing
from ewspush.testing import plugin
from support.running_server import PATIENCE_S
from support.schemas import ROOT

pytest_plugins = ["pytester"]

HEAVY = ("twisted", "sqlalchemy", "lxml", "pydantic", "spyne", "pycurl", "structlog", "click")


@pytest.fixture
def suite(pytester, monkeypatch):
    """Runs a test suite in a process of its own."""
    for name in [name for name in os.environ if name.startswith(("EWSPUSH_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))

    def run(source, *options):
        pytester.makepyfile(dedent(source))
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


def test_pytest_finds_the_plugin_by_itself():
    (found,) = entry_points(group="pytest11", name="ewspush")
    assert found.load() is plugin


def test_importing_the_plugin_imports_nothing_heavy():
    imported = subprocess.run(
        [sys.executable, "-c", "import ewspush.testing.plugin, sys; print(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    ).stdout.split()
    assert "ewspush.testing.plugin" in imported
    assert {name.partition(".")[0] for name in imported}.isdisjoint(HEAVY)
    assert [name for name in imported if name.startswith("ewspush.")] == [
        "ewspush.testing",
        "ewspush.testing.plugin",
    ]


@pytest.mark.parametrize("name", ewspush.testing.__all__)
def test_the_package_has_all_that_it_names(name):
    assert getattr(ewspush.testing, name).__name__ == name


def test_a_name_that_the_package_does_not_have_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'EwsClient'"):
        ewspush.testing.EwsClient  # noqa: B018


def test_the_fixtures_are_documented(pytester):
    listed = pytester.runpytest_subprocess("--fixtures", "-v")
    listed.stdout.fnmatch_lines_random(
        [
            "ews_server -- *",
            "*An EWS server (ewspush.testing.EwsServer), as new for each test*",
            "ews_mailbox -- *",
            "*An empty mailbox on `ews_server` (ewspush.testing.EwsMailbox)*",
            "ews_responder -- *",
            "*A push responder in threads of the test's process*",
            "ews_emulate_options*session scope* -- *",
        ]
    )


def test_each_test_has_a_fresh_state_on_one_server(suite):
    suite(
        """
        pids = set()

        def check(ews_server, ews_mailbox, ews_emulator):
            pids.add(ews_emulator.pid)
            assert ews_mailbox.items() == []
            assert ews_mailbox.subscriptions() == []
            assert len(ews_server.mailboxes()) == 1
            assert ews_server.faults.list() == []
            assert not ews_server.time.frozen
            now = ews_server.time.now
            ews_mailbox.deliver(subject="Hello")
            ews_server.create_mailbox("other@example.org")
            ews_server.faults.drop_connections()
            ews_server.advance("30d")
            ews_server.freeze()
            return now

        def test_one(ews_server, ews_mailbox, ews_emulator):
            test_one.now = check(ews_server, ews_mailbox, ews_emulator)

        def test_two(ews_server, ews_mailbox, ews_emulator):
            assert (check(ews_server, ews_mailbox, ews_emulator) - test_one.now).days == 0
            assert len(pids) == 1
        """
    ).assert_outcomes(passed=2)


def test_a_failing_test_tells_what_the_server_did(suite):
    told = suite(
        """
        import pytest

        def test_fails(ews_server, ews_mailbox, ews_responder):
            ews_responder.fail(times=20, status=500)
            ews_mailbox.subscribe(ews_responder.url, status_frequency_min=5)
            ews_server.faults.delay("1s", times=2, url="http://127.0.0.1:1/")
            with ews_server.faults.time_out(url="http://127.0.0.1:1/"):
                pass
            with ews_server.faults.small_batches(times=4, url="http://127.0.0.1:1/"):
                pass
            ews_server.advance("4m")
            assert ews_responder.events

        @pytest.fixture
        def broken(ews_server):
            raise RuntimeError

        def test_has_no_responder(broken):
            pass

        def test_passes(ews_server):
            pass

        def test_uses_nothing():
            assert False

        def test_passes_with_a_dead_server(ews_server, ews_emulator):
            ews_emulator.stop()

        def test_has_a_dead_server(ews_emulator):
            ews_emulator.stop()
        """,
        "-rP",
    )
    told.assert_outcomes(failed=2, errors=1, passed=3)
    assert sum("- ewspush -" in line for line in told.outlines) == 2
    told.stdout.fnmatch_lines(
        [
            "*_ test_fails _*",
            "*- ewspush -*",
            "It is 20??-??-?? ??:??:??.",
            "test@example.org -> http://127.0.0.1:*/ is retrying, next attempt at *, gives up at *",
            "  20??-??-?? ??:??:?? heartbeat -> status (HTTP 500): HTTP 500",
            "  20??-??-?? ??:??:?? heartbeat -> status (HTTP 500): HTTP 500",
            "  20??-??-?? ??:??:?? heartbeat -> status (HTTP 500): HTTP 500",
            "  20??-??-?? ??:??:?? heartbeat -> status (HTTP 500): HTTP 500",
            "fault delay: happened 0 times, 2 times more",
            "fault timeout: was removed after it had happened 0 times",
            "fault batch: was removed after it had happened 0 of 4 times",
        ]
    )
    told.stdout.fnmatch_lines(["*- ewspush -*", "Nobody has subscribed."])


def test_the_report_tells_the_types_of_events_and_what_is_under_way(suite):
    suite(
        """
        def test_fails(ews_server, ews_mailbox, ews_responder):
            subscription = ews_mailbox.subscribe(ews_responder.url)
            ews_server.faults.small_batches(4, times=1)
            subscription.pause()
            item = ews_mailbox.deliver(subject="Hello")
            ews_mailbox.update_item(item.id, is_read=True)
            subscription.resume()
            subscription.wait_until_idle()
            ews_responder.hang()
            ews_mailbox.subscribe(ews_responder.url, wait=False)
            assert False
        """
    ).stdout.fnmatch_lines_random(
        [
            "  * heartbeat -> OK (HTTP 200)",
            "  * 4 events: Created, NewMail, 2 Modified -> OK (HTTP 200)",
            "  * 1 event: Modified -> OK (HTTP 200)",
            "  an attempt is under way since 20??-??-?? ??:??:??: *not answered yet",
        ]
    )


def test_the_report_says_what_a_responder_that_does_not_answer_may_wait_for(suite):
    suite(
        """
        import asyncio
        import pytest

        @pytest.fixture(scope="session")
        def ews_emulate_options(tmp_path_factory):
            config = tmp_path_factory.mktemp("emulator") / "ewspush.toml"
            config.write_text("[delivery]\\ntimeout_s = 0.2")
            return ("--config", str(config))

        async def subscribe(ews_mailbox):
            async def answer(reader, writer):
                raise AssertionError("the loop is blocked")

            responder = await asyncio.start_server(answer, "127.0.0.1", 0)
            port = responder.sockets[0].getsockname()[1]
            ews_mailbox.subscribe(f"http://127.0.0.1:{port}/")
            raise TimeoutError

        def test_fails(ews_mailbox):
            asyncio.run(subscribe(ews_mailbox))
        """
    ).stdout.fnmatch_lines(
        [
            "  * heartbeat -> timeout: *",
            "  A responder on the test's event loop cannot answer while a call blocks that loop.",
        ]
    )


def test_a_failure_shows_the_line_of_the_test_and_none_of_ours(suite):
    told = suite(
        """
        def test_one(ews_server, ews_mailbox):
            ews_mailbox.subscribe("http://127.0.0.1:1/").wait_until_parked(timeout_s=0)

        def test_two(ews_server):
            ews_server.faults.delay("x")

        def test_three(ews_responder):
            ews_responder.expect("NewMailEvent", timeout_s=0)
        """
    )
    told.assert_outcomes(failed=3)
    told.stdout.no_fnmatch_line("*ewspush/testing*")
    told.stdout.fnmatch_lines(["E *WaitTimedOut: nothing was parked*", "E *ValueError: 'x' is no*"])


def test_the_report_says_so_when_the_server_has_gone(suite):
    told = suite(
        """
        def test_fails(ews_server, ews_emulator):
            ews_emulator.stop()
            ews_server.advance("7m")
        """
    )
    told.stdout.fnmatch_lines(
        ["*- ewspush -*", "the emulator at http://127.0.0.1:* does not answer: *refused*"]
    )


def test_each_worker_has_a_server_of_its_own(suite, pytester):
    suite(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_pushes(number, ews_server, ews_mailbox, ews_responder, worker_id):
            with open(f"{worker_id}.txt", "w") as file:
                file.write(ews_server.url)
            ews_mailbox.subscribe(ews_responder.url)
            item = ews_mailbox.deliver(subject=str(number))
            ews_responder.expect("NewMailEvent", item_id=item.id)
            ews_responder.check()
        """,
        *("-n", "2", "--dist", "each"),
    ).assert_outcomes(passed=8)
    assert len({path.read_text() for path in pytester.path.glob("gw*.txt")}) == 2


def test_options_of_the_server_can_be_given_in_a_conftest(suite, pytester):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def ews_emulate_options():
            return ("--mailbox", "ann@example.org:secret")
        """
    )
    suite(
        """
        def test_ann_is_there(ews_server):
            assert [each.address for each in ews_server.mailboxes()] == ["ann@example.org"]
        """
    ).assert_outcomes(passed=1)


def test_options_that_are_no_tuple_are_refused(suite, pytester):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def ews_emulate_options():
            return "--config ewspush.toml"
        """
    )
    told = suite("def test_it(ews_server): pass")
    told.assert_outcomes(errors=1)
    told.stdout.fnmatch_lines(["*ews_emulate_options gives a tuple such as*not '--config ewspu*"])


def test_a_server_that_does_not_start_says_why(suite, pytester):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def ews_emulate_options():
            return ("--no-such-option",)
        """
    )
    told = suite("def test_it(ews_server): pass")
    told.assert_outcomes(errors=1)
    told.stdout.fnmatch_lines(["*EmulatorError: the emulator did not start: *no-such-option*"])


def test_the_server_ends_when_pytest_is_killed(suite, pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    pytester.makepyfile(
        """
        import signal

        def test_is_killed(ews_emulator, ews_server, capfd):
            with capfd.disabled():
                print("\\nthe emulator is", ews_emulator.pid, flush=True)
            signal.pause()
        """
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=pytester.path) as killed:
        told = next(line for line in killed.stdout if line.startswith("the emulator is "))
        emulator = os.pidfd_open(int(told.split()[-1]))
        killed.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([emulator], [], [], PATIENCE_S)
    os.close(emulator)
    assert ended
