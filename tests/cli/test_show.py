"""Notifications in a form for people."""

import pytest

from ewspush.cli import show
from ewspush.core.subscription import SubscriptionStatus
from ewspush.testing.push_responder import Handled
from ewspush.wire.received import (
    ErrorNotification,
    NotANotification,
    ReceivedEvent,
    ReceivedNotification,
)

NEW_MAIL = ReceivedEvent("NewMailEvent", "two=", "2026-11-21T04:16:27Z", "item I1", None)
MODIFIED = ReceivedEvent("ModifiedEvent", "three=", "2026-11-21T04:16:27Z", "folder F1", "7")


def handled(*events, previous="one=", more=False, status=SubscriptionStatus.OK, answer="OK"):
    notification = ReceivedNotification("id", previous, more, events)
    return Handled(3, b"", notification, status, answer)


def heartbeat(watermark):
    return handled(ReceivedEvent("StatusEvent", watermark, None, None, None))


@pytest.mark.parametrize(
    ("what", "headline"),
    [
        (heartbeat("one="), "#3  heartbeat at one=  -> OK"),
        (heartbeat("two="), "#3  heartbeat at one=, on to two=  -> OK"),
        (handled(NEW_MAIL), "#3  1 event after one=  -> OK"),
        (handled(NEW_MAIL, MODIFIED), "#3  2 events after one=  -> OK"),
        (handled(NEW_MAIL, more=True), "#3  1 event after one=, more to come  -> OK"),
        (handled(), "#3  0 events after one=  -> OK"),
        (
            Handled(3, b"", NotANotification("not XML: x\x1b[2J\ny"), None, "HTTP 400"),
            "#3  not a notification (not XML: x?[2J?y)  -> HTTP 400",
        ),
        (
            Handled(
                3, b"", ErrorNotification("ErrorX: disabled"), None, "OK, which changes nothing"
            ),
            "#3  error (ErrorX: disabled)  -> OK, which changes nothing",
        ),
        (handled(NEW_MAIL, previous="a\nb"), "#3  1 event after a?b  -> OK"),
    ],
)
def test_a_headline_says_what_came_and_what_was_answered(what, headline):
    plain = show.headline(what).replace("\x1b[32m", "").replace("\x1b[33m", "")
    assert plain.replace("\x1b[0m", "") == headline


def test_an_acknowledgement_is_green_and_a_failure_is_not():
    assert "\x1b[32mOK" in show.headline(handled(NEW_MAIL))
    assert "\x1b[33mHTTP 503" in show.headline(handled(NEW_MAIL, status=None, answer="HTTP 503"))


def test_each_event_is_a_line_and_the_lines_are_aligned():
    assert show.events(handled(NEW_MAIL, MODIFIED)) == [
        "NewMailEvent   two=  2026-11-21T04:16:27Z  item I1",
        "ModifiedEvent  three=  2026-11-21T04:16:27Z  folder F1  7 unread",
    ]


def test_a_heartbeat_has_no_events_to_show():
    assert show.events(heartbeat("two=")) == []


def test_an_event_cannot_command_the_terminal():
    (line,) = show.events(handled(ReceivedEvent("A\nEvent", "\x1b[2J", "t", "item \x9b", "1")))
    assert line.isprintable()
