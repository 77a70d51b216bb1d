"""Restrictions: what is found by the values of a folder or an item."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    ContainsFilterWrongType,
    Excludes,
    Exists,
    Mode,
    Not,
    Operator,
    Or,
    Restriction,
    matches,
)

HIDDEN = ExtendedPath("PropertyTag=0x10f4 PropertyType=Boolean")
SIZE = ExtendedPath("PropertyTag=0xe08 PropertyType=Long")
DUE = ExtendedPath("DistinguishedPropertySetId=Task PropertyId=33029 PropertyType=SystemTime")
TAGS = ExtendedPath("DistinguishedPropertySetId=PublicStrings PropertyId=1 PropertyType=LongArray")

VALUES: dict[str, Any] = {
    "Subject": "Grüße from Été",
    "IsRead": False,
    "Size": 1000,
    "PercentComplete": 12.5,
    "Flags": 6,
    "DateTimeReceived": "2026-03-01T12:00:00Z",
    "DateTimeSent": "2026-03-01T11:59:00Z",
    "Categories": ["Blue", "Red"],
    "Body": {"BodyType": "Text", "Value": "the quick brown fox"},
    "From": {"Mailbox": None, "Name": "Anna", "EmailAddress": "anna@example.org"},
    "ToRecipients": [{"EmailAddress": "one@example.org"}, {"EmailAddress": "two@example.org"}],
    "PhoneNumbers": {"MobilePhone": "0170"},
    "ConversationId": {"Id": "eKRhsQ=="},
    "ExtendedProperty": [
        {"Path": HIDDEN.key, "Value": "false"},
        {"Path": SIZE.key, "Value": "300"},
        {"Path": DUE.key, "Value": "2026-03-01T13:00:00+01:00"},
        {"Path": TAGS.key, "Value": ["7", "10"]},
    ],
}


def compare(name: str, operator: str, constant: str) -> Comparison:
    return Comparison(Operator(operator), FieldPath(name), Constant(constant))


COMPARISONS = [
    ("Subject", "IsEqualTo", "grüsse FROM été", True),  # ß folds to ss
    ("Subject", "IsEqualTo", "Grusse from Ete", False),
    ("Subject", "IsNotEqualTo", "x", True),
    ("Subject", "IsGreaterThan", "GRÜ", True),
    ("Subject", "IsLessThan", "GRÜ", False),
    ("IsRead", "IsEqualTo", "false", True),
    ("IsRead", "IsEqualTo", "0", True),
    ("IsRead", "IsEqualTo", "1", False),
    ("IsRead", "IsEqualTo", "no", False),
    ("IsRead", "IsNotEqualTo", "true", True),
    ("Size", "IsEqualTo", "1000", True),
    ("Size", "IsGreaterThan", "999", True),  # as numbers: as text it is less
    ("Size", "IsGreaterThanOrEqualTo", "1000", True),
    ("Size", "IsLessThan", "1000", False),
    ("Size", "IsLessThanOrEqualTo", "1000.5", True),
    ("Size", "IsLessThan", "many", False),
    ("Size", "IsLessThan", "9" * 5000, True),
    ("PercentComplete", "IsEqualTo", "12.5", True),
    ("DateTimeReceived", "IsEqualTo", "2026-03-01T13:00:00+01:00", True),
    ("DateTimeReceived", "IsGreaterThan", "2026-03-01T12:30:00+01:00", True),
    ("DateTimeReceived", "IsLessThan", "2026-03-01", False),
    ("DateTimeReceived", "IsGreaterThanOrEqualTo", "2026-03-01T12:00:00.000Z", True),
    ("Categories", "IsEqualTo", "red", True),
    ("Categories", "IsEqualTo", "green", False),
    ("Categories", "IsNotEqualTo", "red", False),
    ("From", "IsEqualTo", "anna@EXAMPLE.org", True),
    ("ConversationId", "IsEqualTo", "eKRhsQ==", True),
    ("ConversationId", "IsEqualTo", "eKRhsR==", False),
    ("Missing", "IsEqualTo", "", False),
    ("Missing", "IsNotEqualTo", "x", True),
    ("Missing", "IsLessThan", "x", False),
]


@pytest.mark.parametrize(("name", "operator", "constant", "found"), COMPARISONS)
def test_a_property_is_compared_as_what_it_is(
    name: str, operator: str, constant: str, found: bool
) -> None:
    assert matches(VALUES, compare(name, operator, constant)) is found


EXTENDED = [
    (HIDDEN, "IsEqualTo", "0", True),
    (HIDDEN, "IsNotEqualTo", "true", True),
    (SIZE, "IsGreaterThan", "1000", False),
    (SIZE, "IsLessThan", "1000", True),
    (DUE, "IsEqualTo", "2026-03-01T12:00:00Z", True),
    (TAGS, "IsGreaterThan", "9", True),
    (TAGS, "IsEqualTo", "8", False),
]


@pytest.mark.parametrize(("path", "operator", "constant", "found"), EXTENDED)
def test_an_extended_property_is_compared_by_its_type(
    path: ExtendedPath, operator: str, constant: str, found: bool
) -> None:
    restriction = Comparison(Operator(operator), path, Constant(constant))
    assert matches(VALUES, restriction) is found


@pytest.mark.parametrize(
    ("left", "operator", "right", "found"),
    [
        ("DateTimeReceived", "IsGreaterThan", "DateTimeSent", True),
        ("DateTimeReceived", "IsEqualTo", "DateTimeSent", False),
        ("Size", "IsEqualTo", "Size", True),
        ("Size", "IsLessThan", "Subject", False),
        ("Size", "IsGreaterThan", "Missing", False),
    ],
)
def test_properties_are_compared_with_each_other(
    left: str, operator: str, right: str, found: bool
) -> None:
    restriction = Comparison(Operator(operator), FieldPath(left), FieldPath(right))
    assert matches(VALUES, restriction) is found


def test_an_entry_of_a_property_is_compared_by_itself() -> None:
    path = IndexedPath("PhoneNumbers", "MobilePhone")
    assert matches(VALUES, Comparison(Operator.EQUAL, path, Constant("0170")))
    assert not matches(VALUES, Exists(IndexedPath("PhoneNumbers", "HomePhone")))


CONTAINS = [
    (Mode.FULL_STRING, "Grüße from Été", {}, True),
    (Mode.FULL_STRING, "Grüße", {}, False),
    (Mode.FULL_STRING, "grüße from été", {}, False),
    (Mode.FULL_STRING, "grüße from été", {"ignores_case": True}, True),
    (Mode.FULL_STRING, "Gruße from Ete", {"ignores_marks": True}, True),
    (Mode.FULL_STRING, "grusse from ete", {"ignores_case": True, "ignores_marks": True}, True),
    (Mode.FULL_STRING, "GRUSSE FROM ETE", {"ignores_marks": True}, False),
    (Mode.PREFIXED, "Grüße f", {}, True),
    (Mode.PREFIXED, "from", {}, False),
    (Mode.SUBSTRING, "ße fr", {}, True),
    (Mode.SUBSTRING, "", {}, True),
    (Mode.PREFIX_ON_WORDS, "fro", {}, True),
    (Mode.PREFIX_ON_WORDS, "rom", {}, False),
    (Mode.PREFIX_ON_WORDS, "", {}, True),
    (Mode.EXACT_PHRASE, "from Été", {}, True),
    (Mode.EXACT_PHRASE, "from Ét", {}, False),
    (Mode.EXACT_PHRASE, "rom", {}, False),
]


@pytest.mark.parametrize(("mode", "text", "comparison", "found"), CONTAINS)
def test_text_is_found_where_and_how_it_is_looked_for(
    mode: Mode, text: str, comparison: dict[str, bool], found: bool
) -> None:
    assert matches(VALUES, Contains(FieldPath("Subject"), text, mode, **comparison)) is found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Body", "brown", True),
        ("Body", "Text", False),  # its BodyType
        ("ToRecipients", "two@", True),
        ("ToRecipients", "three@", False),
        ("From", "nna", True),
        ("Categories", "lu", True),
        ("Missing", "", False),
    ],
)
def test_text_is_found_in_structures(name: str, text: str, found: bool) -> None:
    assert matches(VALUES, Contains(FieldPath(name), text, Mode.SUBSTRING)) is found


@pytest.mark.parametrize("name", ["IsRead", "Size", "PercentComplete"])
def test_contains_is_refused_for_what_is_no_text(name: str) -> None:
    with pytest.raises(ContainsFilterWrongType):
        matches(VALUES, Contains(FieldPath(name), "1"))


@pytest.mark.parametrize(
    ("path", "mask", "found"),
    [
        (FieldPath("Flags"), 0x1, True),
        (FieldPath("Flags"), 0x4, False),
        (FieldPath("Flags"), 0, True),
        (SIZE, 0x3, True),
        (SIZE, 0x4, False),
        (FieldPath("Subject"), 0, False),
        (FieldPath("Missing"), 1, True),
    ],
)
def test_bits_are_excluded(path: FieldPath | ExtendedPath, mask: int, found: bool) -> None:
    assert matches(VALUES, Excludes(path, mask)) is found


def test_what_is_there_exists_whatever_its_value() -> None:
    assert matches(VALUES, Exists(FieldPath("IsRead")))
    assert matches(VALUES, Exists(HIDDEN))
    assert not matches(VALUES, Exists(FieldPath("Missing")))


YES, NO = Exists(FieldPath("Size")), Exists(FieldPath("Missing"))


@pytest.mark.parametrize(
    ("restriction", "found"),
    [
        (And((YES, YES)), True),
        (And((YES, NO)), False),
        (Or((NO, YES)), True),
        (Or((NO, NO)), False),
        (Not(NO), True),
        (Not(And((YES, Or((NO, Not(YES)))))), True),
    ],
)
def test_restrictions_are_put_together(restriction: Restriction, found: bool) -> None:
    assert matches(VALUES, restriction) is found


scalars = st.one_of(
    st.text(max_size=5),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-5, max_value=5),
    st.datetimes().map(lambda time: time.isoformat(timespec="seconds") + "Z"),
)


@given(value=scalars, constant=st.one_of(scalars.map(str), st.text(max_size=5)))
def test_a_value_is_less_equal_or_greater_or_cannot_be_compared(value: Any, constant: str) -> None:
    holds = {
        operator: matches({"A": value}, Comparison(operator, FieldPath("A"), Constant(constant)))
        for operator in Operator
    }
    less, equal, greater = (
        holds[each] for each in (Operator.LESS, Operator.EQUAL, Operator.GREATER)
    )
    assert less + equal + greater <= 1
    assert holds[Operator.NOT_EQUAL] is not equal
    assert holds[Operator.LESS_OR_EQUAL] is (less or equal)
    assert holds[Operator.GREATER_OR_EQUAL] is (greater or equal)


class Counted(dict[str, Any]):
    """Values that count how often they are asked for."""

    asked = 0

    def get(self, name: str, default: Any = None) -> Any:
        self.asked += 1
        return super().get(name, default)


def test_a_property_is_read_once_for_all_that_looks_into_it() -> None:
    values = Counted(VALUES)
    parts = (
        Contains(FieldPath("Body"), text, Mode.SUBSTRING, ignores_case=True)
        for text in ("none", "of", "THESE", "FOX")
    )
    assert matches(values, Or(tuple(parts)))
    assert values.asked == 1
