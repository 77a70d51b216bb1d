"""Values that items can have, by the forms of their properties."""

from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ewspush.wire import xml
from ewspush.wire.properties import attachments, structures
from ewspush.wire.properties import values as forms
from ewspush.wire.properties.item_kinds import KINDS, ItemKind
from ewspush.wire.properties.structures import local_name
from support.schemas import ROOT

Strategy = st.SearchStrategy[Any]

# What XML can carry; a carriage return is written as a line feed.
characters = st.characters(
    codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\t\n"
).filter(lambda character: character not in "\ufffe\uffff")
texts = st.text(characters, max_size=20)
words = st.text(characters, min_size=1, max_size=10)
base64 = st.binary(max_size=20).map(lambda content: b64encode(content).decode())
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
    lambda time: time.isoformat(timespec="seconds") + "Z"
)

# One valid text for each property whose schema type allows only some.
ONE_OF = {
    "AbchContactId": "01234567-89ab-cdef-0123-456789abcdef",
    "BusinessHomePage": "https://example.com/",
    "CalendarItemType": "Single",
    "ContactSource": "Store",
    "Culture": "en-US",
    "DelegationState": "Owned",
    "FileAsMapping": "LastCommaFirst",
    "GroupingAction": "None",
    "IconIndex": "MailUnread",
    "Importance": "High",
    "IntendedFreeBusyStatus": "Busy",
    "ItemClass": "IPM.Note",
    "LegacyFreeBusyStatus": "OOF",
    "MeetingRequestType": "NewMeetingRequest",
    "MyResponseType": "Accept",
    "NextPredictedAction": "None",
    "PostalAddressIndex": "Home",
    "ResponseType": "Tentative",
    "Sensitivity": "Private",
    "Status": "InProgress",
}
KEYS = {
    "EmailAddresses": ("EmailAddress1", "EmailAddress2", "EmailAddress3"),
    "ImAddresses": ("ImAddress1", "ImAddress2"),
    "PhoneNumbers": ("BusinessPhone", "MobilePhone", "HomeFax"),
    "PhysicalAddresses": ("Business", "Home", "Other"),
}
EXTENDED_KEYS = (
    "PropertyTag=0xe07 PropertyType=Integer",
    "DistinguishedPropertySetId=PublicStrings PropertyName=Any name PropertyType=String",
    "DistinguishedPropertySetId=Common PropertyId=34051 PropertyType=StringArray",
    "PropertySetId=01234567-89ab-cdef-0123-456789abcdef PropertyId=-1 PropertyType=Binary",
)


def some_of(**parts: Strategy) -> Strategy:
    return st.fixed_dictionaries({}, optional=parts)


ids = st.fixed_dictionaries({"Id": texts}, optional={"ChangeKey": texts})
mailboxes = some_of(
    Name=texts,
    EmailAddress=words,
    RoutingType=st.just("SMTP"),
    MailboxType=st.sampled_from(("Mailbox", "OneOff", "PrivateDL")),
    ItemId=ids,
)
attendees = st.fixed_dictionaries(
    {"Mailbox": mailboxes},
    optional={"ResponseType": st.just("Accept"), "LastResponseTime": times, "ProposedEnd": times},
)
addresses = some_of(Street=texts, City=texts, State=texts, CountryOrRegion=texts, PostalCode=texts)
descriptions = {
    "AttachmentId": st.fixed_dictionaries({"Id": texts}, optional={"RootItemId": texts}),
    "Name": texts,
    "ContentType": texts,
    "ContentId": texts,
    "Size": st.integers(0, 2**31 - 1),
    "LastModifiedTime": times,
    "IsInline": st.booleans(),
}
described_attachments = st.one_of(
    st.fixed_dictionaries(
        {"Kind": st.just("FileAttachment")},
        optional={**descriptions, "IsContactPhoto": st.booleans()},
    ),
    st.fixed_dictionaries({"Kind": st.just("ItemAttachment")}, optional=descriptions),
    st.fixed_dictionaries(
        {"Kind": st.just("ReferenceAttachment")},
        optional={**descriptions, "PermissionType": st.integers(0, 9)},
    ),
)
extended = st.lists(
    st.fixed_dictionaries(
        {
            "Path": st.sampled_from(EXTENDED_KEYS),
            "Value": texts | st.lists(texts, min_size=1, max_size=3),
        }
    ),
    min_size=1,
    max_size=3,
)

BY_FORM: list[tuple[forms.Codec[Any], Strategy]] = [
    (forms.TEXT, texts),
    (forms.BOOLEAN, st.booleans()),
    (forms.INTEGER, st.integers(0, 2_629_800)),
    (forms.DOUBLE, st.floats(allow_nan=False, allow_infinity=False)),
    (forms.TIME, times),
    (forms.BASE64, base64),
    (forms.STRINGS, st.lists(texts, max_size=3)),
    (forms.CERTIFICATES, st.lists(base64, min_size=1, max_size=3)),
    (structures.ID, ids),
    (structures.MAILBOX, mailboxes),
    (structures.MAILBOXES, st.lists(mailboxes, max_size=3)),
    (structures.ATTENDEES, st.lists(attendees, min_size=1, max_size=3)),
    (
        structures.BODY,
        st.fixed_dictionaries({"BodyType": st.sampled_from(("HTML", "Text")), "Value": texts}),
    ),
    (structures.MIME, base64),
    (structures.HEADERS, st.lists(st.tuples(texts, texts).map(list), min_size=1, max_size=3)),
    (structures.EXTENDED, extended),
    (attachments.ATTACHMENTS, st.lists(described_attachments, min_size=1, max_size=2)),
]


@cache
def complex_values() -> dict[str, str]:
    """A value of every property that is kept as XML."""
    document = xml.parse((ROOT / "tests" / "data" / "complex-properties.xml").read_bytes())
    return {local_name(each): forms.read_xml(each) for each in document}


def values_of(name: str, codec: forms.Codec[Any]) -> Strategy:
    """The values of one property."""
    if codec is forms.XML:
        return st.just(complex_values()[name])
    if name in ONE_OF:
        return st.just(ONE_OF[name])
    if name in KEYS:
        entry = addresses if codec is structures.ADDRESSES_BY_KEY else texts
        return st.dictionaries(st.sampled_from(KEYS[name]), entry, min_size=1)
    return next(strategy for form, strategy in BY_FORM if form is codec)


def items(kind: ItemKind, *, with_all: bool = False) -> Strategy:
    """The values of an item of this kind: some of its properties, or all of them."""
    each = {prop.name: values_of(prop.name, prop.codec) for prop in kind.properties}
    return st.fixed_dictionaries(each) if with_all else st.fixed_dictionaries({}, optional=each)


kinds_with_items = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), items(kind))
)
kinds_with_whole_items = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), items(kind, with_all=True))
)
