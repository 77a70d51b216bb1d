"""Restrictions of requests, read."""

import pytest
from lxml import etree

from ewspush.core.errors import UnsupportedPathForQuery
from ewspush.core.item_paths import ExtendedPath, FieldPath
from ewspush.core.search import (
    And,
    Comparison,
    Constant,
    Contains,
    Excludes,
    Exists,
    Mode,
    Not,
    Operator,
    Or,
)
from ewspush.endpoint.ews.restrictions import (
    InvalidExcludesRestriction,
    RestrictionTooComplex,
    RestrictionTooLong,
    read,
)
from ewspush.wire.properties.paths import path
from support.schemas import TYPES

SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'
FLAG = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>'
SUBJECT_PATH = FieldPath("Subject")
FLAG_PATH = ExtendedPath("PropertyTag=0xe07 PropertyType=Integer")
EXISTS = f"<t:Exists>{SUBJECT}</t:Exists>"


def compare(operator, right='<t:Constant Value="x"/>'):
    operand = f"<t:FieldURIOrConstant>{right}</t:FieldURIOrConstant>"
    return f"<t:{operator}>{SUBJECT}{operand}</t:{operator}>"


def contains(attributes=""):
    return f'<t:Contains {attributes}>{SUBJECT}<t:Constant Value="x"/></t:Contains>'


def restriction(content, read_path=path):
    document = f'<m xmlns:t="{TYPES}">{content}</m>'
    return read(etree.fromstring(document, etree.XMLParser(huge_tree=True)), read_path)


def compared(operator, right=None):
    return Comparison(operator, SUBJECT_PATH, Constant("x") if right is None else right)


def contained(mode=Mode.FULL_STRING, case=False, marks=False):
    return Contains(SUBJECT_PATH, "x", mode, case, marks)


READ = [
    (EXISTS, Exists(SUBJECT_PATH)),
    (f"<t:Exists>{FLAG}</t:Exists>", Exists(FLAG_PATH)),
    *((compare(each.value), compared(each)) for each in Operator),
    (compare("IsEqualTo", FLAG), compared(Operator.EQUAL, FLAG_PATH)),
    (f'<t:Excludes>{FLAG}<t:Bitmask Value="0xF0"/></t:Excludes>', Excludes(FLAG_PATH, 0xF0)),
    (f'<t:Excludes>{FLAG}<t:Bitmask Value="12"/></t:Excludes>', Excludes(FLAG_PATH, 12)),
    (contains(), contained()),
    *((contains(f'ContainmentMode="{each.value}"'), contained(each)) for each in Mode),
    (f"<t:And>{EXISTS}{EXISTS}</t:And>", And((Exists(SUBJECT_PATH), Exists(SUBJECT_PATH)))),
    (f"<t:Or>{EXISTS}</t:Or>", Or((Exists(SUBJECT_PATH),))),
    (f"<t:Not><t:Not>{EXISTS}</t:Not></t:Not>", Not(Not(Exists(SUBJECT_PATH)))),
]


@pytest.mark.parametrize(("content", "expected"), READ)
def test_every_search_expression_is_read(content, expected):
    assert restriction(content) == expected


@pytest.mark.parametrize(
    ("comparison", "case", "marks"),
    [
        ("Exact", False, False),
        ("IgnoreCase", True, False),
        ("IgnoreNonSpacingCharacters", False, True),
        ("Loose", True, True),
        ("IgnoreCaseAndNonSpacingCharacters", True, True),
        ("LooseAndIgnoreCase", True, False),
        ("LooseAndIgnoreNonSpace", False, True),
        ("LooseAndIgnoreCaseAndIgnoreNonSpace", True, True),
    ],
)
def test_a_comparison_says_what_it_ignores(comparison, case, marks):
    content = contains(f'ContainmentComparison="{comparison}"')
    assert restriction(content) == contained(case=case, marks=marks)


def test_without_a_restriction_there_is_none():
    assert read(None, path) is None


@pytest.mark.parametrize("content", [EXISTS, compare("IsEqualTo"), f"<t:Not>{contains()}</t:Not>"])
def test_what_cannot_be_searched_is_refused(content):
    with pytest.raises(UnsupportedPathForQuery):
        restriction(content, lambda _: None)


@pytest.mark.parametrize("mask", ["", "0x", "0X"])
def test_a_mask_must_be_a_number(mask):
    with pytest.raises(InvalidExcludesRestriction):
        restriction(f'<t:Excludes>{FLAG}<t:Bitmask Value="{mask}"/></t:Excludes>')


def test_255_expressions_are_read_and_not_one_more():
    assert len(restriction(f"<t:Or>{EXISTS * 254}</t:Or>").parts) == 254
    with pytest.raises(RestrictionTooLong):
        restriction(f"<t:Or>{EXISTS * 255}</t:Or>")


def test_100_levels_are_read_and_not_one_more():
    restriction("<t:Not>" * 99 + EXISTS + "</t:Not>" * 99)
    with pytest.raises(RestrictionTooComplex):
        restriction("<t:Not>" * 100 + EXISTS + "</t:Not>" * 100)


@pytest.mark.parametrize("mode", [Mode.PREFIX_ON_WORDS, Mode.EXACT_PHRASE])
def test_phrases_have_255_characters_and_not_one_more(mode):
    phrase = contains(f'ContainmentMode="{mode.value}"').replace('"x"', f'"{"x" * 255}"')
    assert restriction(phrase).text == "x" * 255
    with pytest.raises(RestrictionTooComplex):
        restriction(phrase.replace('"xx', '"xxx'))
    assert restriction(contains().replace('"x"', f'"{"x" * 256}"'))
