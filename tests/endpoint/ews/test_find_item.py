"""FindItem: what a client asks for, and what it is told."""

from datetime import UTC, datetime

import pytest

from ewspush.core.ids import Kind
from ewspush.endpoint.ews.items import finding as item_search
from ewspush.operations import mail
from ewspush.operations.folders.finding import FolderByName, get_folder
from ewspush.operations.items import search as item_search_operation
from ewspush.operations.items.creation import create
from ewspush.operations.items.moves import Disposal, delete_items
from ewspush.operations.journal import Journal
from ewspush.wire import ids
from support.ews import INBOX, NOW_S, envelope

FIRST_S = int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp())
SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'
PAGE = '<m:IndexedPageItemView MaxEntriesReturned="{}" Offset="{}" BasePoint="{}"/>'


def find_item(
    content="",
    *,
    folders=INBOX,
    traversal="Shallow",
    query=None,
    shape="IdOnly",
    additional=SUBJECT,
):
    """A FindItem request; `content` is what stands between the shape and the folders."""
    if additional:
        additional = f"<t:AdditionalProperties>{additional}</t:AdditionalProperties>"
    query = "" if query is None else f"<m:QueryString>{query}</m:QueryString>"
    return envelope(
        f'<m:FindItem Traversal="{traversal}"><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>'
        f"{additional}</m:ItemShape>{content}"
        f"<m:ParentFolderIds>{folders}</m:ParentFolderIds>{query}</m:FindItem>"
    )


def where(expression):
    return f"<m:Restriction>{expression}</m:Restriction>"


def field(uri):
    return f'<t:FieldURI FieldURI="{uri}"/>'


def contains(path, text, mode="Substring"):
    return (
        f'<t:Contains ContainmentMode="{mode}" ContainmentComparison="IgnoreCase">'
        f'{path}<t:Constant Value="{text}"/></t:Contains>'
    )


def compare(name, path, text):
    return (
        f"<t:{name}>{path}<t:FieldURIOrConstant>"
        f'<t:Constant Value="{text}"/></t:FieldURIOrConstant></t:{name}>'
    )


def by(*paths, order="Ascending"):
    orders = "".join(f'<t:FieldOrder Order="{order}">{path}</t:FieldOrder>' for path in paths)
    return f"<m:SortOrder>{orders}</m:SortOrder>"


def folder(name):
    return f'<t:DistinguishedFolderId Id="{name}"/>'


@pytest.fixture
def put(ews):
    """Makes an item of a folder."""

    def put(folder="inbox", at_s=FIRST_S, **values):
        with ews.database.write() as tx:
            journal = Journal(tx, ews.mailbox.id, at_s)
            number = get_folder(tx, ews.mailbox.id, FolderByName(folder)).number
            item = create(journal, number, {"ItemClass": "IPM.Note", **values})
            journal.settle()
            return item

    return put


@pytest.fixture
def five(put):
    """Messages of five hours with the subjects One to Five, of which One and Three are unread."""
    names = ("One", "Two", "Three", "Four", "Five")
    return [
        put(at_s=FIRST_S + 3600 * place, Subject=name, IsRead=name not in ("One", "Three"))
        for place, name in enumerate(names)
    ]


def subjects(answer):
    return [subject.text for subject in answer.all("t:Subject")]


def root(answer):
    return dict(answer.one("m:RootFolder").attrib)


def test_without_a_view_the_newest_is_first(ews, five):
    answer = ews.ask(find_item())
    assert subjects(answer) == ["Five", "Four", "Three", "Two", "One"]
    assert root(answer) == {"TotalItemsInView": "5", "IncludesLastItemInRange": "true"}
    item_ids = [each.get("Id") for each in answer.all("t:ItemId")]
    assert item_ids == [ids.encode(Kind.ITEM, ews.mailbox.id, item.number) for item in five[::-1]]


@pytest.mark.parametrize(
    ("view", "found", "told"),
    [
        (PAGE.format(2, 0, "Beginning"), "Five Four", ("2", "false")),
        (PAGE.format(2, 4, "Beginning"), "One", ("5", "true")),
        (PAGE.format(2, 9, "Beginning"), "", ("5", "true")),
        (PAGE.format(2, 0, "End"), "Two One", ("2", "false")),
        (PAGE.format(2, 4, "End"), "Five", ("5", "true")),
    ],
)
def test_a_page_says_where_the_next_one_is(ews, five, view, found, told):
    answer = ews.ask(find_item(view))
    next_offset, is_last = told
    assert subjects(answer) == found.split()
    assert root(answer) == {
        "IndexedPagingOffset": next_offset,
        "TotalItemsInView": "5",
        "IncludesLastItemInRange": is_last,
    }


def test_a_page_starts_at_a_fraction_of_the_whole(ews, five):
    view = '<m:FractionalPageItemView MaxEntriesReturned="2" Numerator="2" Denominator="5"/>'
    answer = ews.ask(find_item(view))
    assert subjects(answer) == ["Three", "Two"]
    assert root(answer) == {
        "NumeratorOffset": "4",
        "AbsoluteDenominator": "5",
        "TotalItemsInView": "5",
        "IncludesLastItemInRange": "false",
    }


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (by(SUBJECT), "Five Four One Three Two"),
        (by(SUBJECT, order="Descending"), "Two Three One Four Five"),
        (by(field("message:IsRead"), SUBJECT), "One Three Five Four Two"),
        (by(field("item:DateTimeReceived")), "One Two Three Four Five"),
        (where(compare("IsEqualTo", SUBJECT, "three")), "Three"),
        (where(compare("IsEqualTo", field("message:IsRead"), "0")), "Three One"),
        (where(f"<t:Not>{contains(SUBJECT, 'O')}</t:Not>"), "Five Three"),
        (where(contains(SUBJECT, "F", "Prefixed")) + by(SUBJECT), "Five Four"),
        (
            where(
                compare(
                    "IsGreaterThanOrEqualTo", field("item:DateTimeReceived"), "2026-11-20T13:00:00Z"
                )
            ),
            "Five Four",
        ),
    ],
)
def test_items_are_sorted_and_restricted(ews, five, content, found):
    answer = ews.ask(find_item(content))
    assert subjects(answer) == found.split()
    assert root(answer)["TotalItemsInView"] == str(len(found.split()))


def test_a_query_string_finds_items(ews, five):
    ews.now_s = FIRST_S
    assert subjects(ews.ask(find_item(query="t isread:false"))) == ["Three"]
    assert subjects(ews.ask(find_item(query="received:today subject:(one OR two)"))) == [
        "Two",
        "One",
    ]
    assert subjects(ews.ask(find_item(query="received:yesterday"))) == []
    assert len(subjects(ews.ask(find_item(query=" ")))) == 5


def test_recipients_bodies_and_headers_are_searched(ews):
    message = (
        b"From: Ann <ann@example.org>\r\nTo: user@example.com\r\nSubject: One\r\n"
        b"X-Word: Some thing\r\n\r\nA parcel is on its way.\r\n"
    )
    with ews.database.write() as tx:
        mail.deliver(tx, ews.mailbox.address, message, FIRST_S)
        mail.deliver(tx, ews.mailbox.address, b"Subject: Two\r\n\r\n", FIRST_S)
    header = '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="x-word"/>'
    for expression in (
        contains(field("message:From"), "ann@"),
        contains(field("message:ToRecipients"), "USER@"),
        contains(field("item:Body"), "parcel"),
        contains(header, "Some", "Prefixed"),
        f"<t:Exists>{header}</t:Exists>",
    ):
        assert subjects(ews.ask(find_item(where(expression)))) == ["One"]


def test_each_folder_has_an_answer_of_its_own(ews, five, put):
    put(folder="drafts", Subject="Draft")
    unknown = f'<t:FolderId Id="{ids.encode(Kind.FOLDER, ews.mailbox.id, 999_999)}"/>'
    folders = folder("drafts") + unknown + INBOX
    answer = ews.ask(find_item(PAGE.format(2, 0, "Beginning"), folders=folders))
    assert answer.codes == ["NoError", "ErrorFolderNotFound", "NoError"]
    assert [each.get("TotalItemsInView") for each in answer.all("m:RootFolder")] == ["1", "5"]
    assert subjects(answer) == ["Draft", "Five", "Four"]


def test_bodies_and_recipients_are_not_told(ews, put):
    recipients = [{"Name": "Ann", "EmailAddress": "ann@example.org"}]
    body = {"BodyType": "Text", "Value": "Secret"}
    put(Subject="One", ToRecipients=recipients, Body=body)
    answer = ews.ask(find_item(shape="AllProperties", additional=field("item:Body")))
    assert answer.text("t:Subject") == "One"
    assert answer.text("t:DisplayTo") == "Ann"
    assert answer.all("t:Body") + answer.all("t:ToRecipients") == []


def test_soft_deleted_items_are_found_where_they_were(ews, five):
    with ews.database.write() as tx:
        journal = Journal(tx, ews.mailbox.id, NOW_S)
        delete_items(journal, five[1:3], Disposal.SOFT)
        journal.settle()
    assert subjects(ews.ask(find_item())) == ["Five", "Four", "One"]
    deleted = ews.ask(find_item(by(SUBJECT), traversal="SoftDeleted"))
    assert subjects(deleted) == ["Three", "Two"]
    assert root(deleted)["TotalItemsInView"] == "2"
    elsewhere = ews.ask(find_item(traversal="SoftDeleted", folders=folder("drafts")))
    assert root(elsewhere)["TotalItemsInView"] == "0"


def test_there_are_no_associated_items(ews, five):
    answer = ews.ask(find_item(traversal="Associated"))
    assert root(answer) == {"TotalItemsInView": "0", "IncludesLastItemInRange": "true"}


def calendar_view(start, end, more=""):
    return f'<m:CalendarView {more} StartDate="{start}" EndDate="{end}"/>'


@pytest.fixture
def meetings(put):
    """In the calendar; the subject of each is the hours of the 20th in which it is."""
    for start, end in ((10, 11), (8, 9), (9, 12)):
        put(
            folder="calendar",
            ItemClass="IPM.Appointment",
            Subject=f"{start}-{end}",
            Start=f"2026-11-20T{start:02}:00:00Z",
            End=f"2026-11-20T{end:02}:00:00Z",
        )
    put(folder="calendar", Subject="no meeting")


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "8-9 9-12 10-11"),
        ("2026-11-20T09:30:00Z", "2026-11-20T10:00:00Z", "9-12"),
        ("2026-11-20T13:30:00+02:00", "2026-11-20T14:30:00+02:00", "9-12"),
        ("2026-11-20T12:30:00Z", "2026-11-20T14:00:00Z", ""),
    ],
)
def test_a_calendar_view_has_what_takes_place(ews, meetings, start, end, found):
    answer = ews.ask(find_item(calendar_view(start, end), folders=folder("calendar")))
    assert subjects(answer) == found.split()
    assert root(answer)["IncludesLastItemInRange"] == "true"


def test_a_calendar_view_may_be_limited(ews, meetings):
    view = calendar_view("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", 'MaxEntriesReturned="2"')
    answer = ews.ask(find_item(view, folders=folder("calendar")))
    assert subjects(answer) == ["8-9", "9-12"]
    assert (root(answer)["TotalItemsInView"], root(answer)["IncludesLastItemInRange"]) == (
        "3",
        "false",
    )


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ("", "Ann Bob Cid"),
        ('InitialName="b"', "Bob Cid"),
        ('FinalName="Bob"', "Ann Bob"),
        ('InitialName="Ba" FinalName="C"', "Bob"),
        ('MaxEntriesReturned="1" InitialName="b"', "Bob"),
    ],
)
def test_a_contacts_view_has_names_of_a_range(ews, put, attributes, found):
    for name in ("Cid", "Ann", "Bob"):
        put(folder="contacts", ItemClass="IPM.Contact", Subject=name, DisplayName=name)
    put(folder="contacts", Subject="no contact", DisplayName="B")
    view = f"<m:ContactsView {attributes}/>" + by(field("contacts:DisplayName"))
    answer = ews.ask(find_item(view, folders=folder("contacts")))
    assert subjects(answer) == found.split()


DAY = calendar_view("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")
ABOUT = where(contains(SUBJECT, "x"))
ITEM_ID = field("item:ItemId")
TYPED = '<t:ExtendedFieldURI PropertyTag="0x1" PropertyType="StringArray"/>'
GROUPED = (
    f'<m:GroupBy Order="Ascending">{SUBJECT}<t:AggregateOn Aggregate="Maximum">{SUBJECT}'
    "</t:AggregateOn></m:GroupBy>"
)
CONDITION = contains(SUBJECT, "x")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PAGE.format(0, 0, "Beginning"), "ErrorInvalidPagingMaxRows"),
        (PAGE.format(1, -1, "Beginning"), "ErrorInvalidIndexedPagingParameters"),
        (
            '<m:FractionalPageItemView Numerator="3" Denominator="2"/>',
            "ErrorInvalidFractionalPagingParameters",
        ),
        (
            '<m:SeekToConditionPageItemView BasePoint="Beginning">'
            f"<t:Condition>{CONDITION}</t:Condition></m:SeekToConditionPageItemView>",
            "ErrorInvalidOperation",
        ),
        (GROUPED, "ErrorInvalidOperation"),
        (where(f"<t:Exists>{ITEM_ID}</t:Exists>"), "ErrorUnsupportedPathForQuery"),
        (
            where(f"<t:Exists>{field('folder:DisplayName')}</t:Exists>"),
            "ErrorUnsupportedPathForQuery",
        ),
        (where(contains(field("item:Size"), "1")), "ErrorContainsFilterWrongType"),
        (by(ITEM_ID), "ErrorUnsupportedPathForSortGroup"),
        (by(field("item:Body")), "ErrorUnsupportedPathForSortGroup"),
        (by(field("item:Categories")), "ErrorUnsupportedPathForSortGroup"),
        (by(field("item:Preview")), "ErrorUnsupportedPathForSortGroup"),
        (by(TYPED), "ErrorUnsupportedPathForSortGroup"),
        (by(*[SUBJECT] * 7), "ErrorInvalidOperation"),
        (DAY, "ErrorCalendarFolderIsInvalidForCalendarView"),
        (DAY + ABOUT, "ErrorInvalidOperation"),
        (DAY + by(SUBJECT), "ErrorInvalidOperation"),
        (
            calendar_view("2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (
            calendar_view("2020-11-21T00:00:00Z", "2026-11-20T00:00:00Z"),
            "ErrorCalendarViewRangeTooBig",
        ),
    ],
)
def test_what_is_not_done_is_an_error_for_each_folder(ews, put, content, code):
    put(Subject="One")
    put(folder="drafts", Subject="Two")
    answer = ews.ask(find_item(content, folders=INBOX + folder("drafts")))
    assert (answer.status, answer.codes) == (200, [code, code])


@pytest.mark.parametrize(
    ("content", "query", "code"),
    [
        (ABOUT, "x", "ErrorInvalidOperation"),
        (DAY, "x", "ErrorInvalidOperation"),
        ("", "colour:red", "ErrorInvalidRestriction"),
        ("", "(x", "ErrorInvalidRestriction"),
    ],
)
def test_a_query_string_that_cannot_be_is_an_error(ews, content, query, code):
    assert ews.ask(find_item(content, query=query)).codes == [code]


def test_a_calendar_view_of_too_much_is_an_error(ews, meetings, monkeypatch):
    monkeypatch.setattr(item_search, "_MOST", 2)

    def ask(attributes):
        span = "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"
        view = calendar_view(*span, attributes)
        return ews.ask(find_item(view, folders=folder("calendar"))).codes

    assert ask("") == ask('MaxEntriesReturned="3"') == ["ErrorExceededFindCountLimit"]
    assert ask('MaxEntriesReturned="2"') == ["NoError"]


def test_an_answer_without_a_view_is_bounded(ews, five, monkeypatch):
    monkeypatch.setattr(item_search, "_MOST", 3)
    answer = ews.ask(find_item())
    assert subjects(answer) == ["Five", "Four", "Three"]
    assert root(answer) == {
        "IndexedPagingOffset": "3",
        "TotalItemsInView": "5",
        "IncludesLastItemInRange": "false",
    }


def test_an_answer_of_many_folders_is_bounded(ews, five, monkeypatch):
    monkeypatch.setattr(item_search, "_MOST_OF_ALL", 7)
    answer = ews.ask(find_item(folders=INBOX + INBOX))
    assert answer.codes == ["NoError", "ErrorExceededFindCountLimit"]


def test_a_folder_that_is_named_twice_is_searched_once(ews, five, monkeypatch):
    searched = []

    def find_items(*arguments):
        searched.append(arguments)
        return item_search_operation.find_items(*arguments)

    monkeypatch.setattr(item_search, "find_items", find_items)
    answer = ews.ask(find_item(where(contains(SUBJECT, "four")), folders=INBOX * 3))
    assert subjects(answer) == ["Four"] * 3
    assert len(searched) == 1


def test_the_folder_of_somebody_else_is_not_searched(ews):
    theirs = f'<t:FolderId Id="{ids.encode(Kind.FOLDER, ews.other.id, 3)}"/>'
    assert ews.ask(find_item(folders=theirs)).codes == ["ErrorAccessDenied"]
