from datetime import UTC, datetime

import pytest

from ewspush.mail import fields
from ewspush.mail.summary import REFERENCES_LIMIT, Summary, seconds, summarize


def summary(*lines: str) -> Summary:
    return summarize(fields.read("\r\n".join([*lines, "", ""]).encode(), 0)[0])


@pytest.mark.parametrize(
    ("date", "utc"),
    [
        ("Tue, 1 Jul 2025 10:52:37 +0200", "2025-07-01 08:52:37"),
        ("1 Jul 2025 10:52 -0330", "2025-07-01 14:22:00"),
        ("Tue,1 Jul 2025 10:52:37+0200 (CEST)", "2025-07-01 08:52:37"),
        ("Tuesday, 01-Jul-25 10:52:37 GMT", "2025-07-01 10:52:37"),
        ("Tue Jul  1 10:52:37 2025", "2025-07-01 10:52:37"),
        ("Tue Jul  1 10:52:37 PDT 2025", "2025-07-01 17:52:37"),
        ("1 July 2025 10.52.37 EST", "2025-07-01 15:52:37"),
        ("Tue, 1 Jul 2025 10:52:37 Z", "2025-07-01 10:52:37"),
        ("Tue, 1 Jul 2025 10:52:37 NOZONE", "2025-07-01 10:52:37"),
        ("Tue, 1 Jul 2025 10:52:37", "2025-07-01 10:52:37"),
        ("Fri, 30 Jun 95 12:00:00 -0000", "1995-06-30 12:00:00"),
        ("30 Jun 49 12:00:00 +0000", "2049-06-30 12:00:00"),
        ("30 Jun 105 12:00:00 +0000", "2005-06-30 12:00:00"),
        ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31 23:59:59"),
        ("Tue, 1 Jul 2025 10:52:37 +9959", "2025-06-27 06:53:37"),
        ("1 Jan 1601 00:00:00 +0000", "1601-01-01 00:00:00"),
        ("30 Dec 9999 23:59:59 +0000", "9999-12-30 23:59:59"),
    ],
)
def test_a_date_is_read_in_all_forms_that_are_in_use(date: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert seconds(date.encode()) == int(expected.timestamp())


@pytest.mark.parametrize(
    "date",
    [
        *("", "yesterday", "31 Jun 2025 10:00:00 +0000", "1 Foo 2025 10:00:00 +0000"),
        *("1 Jul 2025", "1 Jul 2025 25:00:00 +0000", "1 Jul 2025 10:61:00 +0000"),
        *("1 Jul 0000 10:00:00 +0000", "31 Dec 1600 10:00:00 +0000", "1 Jan 1601 00:00:00 +0100"),
        *("31 Dec 9999 23:59:59 +0000", "1 Jul 99999 10:00:00 +0000", "\xff" * 500, "1" * 10_000),
    ],
)
def test_what_is_no_date_or_out_of_range_is_none(date: str) -> None:
    assert seconds(date.encode("latin-1")) is None


@pytest.mark.parametrize(
    ("field", "importance"),
    [
        ("Importance: high", "High"),
        ("Importance: LOW", "Low"),
        ("Importance: urgent-ish", "Normal"),
        ("X-Priority: 2", "High"),
        ("X-Priority: 5 (Lowest)", "Low"),
        ("X-MSMail-Priority: High", "High"),
        ("Priority: non-urgent", "Low"),
        ("Priority: urgent", "High"),
        ("Importance:", "Normal"),
        ("X-Priority: 1\r\nImportance: low", "Low"),
    ],
)
def test_importance_is_told_by_several_fields(field: str, importance: str) -> None:
    assert summary(field).importance == importance


@pytest.mark.parametrize(
    ("value", "sensitivity"),
    [
        ("Personal", "Personal"),
        ("private", "Private"),
        ("Company-Confidential", "Confidential"),
        ("company", "Normal"),
    ],
)
def test_sensitivity_has_the_names_of_ews(value: str, sensitivity: str) -> None:
    assert summary(f"Sensitivity: {value}").sensitivity == sensitivity


@pytest.mark.parametrize(
    ("value", "index"),
    [("AdDs", "AdDs"), ("AdD\r\n s", "AdDs"), ("AdD", None), ("A=Ds", None), ("A" * 1028, None)],
)
def test_a_thread_index_is_base64_or_none(value: str, index: str | None) -> None:
    assert summary(f"Thread-Index: {value}").thread_index == index


def test_of_many_references_the_newest_are_kept() -> None:
    ids = [f"<{number:06}@example.com>" for number in range(5_000)]
    references = summary("References: " + "\r\n ".join(ids)).references
    assert references is not None
    assert len(references) <= REFERENCES_LIMIT
    assert references.split() == ids[-len(references.split()) :]


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        ("<a@b>", "<a@b>"),
        (" <a@b> (added by x)", "<a@b>"),
        ("a@b", "a@b"),
        ("", None),
        ("<" + "x" * 2_000 + ">", "<" + "x" * 997),
    ],
)
def test_a_message_id_has_its_brackets_if_it_came_with_them(
    value: str, message_id: str | None
) -> None:
    assert summary(f"Message-ID: {value}").message_id == message_id


def test_what_is_not_there_is_none() -> None:
    nothing = summary("X: y")
    assert (nothing.subject, nothing.from_, nothing.message_id) == (None, None, None)
    assert summary("Subject:", "From:").subject == ""
    assert summary("Subject:", "From:").from_ is None
