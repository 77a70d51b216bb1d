"""What query strings look for. The examples are those of Microsoft's two pages about them."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ewspush.core.errors import InvalidRestriction
from ewspush.core.query_string import read
from ewspush.core.search import matches

NOW_S = int(datetime(2026, 11, 21, 13, 45, tzinfo=UTC).timestamp())

DEAN = {"Name": "Dean Halstead", "EmailAddress": "dean@hotmail.com"}
SADIE = {"Name": "Sadie Daniels", "EmailAddress": "sadie@example.com"}
ITEM: dict[str, Any] = {
    "ItemClass": "IPM.Note",
    "Subject": "Project plan for product development",
    "Body": {"BodyType": "Text", "Value": "We made progress with the e-mail proposal."},
    "From": DEAN,
    "ToRecipients": [SADIE],
    "CcRecipients": [{"Name": "Ronnie Sturgis", "EmailAddress": "ronnie@example.com"}],
    "Attachments": [{"Name": "report.pdf"}],
    "Categories": ["Blue Category"],
    "Importance": "High",
    "IsRead": False,
    "HasAttachments": True,
    "Size": 7406,
    "DateTimeReceived": "2026-11-20T15:42:02Z",
    "DateTimeSent": "2026-11-20T15:41:00Z",
}


def finds(query: str, **changed: Any) -> bool:
    restriction = read(query, NOW_S)
    assert restriction is not None
    values = {name: value for name, value in (ITEM | changed).items() if value is not None}
    return matches(values, restriction)


FOUND = [
    "subject:project",
    "Subject:PROJECT",
    "subject:proj",
    "subject:(product development)",
    "subject:(development product)",
    'subject:"product development"',
    'subject:"product devel"*',
    "subject:devel*",
    "from:Dean",
    'From:"Dean Halstead"',
    'from:"@hotmail.com"',
    "from:dean@hotmail.com",
    "to:sadie",
    'cc:"Ronnie Sturgis"',
    "participants:dean",
    "participants:sadie",
    "participants:ronnie",
    "body:progress",
    "content:progress",
    "attachment:report",
    "category:blue",
    "project",
    "sadie",
    "report",
    "progress",
    "Product Development",
    "subject: project",
    "project AND from:dean",
    "project from:dean",
    "project + progress",
    "project +progress",
    "subject:meeting OR from:dean",
    'from:("Sadie Daniels" OR "Dean Halstead")',
    "body:(project OR proposal)",
    "NOT from:ronnie",
    "NOT NOT from:dean",
    "-ronald",
    "subject:(NOT proposal)",
    "subject:(project -proposal)",
    "(meeting OR plan) AND (progress OR nothing)",
    "e-mail",
    "importance:high",
    "isread:false",
    "IsRead:FALSE",
    "hasattachment:true",
    "hasattachments:yes",
    "isflagged:false",
    "size:7406",
    "size:>5000",
    "size:>=7406",
    "size:<8KB",
    "size:7000..8000",
    "kind:email",
    "received:yesterday",
    "received:11/20/2026",
    "received:11/20",
    "received:this week",
    "received:November 20, 2026",
    "received:November 20",
    "received:(today OR yesterday)",
    "received:NOT today",
    "received:>11/19/2026",
    "received:>=yesterday",
    "received:<today",
    "received:<=yesterday",
    "sent:11/1/2026..today",
    "sent:last month..this week",
    "sent:yesterday project",
    "received: yesterday subject:plan",
]


@pytest.mark.parametrize("query", FOUND)
def test_an_item_is_found(query: str) -> None:
    assert finds(query)


@pytest.mark.parametrize(
    "query",
    [
        "subject:roject",
        'subject:"proj"',
        'subject:"development product"',
        "subject:progress",
        "subject:(project proposal)",
        "from:sadie",
        'from:"mail.com"',
        "bcc:dean",
        "attachment:pdff",
        "project meeting",
        "project AND meeting",
        "Project Or nothing",
        "NOT project",
        "-project",
        "project -from:dean",
        "NOT (project OR meeting)",
        "importance:low",
        "isread:true",
        "hasattachment:false",
        "isflagged:true",
        "size:7405",
        "size:>7406",
        "size:<=7KB",
        "size:8000..9000",
        "kind:meetings",
        "received:today",
        "received:last week",
        "received:<11/20/2026",
        "received:>yesterday",
        "received:NOT yesterday",
        "sent:11/1/2026..11/19/2026",
    ],
)
def test_an_item_is_not_found(query: str) -> None:
    assert not finds(query)


@pytest.mark.parametrize(
    ("kind", "item_class"),
    [
        ("email", "IPM.Note.SMIME"),
        ("meetings", "IPM.Appointment"),
        ("meetings", "IPM.Schedule.Meeting.Request"),
        ("tasks", "ipm.task"),
        ("contacts", "IPM.DistList"),
        ("posts", "IPM.Post"),
        ("notes", "IPM.StickyNote"),
    ],
)
def test_a_kind_is_its_item_classes(kind: str, item_class: str) -> None:
    assert finds(f"kind:{kind}", ItemClass=item_class)
    assert not finds(f"kind:{kind}", ItemClass="IPM.Unknown")
    assert not finds(f"kind:{kind}", ItemClass="IPM.Notebook")


def test_a_flag_is_found_in_its_xml() -> None:
    flag = "<t:Flag><t:FlagStatus>{}</t:FlagStatus></t:Flag>"
    assert finds("isflagged:true", Flag=flag.format("Flagged"))
    assert finds("isflagged:false", Flag=flag.format("NotFlagged"))


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_query_asks_for_nothing(text: str) -> None:
    assert read(text, NOW_S) is None


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("colour:red", "cannot look for 'colour:'"),
        ("subject:", "lacks a term"),
        ("project AND ", "lacks a term"),
        ("NOT ", "lacks a term"),
        ("()", "lacks a term"),
        ("(project", "lacks a closing parenthesis"),
        ("project)", "a closing parenthesis too many"),
        ('subject:"project', "lacks a closing quotation mark"),
        ('""', "without any text"),
        ("*", "without any text"),
        ("received:soon", "no date"),
        ("received:2/30/2026", "no date"),
        ("size:big", "no size"),
        ("size:5000x", "no size"),
        ("isread:maybe", "one of true"),
        ("kind:cars", "one of contacts"),
        ("(" * 31 + "a" + ")" * 31, "too many levels"),
        ("NOT " * 31 + "a", "too many levels"),
        ("a " * 101, "100 words at most"),
        ("a" * 2001, "2000 characters at most"),
    ],
)
def test_what_cannot_be_read_is_an_invalid_restriction(query: str, reason: str) -> None:
    with pytest.raises(InvalidRestriction, match=reason):
        read(query, NOW_S)


@given(
    st.text()
    | st.lists(
        st.sampled_from([*FOUND, " OR ", " AND ", "NOT ", "(", ")", '"', ":", "..", "-", "+", " "])
    ).map("".join)
)
@example("http://example.com/ 10:30")
def test_any_text_is_a_query_or_an_invalid_restriction(text: str) -> None:
    with suppress(InvalidRestriction):
        restriction = read(text, NOW_S)
        assert restriction is None or matches(ITEM, restriction) in (True, False)
