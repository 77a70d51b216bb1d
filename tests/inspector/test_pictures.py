"""The picture of attempts over time."""

import pytest

from ewspush.inspector.pictures import LEFT, RIGHT, Made, Plan, draw, duration


def failed(*at_s: float) -> list[Made]:
    return [Made(each, is_good=False) for each in at_s]


def plan(failures: int, next_s: float | None, *, minutes: int = 5, is_over: bool = False) -> Plan:
    return Plan(1000, minutes * 60, 30, failures, next_s, is_over)


def test_waits_double_and_the_last_attempt_is_at_the_end_of_the_window() -> None:
    picture = draw(failed(1000), 1010, plan(1, 1030))
    assert picture is not None
    assert [mark.kind for mark in picture.marks] == ["bad", *["planned"] * 4]
    assert [wait.label for wait in picture.waits] == ["30 s", "1 min", "2 min", "1 min 30 s"]
    assert (picture.marks[0].x, picture.marks[-1].x) == (LEFT, RIGHT)
    assert [(line.kind, line.label, line.x) for line in picture.lines if line.kind == "end"] == [
        ("end", "gives up", RIGHT)
    ]


def test_times_told_in_whole_seconds_do_not_spoil_the_law() -> None:
    picture = draw(failed(1000.4, 1030.4), 1031, Plan(1000.4, 300, 30, 2, 1090, is_over=False))
    assert picture is not None
    assert [wait.label for wait in picture.waits] == ["30 s", "1 min", "2 min", "1 min 30 s"]


def test_an_attempt_that_was_put_off_is_where_it_was_put() -> None:
    picture = draw(failed(1000), 1010, plan(1, 1150))
    assert picture is not None
    assert [mark.title for mark in picture.marks][1] == "planned, 2 min 30 s after the first"


def test_what_came_before_the_first_failure_is_left_out() -> None:
    picture = draw([Made(10, is_good=True), *failed(1000, 1030)], 1031, plan(2, 1090))
    assert picture is not None
    assert picture.description.startswith("2 attempts were made, of which 2 failed. 3 more")


def test_one_that_was_given_up_has_no_plan() -> None:
    picture = draw(failed(1000, 1030, 1060), 9000, plan(3, None, minutes=1, is_over=True))
    assert picture is not None
    assert [mark.kind for mark in picture.marks] == ["bad"] * 3
    assert [(line.kind, line.label) for line in picture.lines] == [
        ("start", "first"),
        ("end", "gave up"),
    ]
    assert picture.description.endswith("Then the server gave up.")


def test_while_all_is_well_attempts_stand_in_their_time() -> None:
    picture = draw([Made(0, True), Made(50, False), Made(75, True)], 100, None)
    assert picture is not None
    assert [mark.kind for mark in picture.marks] == ["good", "bad", "good"]
    assert [mark.x for mark in picture.marks] == [24, 380, 558]
    assert picture.waits == ()


def test_without_attempts_there_is_no_picture() -> None:
    assert draw([], 0, None) is None
    assert draw(failed(10), 5000, plan(1, 1030)) is None


@pytest.mark.parametrize("minutes", [1, 5, 30, 1440])
@pytest.mark.parametrize("failures", [1, 2, 3, 11])
def test_a_picture_is_bounded_and_within_its_box(minutes: int, failures: int) -> None:
    made = failed(*(1000 + n for n in range(failures)))
    picture = draw(made, 1000 + failures, plan(failures, None, minutes=minutes))
    assert picture is not None
    assert len(picture.marks) <= failures + 12
    places = [mark.x for mark in picture.marks] + [line.x for line in picture.lines]
    assert all(LEFT <= place <= RIGHT for place in places)


def test_a_clock_that_was_set_back_draws_something() -> None:
    assert draw([Made(100, False), Made(50, True)], 60, None) is not None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.2 s"),
        (5, "5 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86_400, "1 d"),
        (200_000, "2 d 7 h"),
    ],
)
def test_lengths_of_time_are_said_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
