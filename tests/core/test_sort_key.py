"""By what things are sorted that a search finds."""

from typing import Any

import pytest

from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.core.search import sort_key

RANK = ExtendedPath("PropertyTag=0x1234 PropertyType=Integer")


def ranked(value: str) -> dict[str, Any]:
    return {"ExtendedProperty": [{"Path": RANK.key, "Value": value}]}


@pytest.mark.parametrize(
    ("path", "in_order"),
    [
        (FieldPath("Subject"), [{}, {"Subject": ""}, {"Subject": "B"}, {"Subject": "c"}]),
        (FieldPath("Subject"), [{"Subject": "10"}, {"Subject": "9"}]),
        (FieldPath("Size"), [{}, {"Size": 9}, {"Size": 10}]),
        (FieldPath("IsRead"), [{"IsRead": False}, {"IsRead": True}]),
        (FieldPath("From"), [{"From": {"Name": each, "EmailAddress": "x"}} for each in "aBc"]),
        (RANK, [ranked("x"), ranked("-1"), ranked("9"), ranked("10")]),
    ],
)
def test_values_are_in_this_order(path: Any, in_order: list[dict[str, Any]]) -> None:
    keys = [sort_key(values, path) for values in in_order]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_case_makes_no_difference() -> None:
    path = FieldPath("Subject")
    assert sort_key({"Subject": "STRASSE"}, path) == sort_key({"Subject": "stra\u00dfe"}, path)
