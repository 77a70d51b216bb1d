"""What all commands have in common: help, errors on one line, exit statuses, a quick start."""

import os
import subprocess
import sys

import click
import pytest

from ewspush.cli import commands, passwords
from support.running_server import PATIENCE_S
from support.schemas import ROOT


def every_command(group=commands, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


GROUPS = [name for name, command in commands.commands.items() if isinstance(command, click.Group)]
_MANAGED = {"org", "domain", "user", "mailbox", "alias", "permission", "admin", "audit"}
MANAGEMENT = [path for path in every_command() if path[0] in _MANAGED]


@pytest.mark.parametrize("path", [(), *((name,) for name in GROUPS), *every_command()])
def test_help_is_complete_and_not_too_wide(ewspush, path):
    told = ewspush(*path, "--help")
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith(f"Usage: ewspush {' '.join(path)}".rstrip())
    assert max(map(len, told.out.splitlines())) <= 100
    # Every option says what it is for.
    lines = told.out.partition("Options:\n")[2].splitlines()
    assert all(len(line.split("  ")) > 2 for line in lines if line.startswith("  -"))


@pytest.mark.parametrize(
    ("path", "example"),
    [
        (("serve",), "ewspush serve\n"),
        (("mailbox", "create"), "ewspush mailbox create user@example.org --password-stdin <"),
        (("deliver",), "ewspush deliver --to user@example.org message.eml"),
        (("responder",), "ewspush responder --fail-first 2"),
        (("doctor",), "ewspush doctor https://app.example.com/push?key=..."),
        (("replay",), "ewspush replay samples/send-notification.xml --to http://127.0.0.1:8090/"),
    ],
)
def test_help_has_an_example(ewspush, path, example):
    assert example in ewspush(*path, "--help").out


def test_help_tells_the_defaults(ewspush):
    told = " ".join(ewspush("serve", "--help").out.split())
    for default in ("127.0.0.1:8080", "127.0.0.1:8024", "ewspush-data"):
        assert f"[default: {default}" in told


@pytest.mark.parametrize(
    ("group", "title"), [((), "Mailboxes:"), *(((name,), "Commands:") for name in GROUPS)]
)
def test_a_group_without_a_command_shows_what_there_is(ewspush, group, title):
    told = ewspush(*group)
    assert told.status == 2
    assert title in told.err


def test_every_command_is_in_a_section_of_the_help(ewspush):
    lines = ewspush("--help").out.splitlines()
    for name in commands.commands:
        assert any(line.startswith(f"  {name} ") for line in lines), name


@pytest.mark.parametrize("path", MANAGEMENT)
def test_help_of_every_management_command_has_an_example(ewspush, path):
    told = ewspush(*path, "--help").out
    assert f"    ewspush {' '.join(path)}" in told.replace("\n  ", "\n    ")


@pytest.mark.parametrize("path", MANAGEMENT)
def test_every_management_command_can_answer_in_json(path):
    command = commands
    for name in path:
        command = command.commands[name]
    assert "as_json" in {option.name for option in command.params}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nothing"], "No such command 'nothing' (`ewspush --help` tells more)"),
        (["serve", "extra"], "Got unexpected extra argument (extra) (`ewspush serve --help`"),
        (["serve", "--bogus"], "No such option '--bogus' (`ewspush serve --help` tells more)"),
        (["mailbox", "create"], "Missing argument 'ADDRESS...' (`ewspush mailbox create --help`"),
        (["deliver"], "Missing option '--to' (`ewspush deliver --help` tells more)"),
        (["deliver", "--to", "a@b.c", "none.eml"], "Invalid value for '[FILE.eml]...': File"),
        (["responder", "--status", "99"], "Invalid value for '--status': 99 is not in the range"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(ewspush, arguments, line):
    told = ewspush(*arguments)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(f"ewspush: {line}")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["serve", "mailbox list", "subscription list", "deliver --to a", "doctor http://a/"]
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing(ewspush, elsewhere, monkeypatch, command):
    monkeypatch.setenv("EWSPUSH_DELIVERY_BATCH", "0")
    told = ewspush(*command.split())
    assert told.status == 1
    assert told.err == "ewspush: delivery.batch: should be a whole number from 1 to 10000\n"
    assert not list(elsewhere.iterdir())


def test_an_error_of_the_operating_system_is_one_line(ewspush, elsewhere):
    (elsewhere / "file").touch()
    told = ewspush("mailbox", "create", "user@example.com", "--data", "file/data")
    assert (told.status, told.err) == (1, "ewspush: file/data: Not a directory\n")


def test_an_error_that_quotes_several_lines_is_one_line(ewspush, server):
    told = ewspush("subscription", "show", "a\nb", "--data", server.data)
    assert told.err == "ewspush: there is no subscription a b: that is not an id of ewspush\n"


def test_ctrl_c_is_status_130_without_a_traceback(ewspush, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(passwords, "_read_line", interrupted)
    told = ewspush("mailbox", "create", "user@example.com", "--password-stdin")
    assert (told.status, told.out, told.err.strip()) == (130, "", "")


def test_nobody_reading_the_output_is_no_traceback(spawn, server, mailbox):
    process = spawn("mailbox", "list", "--data", server.data)
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 1
    assert process.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["serve", "--help"],
        ["demo", "--help"],
        ["doctor", "--help"],
        ["replay", "--help"],
    ],
)
def test_help_loads_nothing_heavy(program, arguments):
    assert loaded(program, arguments) == set()


def test_a_command_to_a_running_server_does_not_load_a_server(program, server, mailbox):
    arguments = ["mailbox", "list", "--data", server.data]
    assert loaded(program, arguments) == {"pydantic"}


def test_a_server_loads_alembic_only_to_migrate(program, tmp_path):
    taken = tmp_path / "data"
    taken.touch()  # so that it ends, with all loaded
    assert "alembic" not in loaded(program, ["serve", "--data", taken])


def loaded(program, arguments):
    """The heavy libraries that a command imports."""
    heavy = {"alembic", "argon2", "lxml", "pycurl", "pydantic", "spyne", "sqlalchemy", "twisted"}
    code = (
        "import contextlib, runpy, sys\n"
        "with contextlib.suppress(SystemExit): runpy.run_path(sys.argv.pop(1))\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, program(), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return heavy & set(ended.stderr.split())
