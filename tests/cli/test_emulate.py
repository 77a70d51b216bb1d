"""`ewspush emulate`: how it starts and ends, and what it leaves behind."""

import json
import signal
import smtplib
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ewspush.settings import parse_address
from support.ews import get_folder
from support.running_server import MESSAGE, PATIENCE_S, Mailbox

PORTS = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
ANN = Mailbox("ann@example.org", "secret")


@pytest.fixture
def emulate(spawn):
    """Starts an emulator; its process, and what it says when it is ready."""

    def emulate(*options, change=""):
        process = spawn("emulate", *PORTS, "--json", *options, change=change)
        return process, json.loads(process.stdout.readline())

    return emulate


def ended(process):
    """The exit status, and what was written to standard error."""
    _, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_and_leaves_nothing_behind(emulate, number):
    process, ready = emulate()
    data = Path(ready["data"])
    assert (data / "ewspush.db").exists()
    process.send_signal(number)
    assert ended(process) == (0, "")
    assert not data.exists()


def test_it_ends_with_its_standard_input(emulate):
    # A process whose standard input is at its end from the start.
    process, ready = emulate("--until-eof", change="import sys; sys.stdin = open('/dev/null')")
    assert ended(process) == (0, "")
    assert not Path(ready["data"]).exists()


def test_a_mailbox_of_the_command_line_can_be_used(emulate):
    _, ready = emulate("--mailbox", f"{ANN.address}:{ANN.password}")
    lmtp = parse_address(ready["lmtp"])
    with smtplib.LMTP(lmtp.host, lmtp.port, timeout=PATIENCE_S) as session:
        session.sendmail("shop@example.com", [ANN.address], MESSAGE)
    headers = {"Content-Type": "text/xml", "Authorization": ANN.authorization}
    asked = get_folder("inbox", shape="Default")
    with urlopen(Request(ready["ews_url"], asked, headers), timeout=PATIENCE_S) as answer:
        assert b"<t:TotalCount>1</t:TotalCount>" in answer.read()


def test_it_begins_in_real_time(emulate):
    _, ready = emulate()
    with urlopen(f"http://{ready['http']}/emulator/time", timeout=PATIENCE_S) as answer:
        told = json.load(answer)
    assert abs(told["epoch_s"] - time.time()) < PATIENCE_S
    assert not told["frozen"]


def test_people_are_told_where_everything_is(spawn):
    process = spawn("emulate", *PORTS)
    told = "".join(process.stdout.readline() for _ in range(6))
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 0
    for part in ("/EWS/Exchange.asmx", "LMTP", "/inspect", "/emulator/openapi.json", "--data /"):
        assert part in told


@pytest.mark.parametrize("text", ["ann@example.org", "ann@example.org:", ":hidden"])
def test_a_mailbox_without_an_address_or_a_password_is_refused(run, text):
    result = run("emulate", *PORTS, "--mailbox", text)
    assert (result.status, result.out) == (1, "")
    assert "ADDRESS:PASSWORD" in result.err
    assert "hidden" not in result.err


@pytest.mark.parametrize("address", ["no-address", "ann@"])
def test_a_mailbox_that_cannot_be_is_refused(run, address):
    result = run("emulate", *PORTS, "--mailbox", f"{address}:secret")
    assert (result.status, result.out) == (1, "")
    assert f"mailbox {address} cannot be created" in result.err
    assert "secret" not in result.err


def test_settings_are_taken_from_a_file_and_the_environment(spawn, monkeypatch, tmp_path):
    (tmp_path / "ewspush.toml").write_text("[server]\nversion = '15.1.2.3 Exchange2016'\n")
    monkeypatch.setenv("EWSPUSH_LOG_LEVEL", "info")
    monkeypatch.setenv("EWSPUSH_SERVER_DATA", str(tmp_path / "never"))
    process = spawn("emulate", *PORTS, "--json", "--config", "ewspush.toml")
    ready = json.loads(process.stdout.readline())
    process.terminate()
    assert "server.started" in ended(process)[1]
    assert ready["data"] != str(tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_it_listens_for_others_if_they_may_use_it(emulate, run):
    _, ready = emulate("--http", "0.0.0.0:0", "--allow-remote")
    assert ready["http"].startswith("0.0.0.0:")
    refused = run("emulate", *PORTS, "--http", "0.0.0.0:0")
    assert (refused.status, refused.out) == (1, "")
    assert "passwords must not cross a network in the clear" in refused.err


def test_mail_to_elsewhere_goes_nowhere(emulate, monkeypatch, tmp_path):
    (tmp_path / "ewspush.toml").write_text("[relay]\nhost = 'mail.example.org'\nusername = 'me'\n")
    _, ready = emulate("--config", "ewspush.toml")
    assert ready


def test_a_taken_port_is_told(run, emulate):
    _, ready = emulate()
    result = run("emulate", "--http", ready["http"], "--lmtp", "127.0.0.1:0")
    assert (result.status, result.out) == (1, "")
    assert f"cannot listen for http on {ready['http']}" in result.err


@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_database_that_settings_name_is_left_alone(emulate, monkeypatch, tmp_path, place):
    database = tmp_path / "production.db"
    options: tuple[str, ...] = ()
    if place == "file":
        (tmp_path / "ewspush.toml").write_text(f"[server]\ndatabase = 'sqlite:///{database}'\n")
        options = ("--config", "ewspush.toml")
    else:
        monkeypatch.setenv("EWSPUSH_SERVER_DATABASE", f"sqlite:///{database}")
    _, ready = emulate(*options)
    assert (Path(ready["data"]) / "ewspush.db").exists()
    assert not database.exists()
