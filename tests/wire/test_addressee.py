"""Every message to a responder says for whom it is."""

import pytest

from ewspush.core.errors import AccountDisabled
from ewspush.core.notification import Notification
from ewspush.wire import addressee, notification, xml
from support.ews import envelope

STATUS = Notification(1, (), 1, False)


@pytest.mark.parametrize(
    "body",
    [
        notification.render(STATUS, 1, 5, "the-id", "Exchange2013"),
        notification.render_error(AccountDisabled(), "the-id", "Exchange2013"),
    ],
    ids=["notification", "error"],
)
def test_a_message_names_the_subscription_and_the_version_of_its_subscriber(body):
    assert addressee.read(body) == ("the-id", "Exchange2013")


def test_what_is_not_said_is_empty():
    assert addressee.read(envelope('<t:Value Name="Other">x</t:Value>')) == ("", "")


def test_what_is_no_xml_is_refused():
    with pytest.raises(xml.Unreadable):
        addressee.read(b"no XML")
