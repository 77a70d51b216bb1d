"""Items to be searched, and searches for them, made so that some are found and some are not."""

from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from ewspush.core import times
from ewspush.core.item_paths import ExtendedPath, FieldPath, IndexedPath, Path
from ewspush.core.paging import FractionalView, IndexedView, View
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
    Restriction,
)
from ewspush.operations.items.search import Order
from support.checks_for_store import NOW_S

Strategy = st.SearchStrategy[Any]

# Few, so that they meet; with letters whose cases, marks and escapes go wrong easily.
WORDS = (
    "",
    "Kiss",
    "kiss 2",
    "\u212aIss",
    "ma\u00df",
    "MASS",
    "\u0130x",
    "e\u0301t\u00e9",
    'a "b"',
)
COLOUR = ExtendedPath(
    "DistinguishedPropertySetId=PublicStrings PropertyName=Colour PropertyType=String"
)
RANK = ExtendedPath("PropertyTag=0x1234 PropertyType=Integer")
KEYWORDS = ExtendedPath("PropertyTag=0x1235 PropertyType=StringArray")
MOBILE = IndexedPath("PhoneNumbers", "MobilePhone")
HEADER = IndexedPath("InternetMessageHeaders", "X-Word")

words = st.sampled_from(WORDS)
mailboxes = st.fixed_dictionaries({"Name": words, "EmailAddress": words})
seconds = st.integers(NOW_S - 2, NOW_S + 2)
moments = seconds.map(times.to_text)


def _extended(values: dict[Path, Any]) -> list[dict[str, Any]]:
    return [{"Path": path.key, "Value": value} for path, value in values.items()]


def _message(word: str) -> str:
    header = "Content-Type: text/plain; charset=utf-8\r\nX-Word: " + word
    return b64encode(f"{header}\r\n\r\n{word} and more".encode()).decode("ascii")


# What a client says of an item.
items = st.fixed_dictionaries(
    {"ItemClass": st.sampled_from(["IPM.Note", "IPM.Contact", "IPM.Appointment"])},
    optional={
        "Subject": words,
        "IsRead": st.booleans(),
        "Importance": st.sampled_from(["Low", "High"]),
        "Categories": st.lists(words, min_size=1, max_size=2),
        "From": mailboxes,
        "ToRecipients": st.lists(mailboxes, min_size=1, max_size=2),
        "InternetMessageId": words,
        "Body": st.fixed_dictionaries({"BodyType": st.just("HTML"), "Value": words}),
        "MimeContent": words.map(_message),
        "PhoneNumbers": st.fixed_dictionaries({"MobilePhone": words}),
        "Start": moments,
        "ExtendedProperty": st.fixed_dictionaries(
            {},
            optional={
                COLOUR: words,
                RANK: st.integers(0, 3).map(str),
                KEYWORDS: st.lists(words, min_size=1, max_size=2),
            },
        ).map(_extended),
    },
)

_texts = [
    COLOUR,
    HEADER,
    KEYWORDS,
    MOBILE,
    *map(
        FieldPath,
        (
            "Subject", "ItemClass", "From", "ToRecipients", "InternetMessageId", "Categories",
            "Body", "ConversationTopic", "DisplayTo",
        ),
    ),
]  # fmt: skip
_times = [
    FieldPath(n) for n in ("DateTimeReceived", "DateTimeCreated", "LastModifiedTime", "Start")
]
_flags = [FieldPath(n) for n in ("IsRead", "HasAttachments", "IsDraft")]
_numbers = [FieldPath("Size"), RANK]
_all = [*_texts, *_times, *_flags, *_numbers]

_some_texts = words | st.sampled_from(["s", "K", "SS", "ipm.NOTE", "2"])
_constants = st.one_of(
    _some_texts,
    moments,
    seconds.map(lambda at_s: times.to_text(at_s).replace("Z", ".500+00:00")),
    st.sampled_from(
        ["true", "0", "1", "2.5", "150", "nan", "-1e999", "9" * 30, "0001-01-01T00:00:00"]
    ),
).map(Constant)
_comparisons = st.builds(
    Comparison,
    st.sampled_from(Operator),
    st.sampled_from(_all),
    _constants | st.sampled_from(_all),
)
_leaves = st.one_of(
    _comparisons,
    st.builds(
        Contains,
        st.sampled_from(_texts),
        _some_texts,
        st.sampled_from(Mode),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Exists, st.sampled_from(_all)),
    st.builds(Excludes, st.sampled_from(_numbers), st.integers(0, 3)),
)
restrictions: st.SearchStrategy[Restriction] = st.recursive(
    _leaves,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)

_sizes = st.none() | st.integers(1, 4)
views: st.SearchStrategy[View | None] = st.one_of(
    st.none(),
    st.builds(IndexedView, st.integers(0, 9), st.booleans(), _sizes),
    st.integers(1, 5).flatmap(
        lambda bottom: st.builds(FractionalView, st.integers(0, bottom), st.just(bottom), _sizes)
    ),
)

_sorted = [path for path in _all if path not in (HEADER, KEYWORDS)]
orders = st.lists(st.builds(Order, st.sampled_from(_sorted), st.booleans()), min_size=1, max_size=3)
