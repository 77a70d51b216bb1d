"""Event types, and which events a subscription wants."""

import pytest

from ewspush.core.events import (
    Event,
    EventFilter,
    EventType,
    event_filter,
    types_from_mask,
    types_to_mask,
)

ITEM, INBOX, DRAFTS, ARCHIVE, SUBFOLDER, ROOT = 100, 3, 4, 50, 51, 2
ALL = frozenset(EventType)


def event(
    type_: EventType = EventType.CREATED,
    *,
    object: int = ITEM,
    parent: int = INBOX,
    is_folder: bool = False,
    old_object: int | None = None,
    old_parent: int | None = None,
) -> Event:
    return Event(1, type_, 0, is_folder, object, parent, old_object, old_parent)


def wants(*folders: int, types: frozenset[EventType] = ALL) -> EventFilter:
    return EventFilter(types, frozenset(folders))


MOVED = event(EventType.MOVED, parent=ARCHIVE, old_object=ITEM + 1, old_parent=INBOX)
FOLDER_MOVED = event(
    EventType.MOVED, object=SUBFOLDER, parent=ARCHIVE, is_folder=True, old_object=SUBFOLDER + 1,
    old_parent=INBOX,
)  # fmt: skip
FOLDER_CHANGED = event(EventType.MODIFIED, object=INBOX, parent=ROOT, is_folder=True)


@pytest.mark.parametrize(
    ("wanted", "happened", "is_wanted"),
    [
        pytest.param(wants(INBOX), event(), True, id="ParentFolderId"),
        pytest.param(wants(INBOX), FOLDER_CHANGED, True, id="FolderId"),
        pytest.param(wants(ROOT), FOLDER_CHANGED, True, id="ParentFolderId of a folder"),
        pytest.param(wants(INBOX), MOVED, True, id="OldParentFolderId"),
        pytest.param(wants(ARCHIVE), MOVED, True, id="ParentFolderId of what was moved"),
        pytest.param(wants(SUBFOLDER + 1), FOLDER_MOVED, True, id="OldFolderId"),
        pytest.param(wants(INBOX), FOLDER_MOVED, True, id="OldParentFolderId of a folder"),
        pytest.param(wants(DRAFTS), event(), False, id="another folder"),
        pytest.param(wants(DRAFTS), MOVED, False, id="neither old nor new folder"),
        pytest.param(wants(ROOT), event(), False, id="subfolders are not implied"),
        pytest.param(wants(DRAFTS, INBOX), event(), True, id="one of its folders"),
        pytest.param(EventFilter(ALL, None), event(parent=DRAFTS), True, id="all folders"),
        pytest.param(
            wants(INBOX, types=frozenset({EventType.DELETED})), event(), False, id="another type"
        ),
        pytest.param(
            EventFilter(frozenset({EventType.DELETED}), None), event(), False,
            id="another type in all folders",
        ),
        pytest.param(
            wants(INBOX, types=frozenset({EventType.DELETED, EventType.CREATED})), event(), True,
            id="one of its types",
        ),
        pytest.param(wants(), event(), False, id="no folder"),
        pytest.param(EventFilter(frozenset(), None), event(), False, id="no type"),
    ],
)  # fmt: skip
def test_an_event_is_wanted_if_type_and_folder_are(
    wanted: EventFilter, happened: Event, is_wanted: bool
) -> None:
    assert wanted.wants(happened) is is_wanted


@pytest.mark.parametrize("type_", EventType)
def test_a_filter_for_one_type_wants_that_type_alone(type_: EventType) -> None:
    only = EventFilter(frozenset({type_}), None)
    assert [each for each in EventType if only.wants(event(each))] == [type_]


def test_the_same_wishes_share_one_filter() -> None:
    assert event_filter(ALL, frozenset({INBOX})) is event_filter(ALL, frozenset({INBOX}))


# Stored in the event log and in masks: a number never changes its meaning.
NUMBERS = {
    1: "CopiedEvent",
    2: "CreatedEvent",
    3: "DeletedEvent",
    4: "ModifiedEvent",
    5: "MovedEvent",
    6: "NewMailEvent",
    7: "FreeBusyChangedEvent",
}


def test_numbers_and_element_names_are_those_of_the_schema() -> None:
    assert {int(type_): type_.element for type_ in EventType} == NUMBERS
    assert [EventType.from_element(name) for name in NUMBERS.values()] == list(NUMBERS)


@pytest.mark.parametrize("name", ["StatusEvent", "newmailevent", "NEW_MAIL", ""])
def test_a_name_that_is_no_event_type_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        EventType.from_element(name)


def test_a_mask_holds_any_set_of_types() -> None:
    for mask in range(0, 1 << 8, 2):
        assert types_to_mask(types_from_mask(mask)) == mask
    assert types_to_mask([EventType.COPIED, EventType.COPIED, EventType.NEW_MAIL]) == 0b100_0010
