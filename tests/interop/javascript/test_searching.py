"""ews-javascript-api finds mail."""

import pytest


@pytest.fixture
def orders(account):
    """Five messages in the Inbox."""
    for n, word in enumerate(["order", "Order", "offer", "ORDER", "bill"]):
        account.write(how="save", subject=f"{n} {word}", text=word, folder="Inbox", read=n % 2 == 0)


def test_items_are_found_page_by_page(account, orders):
    wanted = {"folder": "Inbox", "orderBy": [["Subject", "Descending"]], "size": 2}
    first = account.find(**wanted)
    assert [item["Subject"] for item in first["items"]] == ["4 bill", "3 ORDER"]
    assert (first["total"], first["next"], first["more"]) == (5, 2, True)
    last = account.find(**wanted, offset=4)
    assert [item["Subject"] for item in last["items"]] == ["0 order"]
    assert (last["total"], last["more"]) == (5, False)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["contains", "Subject", "order"], "013"),
        (["equal", "Subject", "1 Order"], "1"),
        (["equal", "IsRead", False], "13"),
        (["different", "Subject", "4 bill"], "0123"),
        (["above", "Subject", "2"], "234"),
        (["atMost", "Subject", "1 Order"], "01"),
        (["exists", "Subject"], "01234"),
        (["not", ["contains", "Subject", "order"]], "24"),
        (["and", ["contains", "Subject", "order"], ["equal", "IsRead", True]], "0"),
        (["or", ["equal", "Subject", "4 bill"], ["equal", "Subject", "2 offer"]], "24"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else given,
)
def test_items_are_found_by_a_search_filter(account, orders, wanted, found):
    by_subject = [["Subject", "Ascending"]]
    assert [
        subject[0] for subject in account.subjects("Inbox", filter=wanted, orderBy=by_subject)
    ] == list(found)


def test_items_are_found_by_a_query_string(account, orders):
    assert sorted(account.subjects("Inbox", query="subject:bill")) == ["4 bill"]


def test_the_items_that_are_found_have_the_properties_asked_for(account, delivered):
    (found,) = account.find(folder="Inbox", properties={"base": "FirstClassProperties"})["items"]
    assert found["Subject"] == "Grüße"
    assert found["From"]["Name"] == "Ann"
    assert found["HasAttachments"] is True


def test_a_property_that_the_program_made_up_is_kept_and_found(account):
    label = {"label": "Customer"}
    wanted = {"base": "IdOnly", "more": [label]}
    draft = account.write(how="save", subject="Labelled", text="x", labels={"Customer": "C-1"})
    account.write(how="save", subject="Not labelled", text="x")
    told = account.bind(id=draft, properties=wanted)
    assert told["ExtendedProperties"] == {"Customer": "C-1"}
    assert account.subjects("Drafts", filter=["equal", label, "C-1"]) == ["Labelled"]
    account.update(id=draft, properties=wanted, labels={"Customer": None})
    told = account.bind(id=draft, properties=wanted)
    assert told.get("ExtendedProperties", {}) == {}
    assert account.subjects("Drafts", filter=["exists", label]) == []
