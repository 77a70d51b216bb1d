"""exchangelib as somebody uses it who browses and searches: its own documentation's examples."""

from datetime import UTC, datetime, timedelta

import pytest
from exchangelib import CalendarItem, Contact, ExtendedProperty, FolderCollection, Message, Q
from exchangelib.errors import (
    ErrorContainsFilterWrongType,
    ErrorInvalidRestriction,
    ErrorUnsupportedPathForSortGroup,
)
from exchangelib.indexed_properties import PhoneNumber
from exchangelib.items import SOFT_DELETED

NAMES = ("Apple pie", "Banana split", "apple juice", "Cherry cake")


class Rank(ExtendedProperty):
    """A property of our own, which sorts otherwise as a number than as text."""

    property_set_id = "01234567-89ab-cdef-0123-456789abcdef"
    property_name = "rank"
    property_type = "Integer"


@pytest.fixture
def rank():
    Message.register("rank", Rank)
    yield
    Message.deregister("rank")


@pytest.fixture
def inbox(account):
    """The Inbox with four messages."""
    for place, name in enumerate(NAMES):
        Message(
            account=account,
            folder=account.inbox,
            subject=name,
            body=f"A recipe for {name.split()[1]}",
            is_read=place % 2 == 0,
            importance="High" if place == 3 else "Normal",
            categories=["Fruit", "Cold"] if place in (1, 2) else ["Fruit"],
            to_recipients=["ann@example.org" if place else "bob@example.org"],
        ).save()
    return account.inbox


def subjects(items):
    return [item.subject for item in items]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"subject": "apple pie"}, [0]),
        ({"subject__exact": "Apple pie"}, [0]),
        ({"subject__iexact": "APPLE PIE"}, [0]),
        ({"subject__contains": "apple"}, [2]),
        ({"subject__icontains": "apple"}, [0, 2]),
        ({"subject__startswith": "Ba"}, [1]),
        ({"subject__istartswith": "APP"}, [0, 2]),
        ({"subject__in": ("Apple pie", "Cherry cake")}, [0, 3]),
        ({"subject__not": "Apple pie"}, [1, 2, 3]),
        ({"subject__gt": "Banana"}, [1, 3]),
        ({"subject__range": ("B", "C")}, [1]),
        ({"subject__exists": False}, []),
        ({"body__contains": "split"}, [1]),
        ({"body__icontains": "RECIPE"}, [0, 1, 2, 3]),
        ({"is_read": True}, [0, 2]),
        ({"is_read": False, "subject__contains": "c"}, [3]),
        ({"importance": "High"}, [3]),
        ({"categories__contains": ["Fruit", "Cold"]}, [1, 2]),
        ({"categories__in": ["Cold", "None"]}, [1, 2]),
        ({"display_to__contains": "bob@"}, [0]),
        ({"has_attachments": True}, []),
        ({"size__gt": 10}, [0, 1, 2, 3]),
        ({"in_reply_to__exists": True}, []),
    ],
    ids=str,
)
def test_a_filter_finds_items(inbox, conditions, found):
    items = inbox.filter(**conditions).order_by("datetime_received")
    assert sorted(subjects(items)) == sorted(NAMES[place] for place in found)


def test_filters_are_joined_excluded_and_negated(inbox):
    apples = Q(subject__icontains="apple")
    unread = Q(is_read=False)
    for query, found in (
        (apples & ~unread, {0, 2}),
        (apples | unread, {0, 1, 2, 3}),
        (~apples, {1, 3}),
        (~(apples | Q(importance="High")), {1}),
        (Q(subject__icontains="pie") | Q(body__contains="cake") & unread, {0, 3}),
    ):
        assert set(subjects(inbox.filter(query))) == {NAMES[place] for place in found}
    assert set(subjects(inbox.exclude(subject__icontains="apple"))) == {NAMES[1], NAMES[3]}
    assert subjects(inbox.filter(apples).exclude(subject="Apple pie")) == ["apple juice"]
    assert subjects(inbox.filter(apples, is_read=False)) == []


def test_items_are_sorted(inbox):
    by_subject = ["apple juice", "Apple pie", "Banana split", "Cherry cake"]
    assert subjects(inbox.all().order_by("subject")) == by_subject
    assert subjects(inbox.all().order_by("-subject")) == by_subject[::-1]
    assert subjects(inbox.all().order_by("subject").reverse()) == by_subject[::-1]
    assert subjects(inbox.all().order_by("is_read", "-subject")) == [
        "Cherry cake",
        "Banana split",
        "Apple pie",
        "apple juice",
    ]
    assert subjects(inbox.all().order_by("-datetime_received", "subject"))[:1]


def test_pages_and_slices_are_what_they_say(inbox):
    query = inbox.all().order_by("subject")
    everything = subjects(query)
    for start, stop in ((0, 2), (1, 3), (3, 9), (9, 12)):
        assert subjects(query[start:stop]) == everything[start:stop]
    assert query[1].subject == everything[1]
    assert query[-1].subject == everything[-1]
    query.page_size = 1
    assert subjects(query) == everything
    with pytest.raises(IndexError):
        query[9]


def test_items_are_counted_and_seen_to_be_there(inbox):
    assert inbox.all().count() == 4
    assert inbox.filter(subject__icontains="apple").count(page_size=1) == 2
    assert inbox.filter(subject="Apple pie").exists()
    assert not inbox.filter(subject="Pear").exists()
    assert inbox.none().count() == 0
    assert inbox.get(subject="Banana split").is_read is False


def test_only_what_is_wanted_is_fetched(inbox):
    query = inbox.filter(subject__icontains="apple").order_by("subject")
    (juice, _) = query.only("subject", "is_read")
    assert (juice.subject, juice.is_read, juice.size) == ("apple juice", True, None)
    assert list(query.values_list("subject", flat=True)) == ["apple juice", "Apple pie"]
    assert list(query.values_list("subject", "importance")) == [
        ("apple juice", "Normal"),
        ("Apple pie", "Normal"),
    ]
    assert list(query.values("subject")) == [{"subject": "apple juice"}, {"subject": "Apple pie"}]
    ids = list(query.values_list("id", "changekey"))
    assert [item.subject for item in inbox.account.fetch(ids)] == ["apple juice", "Apple pie"]
    assert [message.body for message in query.only("body")] == [
        "A recipe for juice",
        "A recipe for pie",
    ]


def test_times_are_compared(inbox):
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert inbox.filter(datetime_received__range=(now - hour, now + hour)).count() == 4
    assert inbox.filter(datetime_received__gt=now - hour).count() == 4
    assert inbox.filter(datetime_received__lt=now - hour).count() == 0
    assert inbox.filter(datetime_created__gte=now + hour).count() == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subject:apple", [0, 2]),
        ("subject:apple isread:true", [0, 2]),
        ('subject:"apple pie" OR body:cake', [0, 3]),
        ("recipe NOT apple", [1, 3]),
        ("to:bob", [0]),
        ("received:today importance:high", [3]),
        ("received:yesterday", []),
        ("kind:email size:>1", [0, 1, 2, 3]),
        ("hasattachment:true", []),
    ],
)
def test_a_query_string_finds_items(inbox, query, found):
    assert set(subjects(inbox.filter(query))) == {NAMES[place] for place in found}


def test_what_cannot_be_asked_is_a_clear_error(inbox):
    with pytest.raises(ErrorInvalidRestriction, match="colour"):
        list(inbox.filter("colour:red"))
    with pytest.raises(ErrorUnsupportedPathForSortGroup):
        list(inbox.all().order_by("categories").only("subject"))
    with pytest.raises(ErrorContainsFilterWrongType):
        list(inbox.filter(size__contains=1))


def test_the_messages_of_a_conversation_are_found(account):
    for subject in ("Plan", "Re: Plan", "Else"):
        Message(account=account, folder=account.drafts, subject=subject).save()
    conversation = account.drafts.get(subject="Plan").conversation_id
    found = account.drafts.filter(conversation_id=conversation).order_by("subject")
    assert subjects(found) == ["Plan", "Re: Plan"]


def test_properties_of_our_own_are_searched_and_sorted(account, rank):
    for number in (10, 9, 100):
        Message(account=account, folder=account.drafts, subject=str(number), rank=number).save()
    Message(account=account, folder=account.drafts, subject="none").save()
    drafts = account.drafts
    assert subjects(drafts.filter(rank=9)) == ["9"]
    assert subjects(drafts.filter(rank__gte=10).order_by("rank")) == ["10", "100"]
    assert subjects(drafts.filter(rank__exists=True).order_by("-rank")) == ["100", "10", "9"]


def test_several_folders_are_searched_at_once(account, inbox):
    Message(account=account, folder=account.drafts, subject="Apple draft").save()
    both = FolderCollection(account=account, folders=[account.inbox, account.drafts])
    found = both.filter(subject__istartswith="apple")
    assert sorted(subjects(found)) == ["Apple draft", "Apple pie", "apple juice"]
    assert both.all().count() == 5
    everywhere = account.msg_folder_root.walk()
    assert everywhere.filter(subject__icontains="banana").count() == 1


def test_soft_deleted_items_are_found(inbox):
    inbox.get(subject="Apple pie").soft_delete()
    deleted = inbox.all().depth(SOFT_DELETED)
    assert subjects(deleted) == ["Apple pie"]
    assert inbox.all().count() == 3


def test_a_calendar_shows_a_span_of_time(account):
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for hours in (0, 2, 30):
        begin = start + timedelta(hours=hours)
        CalendarItem(
            account=account,
            folder=account.calendar,
            subject=f"In {hours}",
            start=begin,
            end=begin + timedelta(hours=1),
        ).save()
    calendar = account.calendar
    day = calendar.view(start=start, end=start + timedelta(days=1))
    assert subjects(day) == ["In 0", "In 2"]
    assert subjects(day.order_by("-start")) == ["In 2", "In 0"]
    assert day.count() == 2
    assert {each.organizer.email_address for each in day} == {account.primary_smtp_address}
    assert subjects(calendar.filter(start__gte=start + timedelta(hours=1))) == ["In 30", "In 2"]
    limited = calendar.view(start=start, end=start + timedelta(days=7), max_items=1)
    assert subjects(limited) == ["In 0"]


def test_contacts_are_searched(account):
    for name, number in (("Ann", "1"), ("Bob", "2")):
        Contact(
            account=account,
            folder=account.contacts,
            given_name=name,
            display_name=name,
            phone_numbers=[PhoneNumber(label="MobilePhone", phone_number=number)],
        ).save()
    contacts = account.contacts
    assert [each.given_name for each in contacts.filter(given_name="Bob")] == ["Bob"]
    assert [each.given_name for each in contacts.filter(phone_numbers__MobilePhone="1")] == ["Ann"]
    ordered = contacts.all().order_by("-display_name")
    assert [each.display_name for each in ordered] == ["Bob", "Ann"]


def test_walking_a_folder_meets_every_item_once(server, mailbox, account):
    for number in range(25):
        server.deliver(mailbox, f"Subject: {number}\r\n\r\n".encode())
    query = account.inbox.all().only("subject")
    query.page_size = 10
    assert sorted(map(int, subjects(query))) == list(range(25))
