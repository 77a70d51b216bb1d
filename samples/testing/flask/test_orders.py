"""How the Flask responder copes with trouble."""

from threading import Thread

import pytest
from orders import app, new_mail
from werkzeug.serving import make_server


@pytest.fixture
def url():
    """Where the app listens during a test."""
    new_mail.clear()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.port}/push"
    server.shutdown()
    server.server_close()


def test_nothing_is_missed_while_the_responder_is_down(ews_server, ews_mailbox, url):
    ews_mailbox.subscribe(url)
    with ews_server.faults.fail_to_connect():
        sent = [ews_mailbox.deliver(subject=f"Order {n}").id for n in (1, 2, 3)]
        ews_server.advance("7m")
    assert new_mail == []
    ews_server.advance("1m")
    assert new_mail == sent


def test_an_event_that_comes_again_is_noted_once(ews_server, ews_mailbox, url):
    subscription = ews_mailbox.subscribe(url)
    with ews_server.faults.lose_answers(times=1):
        sent = ews_mailbox.deliver(subject="Order 1").id
        ews_server.advance("1m")
    assert [each.is_acknowledged for each in subscription.attempts()] == [True, False, True]
    assert new_mail == [sent]
