"""How the function copes with trouble."""

from orders import new_mail


def test_nothing_is_missed_while_the_function_cannot_be_reached(ews_server, ews_mailbox, url):
    ews_mailbox.subscribe(url)
    with ews_server.faults.fail_to_connect():
        sent = [ews_mailbox.deliver(subject=f"Order {n}").id for n in (1, 2, 3)]
        ews_server.advance("7m")
    assert new_mail == []
    ews_server.advance("1m")
    assert new_mail == sent


def test_nothing_is_missed_when_the_function_is_slow_to_start(ews_server, ews_mailbox, url):
    ews_mailbox.subscribe(url)
    with ews_server.faults.time_out(times=2):
        sent = ews_mailbox.deliver(subject="Order 1").id
        ews_server.advance("3m")
    assert new_mail == [sent]
