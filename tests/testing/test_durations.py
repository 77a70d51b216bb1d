"""How long a duration is that a test writes."""

from datetime import timedelta

import pytest

from ewspush.testing.durations import seconds


@pytest.mark.parametrize(
    ("written", "length_s"),
    [
        ("7m", 420),
        ("7 min", 420),
        ("90s", 90),
        ("250ms", 0.25),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("30d", 30 * 86400),
        ("1.5h", 5400),
        ("2w", 14 * 86400),
        ("PT7M", 420),
        ("P1DT2H3M4.5S", 86400 + 7384.5),
        ("P2W", 14 * 86400),
        ("P30D", 30 * 86400),
        (timedelta(minutes=7), 420),
        (420, 420),
        (0.5, 0.5),
        (0, 0),
    ],
)
def test_a_duration_is_so_many_seconds(written, length_s):
    assert seconds(written) == pytest.approx(length_s)


@pytest.mark.parametrize(
    "written",
    ["", "7", "m", "7 minutes", "-7m", "7m!", "1e3s", "7m\n", "\u0667m", "P", "PT", "P1DT", "P1Y"],
)
def test_a_text_that_is_no_duration_is_refused(written):
    with pytest.raises(ValueError, match="is no duration: write 90s, 7m, 1h30m or 30d"):
        seconds(written)


@pytest.mark.parametrize("written", [-1, timedelta(seconds=-1), float("inf"), float("nan")])
def test_a_duration_is_not_negative(written):
    with pytest.raises(ValueError, match="0 or more"):
        seconds(written)


def test_a_duration_is_not_more_than_ten_years():
    assert seconds("3660d") == 3660 * 86400
    with pytest.raises(ValueError, match=r"ten years .* not '7300d'"):
        seconds("7300d")


@pytest.mark.parametrize("written", [None, True, [7], b"7m"])
def test_what_is_of_no_such_type_is_refused(written):
    with pytest.raises(TypeError, match="a text such as '7m', a timedelta, or a number of seconds"):
        seconds(written)
