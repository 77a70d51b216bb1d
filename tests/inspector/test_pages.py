"""What the pages show, and that nothing from outside gets out of its place."""

import pytest

from ewspush.core.events import EventType, event_filter
from ewspush.core.ids import Kind
from ewspush.core.subscription import ENDED, PARKED, Retrying
from ewspush.mail.fields import MAX_FIELDS
from ewspush.operations import mail
from ewspush.store import event_log, subscriptions
from ewspush.wire import ids
from support.acks import ack
from support.checks_for_store import NOW_S, happened, new_mailbox, on_sqlite, subscription
from support.disabling import disable
from support.samples import readable

pytestmark = on_sqlite

EVIL = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"
URL = "https://responder.example/push"


def deliver(inspected, message):
    with inspected.database.write() as tx:
        mail.deliver(tx, inspected.mailbox.address, mail.read(message), NOW_S)


def newest_item(inspected):
    text = inspected.get(f"/mailboxes/{inspected.mailbox.address}/messages").text
    return text.split("/messages/")[1].partition('"')[0]


# The list


def test_the_list_says_how_each_subscription_stands(inspected):
    phase = Retrying(3, NOW_S - 100)
    inspected.store(1, url=f"{URL}?key=s3cret", phase=phase, status_frequency_min=5)
    inspected.log({"outcome": "connect", "http_status": None, "detail": "refused"}, number=1)
    inspected.engine.known[1] = {
        "phase": "retrying",
        "acknowledged": 0,
        "failures": 3,
        "next": "retry",
        "next_at": NOW_S + 90,
        "gives_up_at": NOW_S + 200,
    }
    words = inspected.get("/").words
    assert "user@example.org https://responder.example/push?key=... ↻ retrying 3 failed" in words
    assert "retry in 1 min 30 s gives up in 3 min 20 s" in words
    assert "✕ not connected now" in words
    assert "s3cret" not in words


@pytest.mark.parametrize(
    ("number", "values", "state"),
    [
        (1, {}, "idle"),
        (2, {"phase": Retrying(1, NOW_S)}, "retrying"),
        (3, {"paused_at_s": NOW_S}, "paused"),
        (4, {"phase": PARKED, "over_at_s": NOW_S}, "parked"),
        (5, {"phase": ENDED, "over_at_s": NOW_S}, "ended"),
    ],
)
def test_a_phase_is_looked_for(inspected, number, values, state):
    inspected.store(9, **({} if state != "idle" else {"paused_at_s": NOW_S}))
    id = inspected.store(number, **values)
    text = inspected.get(f"/?phase={state}").text
    assert text.count("/subscriptions/") == 1
    assert id in text
    assert f"<option selected>{state}</option>" in text


@pytest.mark.parametrize(
    "search", ["other.EXAMPLE", "other.example/p", "second@EXAMPLE.org", "_id_"]
)
def test_a_url_an_address_or_an_id_is_searched_for(inspected, search):
    inspected.store(1)
    owner = new_mailbox(inspected.database, "second")
    with inspected.database.write() as tx:
        new = subscription(owner.id, 2, url="https://other.example/p")
        subscriptions.insert_subscription(tx, new)
    id = ids.encode(Kind.SUBSCRIPTION, owner.id, 2)
    text = inspected.get(f"/?q={search.replace('_id_', id)}").text
    assert (text.count('href="/inspect/subscriptions/'), id in text) == (1, True)


def test_one_mailbox_is_looked_at(inspected):
    id = inspected.store(1)
    new_mailbox(inspected.database, "second")
    answer = inspected.get("/?mailbox=USER@example.org")
    assert id in answer.text
    assert f"/inspect/live?mailbox={inspected.mailbox.id}" in answer.text
    for nobody in ("second@example.org", "x", "nobody@example.org"):
        assert "No subscription is found." in inspected.get(f"/?mailbox={nobody}").words


def test_many_subscriptions_have_pages(inspected):
    all_ids = {inspected.store(number) for number in range(1, 121)}
    seen, path = [], "/"
    while path:
        text = inspected.get(path).text
        seen += [part.partition('"')[0] for part in text.split('href="/inspect/subscriptions/')[1:]]
        _, found, rest = text.partition("&amp;after=")
        path = f"/?after={rest.partition(chr(34))[0]}" if found else ""
    assert len(seen) == 120
    assert set(seen) == all_ids


@pytest.mark.parametrize("after", ["x", "1.x", "-1.-1", "9" * 30 + ".1", "99999999999999999999.1"])
def test_a_page_that_cannot_be_is_the_first(inspected, after):
    id = inspected.store()
    assert id in inspected.get(f"/?after={after}").text


def test_without_any_the_list_says_what_to_do(inspected):
    assert "There are no push subscriptions yet." in inspected.get("/").words


# One subscription


def test_everything_that_is_known_is_shown(inspected):
    wanted = event_filter(frozenset([EventType.NEW_MAIL, EventType.DELETED]), None)
    id = inspected.store(
        url=f"{URL}?key=1", caller_data="team 7", status_frequency_min=15, wanted=wanted
    )
    words = inspected.get(f"/subscriptions/{id}").words
    for text in (
        id,
        f"{URL}?key=1",
        "team 7",
        "15 min",
        "DeletedEvent, NewMailEvent",
        "Folders all",
    ):
        assert text in words


def test_the_buttons_are_those_that_can_be_pressed(inspected):
    buttons = {"resume", "retry-now", "heartbeat", "resend", "pause", "end"}

    def offered(**values):
        number = len(seen) + 1
        seen.append(number)
        id = inspected.store(number, **values)
        text = inspected.get(f"/subscriptions/{id}").text
        return {each for each in buttons if f'hx-post="/inspect/subscriptions/{id}/{each}"' in text}

    seen = []
    always = {"resend", "pause", "end"}
    assert offered() == {*always, "heartbeat"}
    assert offered(phase=Retrying(1, NOW_S)) == {*always, "retry-now"}
    assert offered(paused_at_s=NOW_S) == {"resume", "resend", "end"}
    assert offered(phase=PARKED, over_at_s=NOW_S) == set()


def test_a_subscription_of_a_disabled_mailbox_says_so(inspected):
    id = inspected.store()
    disable(inspected.database, inspected.mailbox.id, NOW_S)
    assert "Its mailbox is disabled: nothing is sent" in inspected.get(f"/subscriptions/{id}").words
    assert "⊘ disabled" in inspected.get("/").words


def test_attempts_have_pages(inspected):
    id = inspected.store()
    inspected.log(*[{"at_ms": 1000 * (NOW_S + n), "total_us": 1000 * n} for n in range(60)])
    path, numbers = f"/subscriptions/{id}", []
    while path:
        text = inspected.get(path).text
        numbers += [int(p.partition('"')[0]) for p in text.split("/attempts/")[1:]]
        _, found, rest = text.partition('href="?before=')
        path = f"/subscriptions/{id}?before={rest.partition(chr(34))[0]}" if found else ""
    assert numbers == list(range(60, 0, -1))


# One attempt


def attempt_page(inspected, **values):
    id = inspected.store()
    inspected.log(values)
    return inspected.get(f"/subscriptions/{id}/attempts/1")


def test_request_and_answer_are_shown_and_judged(inspected):
    request = readable("send-notification")
    words = attempt_page(inspected, request=request, answer=ack()).words
    assert "Acknowledged: SubscriptionStatus is OK." in words
    assert "✓ Valid: it is what the schema demands of a notification." in words
    assert "✓ Valid: it is what the schema demands of an acknowledgement." in words
    assert "<SubscriptionStatus> OK </SubscriptionStatus>" in words


def test_an_answer_that_is_no_acknowledgement_is_shown_as_it_came(inspected):
    html = f"<html>{EVIL}<p>Not found".encode()
    answer = attempt_page(
        inspected, outcome="status", http_status=404, detail="HTTP 404", request=b"x", answer=html
    )
    assert EVIL not in answer.text
    assert SHOWN in answer.text
    assert "No acknowledgement: the HTTP status is not 2xx." in answer.words
    assert "✕ Not valid" in answer.words
    assert "not XML: shown as it came" in answer.words


def test_an_attempt_without_an_answer_has_none(inspected):
    words = attempt_page(inspected, outcome="timeout", http_status=None, answer=b"").words
    assert "There was no answer to judge: it did not come in time." in words
    assert "There was none." in words


def test_bodies_that_were_not_kept_are_said_to_be_so(inspected):
    assert attempt_page(inspected).words.count("It was not kept.") == 2


@pytest.mark.parametrize("number", ["2", "0", "x", "9" * 30, "-1"])
def test_an_attempt_that_is_not_there_is_said(inspected, number):
    id = inspected.store()
    inspected.log({})
    assert inspected.get(f"/subscriptions/{id}/attempts/{number}").status == 404


def test_an_attempt_of_another_subscription_is_not_shown(inspected):
    id = inspected.store(7)
    inspected.store(8)
    inspected.log({}, number=8)
    assert inspected.get(f"/subscriptions/{id}/attempts/1").status == 404


# Mailboxes


def test_the_event_log_is_told_newest_first_with_who_has_acknowledged_it(inspected):
    id = inspected.store(acknowledged=2)
    with inspected.database.write() as tx:
        event_log.append(tx, inspected.mailbox.id, happened(*[NOW_S + n for n in range(60)]))
    path = f"/mailboxes/{inspected.mailbox.address}/events"
    first = inspected.get(path)
    assert "60 NewMailEvent" in first.words
    assert "11 NewMailEvent" in first.words
    assert "10 NewMailEvent" not in first.words
    assert "The log ends at 60." in first.words
    second = inspected.get(f"{path}?before=11")
    assert "10 NewMailEvent" in second.words
    assert f"acknowledged up to here by …{id[-9:]}" in second.words
    assert "Older events" not in second.words


def test_who_has_acknowledged_is_told_however_many_others_there_are(inspected):
    for number in range(30, 60):
        inspected.store(number)
    id = inspected.store(acknowledged=2, created_at_s=NOW_S + 60)
    with inspected.database.write() as tx:
        event_log.append(tx, inspected.mailbox.id, happened(NOW_S, NOW_S))
    words = inspected.get(f"/mailboxes/{inspected.mailbox.address}/events").words
    assert f"acknowledged up to here by …{id[-9:]}" in words


def test_an_event_log_that_is_empty_says_so(inspected):
    for query in ("", "?before=1", "?before=99"):
        path = f"/mailboxes/{inspected.mailbox.address}/events{query}"
        assert "Nothing has happened in this mailbox yet." in inspected.get(path).words


def test_a_message_has_all_its_headers_in_their_order(inspected):
    deliver(
        inspected,
        b"Received: from b\r\nReceived: from a;\r\n  later\r\nSubject: Order 1001\r\n"
        b"X-Mailer: <b>x</b>\r\nTo: user@example.org\r\n\r\nthe secret body\r\n",
    )
    answer = inspected.get(
        f"/mailboxes/{inspected.mailbox.address}/messages/{newest_item(inspected)}"
    )
    order = ["from b", "from a; later", "Subject Order 1001", "X-Mailer <b>x</b>", "To user@"]
    places = [answer.words.index(each) for each in order]
    assert places == sorted(places)
    assert "<b>x</b>" not in answer.text
    assert "secret body" not in answer.text


def test_headers_have_bounds(inspected):
    many = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 20) for n in range(MAX_FIELDS + 50))
    deliver(inspected, b"X-Long: " + b"z" * 9000 + b"\r\n" + many + b"\r\nbody")
    path = f"/mailboxes/{inspected.mailbox.address}/messages/{newest_item(inspected)}"
    answer = inspected.get(path)
    assert answer.text.count('<th scope="row">X-') == MAX_FIELDS
    assert f"More than {MAX_FIELDS} are not shown." in answer.words
    assert "z" * 4000 in answer.text
    assert "z" * 4001 not in answer.text


def test_a_message_of_another_mailbox_is_not_shown(inspected):
    deliver(inspected, b"Subject: a\r\n\r\n")
    new_mailbox(inspected.database, "second")
    path = f"/mailboxes/second@example.org/messages/{newest_item(inspected)}"
    assert inspected.get(path).status == 404


def test_messages_have_pages(inspected):
    for n in range(55):
        deliver(inspected, b"Subject: number %d.\r\n\r\n" % n)
    path = f"/mailboxes/{inspected.mailbox.address}/messages"
    first = inspected.get(path)
    assert "number 54." in first.words
    assert "number 4." not in first.words
    before = first.text.split('href="?before=')[1].partition('"')[0]
    assert "number 4. unread" in inspected.get(f"{path}?before={before}").words


def test_mailboxes_are_listed_and_found_by_their_address(inspected):
    new_mailbox(inspected.database, "second")
    assert "user@example.org" in inspected.get("/mailboxes").words
    words = inspected.get("/mailboxes?q=SECOND@example.org").words
    assert "second@example.org" in words
    assert "user@example.org" not in words
    assert "There is no such mailbox." in inspected.get("/mailboxes?q=x").words


# Whatever comes from outside


@pytest.mark.parametrize("evil", [EVIL, '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "'\"`"])
def test_what_comes_from_outside_stays_text(inspected, evil):
    id = inspected.store(url=f"https://e.example/{evil}", caller_data=evil)
    detail = {"outcome": evil, "http_status": None, "detail": evil}
    bodies = {"request": f"<a>{evil}</a>".encode(), "answer": evil.encode()}
    inspected.log({**detail, **bodies}, {**detail, "http_status": 200, **bodies})
    deliver(inspected, f"Subject: {evil}\r\nX-Evil: {evil}\r\n\r\n".encode())
    paths = [
        "/",
        f"/?q={'%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E'}&phase=%3Cx%3E&mailbox=%3Cx%3E",
        f"/subscriptions/{id}",
        f"/subscriptions/{id}/attempts/1",
        f"/subscriptions/{id}/attempts/2",
        f"/mailboxes/{inspected.mailbox.address}/messages",
        f"/mailboxes/{inspected.mailbox.address}/messages/{newest_item(inspected)}",
        "/mailboxes/%3Cscript%3Ealert(1)%3C%2Fscript%3E/events",
    ]
    for path in paths:
        text = inspected.get(path).text
        assert EVIL not in text, path
        assert "<img" not in text, path
        assert "<x>" not in text, path
