"""The panels for time and faults."""

import pytest

from support.checks_for_store import NOW_S, on_sqlite

pytestmark = on_sqlite


def press(emulated, action, **form):
    return emulated.press("/laboratory", f"/laboratory/{action}", **form)


def test_every_page_tells_the_time_of_the_server(emulated):
    for path in ("/", "/laboratory", "/mailboxes"):
        words = emulated.get(path).words
        assert "Time 2026-09-21 14:13:20 next thing due in 25 s" in words
        assert "Freeze time" in words


def test_time_is_frozen_and_let_run(emulated):
    assert press(emulated, "freeze").words == "✓ Time stands still."
    answer = emulated.get("/")
    assert "❚❚ frozen" in answer.words
    assert "data-frozen" in answer.text
    assert "Let time run" in answer.words
    assert press(emulated, "resume").words == "✓ Time goes on."
    assert "data-frozen" not in emulated.get("/").text


@pytest.mark.parametrize(
    ("by", "unit", "seconds", "said"),
    [
        ("1", "min", 60, "1 min"),
        ("7", "min", 420, "7 min"),
        ("0.5", "s", 0.5, "0.5 s"),
        ("2", "h", 7200, "2 h"),
        ("30", "d", 2_592_000, "30 d"),
        ("90", "", 90, "1 min 30 s"),
    ],
)
def test_time_is_advanced(emulated, by, unit, seconds, said):
    words = press(emulated, "advance", by=by, unit=unit).words
    assert words == f"✓ Time was advanced by {said}; all that was due has happened."
    assert emulated.laboratory.now_s == NOW_S + seconds


@pytest.mark.parametrize("by", ["", "x", "-1", "0", "nan", "inf", "1e400", "99999999"])
def test_time_is_not_advanced_by_what_is_no_time(emulated, by):
    answer = press(emulated, "advance", by=by, unit="d")
    assert answer.status == 400
    assert answer.words.startswith("✕")
    assert emulated.laboratory.now_s == NOW_S


def test_everything_is_reset(emulated):
    assert "as it was when the server was started" in press(emulated, "reset").words
    assert emulated.laboratory.told == ["reset"]


def test_a_fault_is_added_with_the_fields_that_were_filled_in(emulated):
    form = {
        "kind": "delay",
        "url": " http://127.0.0.1:1/ ",
        "subscription": "",
        "times": "3",
        "delay_s": "1.5",
        "batch": "",
        "response_code": "",
    }
    assert press(emulated, "add-fault", **form).words == "✓ The fault was added."
    (added,) = emulated.laboratory.added.values()
    wanted = {"kind": "delay", "url": "http://127.0.0.1:1/", "times": 3, "delay_s": 1.5}
    assert added == {"id": "1", "left": 3, "used": 0, **wanted}
    words = emulated.get("/laboratory").words
    assert "the next notification is delayed url http://127.0.0.1:1/ , delay s 1.5" in words
    assert "3 times" in words


def test_a_fault_may_last_until_it_is_removed(emulated):
    press(emulated, "add-fault", kind="http-503", times="1", for_ever="1")
    words = emulated.get("/laboratory").words
    assert "the next EWS request is answered with HTTP 503 any until removed 0 Remove" in words


def test_what_is_wrong_with_a_fault_is_said(emulated):
    emulated.laboratory.refusal = "kind: should be one of <these>."
    answer = press(emulated, "add-fault", kind="x")
    assert answer.status == 400
    assert answer.words == "✕ Not added: kind: should be one of <these>."
    assert press(emulated, "add-fault", kind="connect", times="x").words == "✕ 'x' is no number."


def test_faults_are_removed(emulated):
    press(emulated, "add-fault", kind="connect")
    press(emulated, "add-fault", kind="drop")
    assert press(emulated, "remove-fault", id="1").words == "✓ The fault was removed."
    assert press(emulated, "remove-fault", id="1").words == "✓ The fault is gone already."
    assert list(emulated.laboratory.added) == ["2"]
    press(emulated, "clear-faults")
    assert "There are no faults" in emulated.get("/laboratory").words


def test_a_real_server_has_no_laboratory(inspected):
    assert "Time and faults" not in inspected.get("/").words
    assert inspected.press("/", "/laboratory/freeze").status == 404


def test_an_advance_that_cannot_be_ended_says_why(emulated):
    async def refuse(_):
        raise ValueError("the emulator was reset")

    emulated.laboratory.advance = refuse
    answer = press(emulated, "advance", by="1", unit="s")
    assert answer.status == 409
    assert answer.words == "✕ Not advanced: the emulator was reset."
