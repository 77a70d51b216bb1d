"""The inspector of a real server in a browser: who may look, and what pages keep up with."""

import pytest

from support.ews import subscribe
from support.responders import FAILURE, OK, UNSUBSCRIBE
from support.running_server import EwsClient

PASSWORD = "correct horse battery"
ELSEWHERE = "mail.example"  # which the browser takes for this machine


@pytest.fixture
def mailbox(server, request):
    return server.add_mailbox(f"{request.node.name[5:30].replace('_', '-')}1@example.com")


@pytest.fixture
def subscribed(server, mailbox, responder):
    """A subscription that has got its first notification; what the responder has got is told."""
    EwsClient(server, mailbox).ask(subscribe(url=responder.url("/push?key=s3cret")))
    responder.wait_for(1)
    return responder


@pytest.fixture
def page(server, open_page):
    """A page of an administrator who has logged in."""
    page = open_page(server.url("/inspect/"))
    log_in(page)
    page.get_by_role("heading", name="Push subscriptions").wait_for()
    return page


def log_in(page, name="root", password=PASSWORD):
    page.get_by_label("Administrator").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def go_to(page, mailbox):
    page.get_by_role("link", name=mailbox.address).click()
    page.get_by_role("heading", name=f"Subscription of {mailbox.address}").wait_for()


def said(page, text):
    page.get_by_role("status").filter(has_text=text).wait_for()


def rows(page):
    return page.get_by_role("table", name="Attempts, the newest first").locator("tbody tr")


# Logging in


def test_an_administrator_logs_in_and_out(server, open_page):
    page = open_page(server.url("/inspect/mailboxes"))
    assert page.title() == "Log in · ewspush"
    log_in(page, password="wrong wrong wrong")
    page.get_by_role("alert").filter(has_text="The name or the password is wrong.").wait_for()
    log_in(page)
    page.get_by_role("heading", name="Mailboxes").wait_for()
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/inspect")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.goto(server.url("/inspect/"))
    assert page.title() == "Log in · ewspush"


def test_an_administrator_logs_in_over_plain_http_by_another_name_than_localhost(server, open_page):
    """There browsers say nothing of the site that posts but its Origin."""
    page = open_page(server.url("/inspect/").replace("127.0.0.1", ELSEWHERE))
    log_in(page)
    page.get_by_role("heading", name="Push subscriptions").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()


def test_a_page_that_is_open_ends_with_its_session(server, page):
    other = page.context.new_page()
    other.goto(server.url("/inspect/mailboxes"))
    other.get_by_role("button", name="Log out").click()
    other.get_by_role("heading", name="Log in").wait_for()
    page.get_by_role("heading", name="Log in").wait_for()


def test_a_form_of_another_site_is_refused(server, mailbox, subscribed, page, chromium):
    id = server.control.call("subscription.list", mailbox=mailbox.address)["subscriptions"][0]["id"]
    target = server.url(f"/inspect/subscriptions/{id}/pause")
    evil = page.context.new_page()
    evil.set_content(f'<form method="post" action="{target}"><button>Win</button></form>')
    evil.get_by_role("button").click()
    evil.wait_for_url(target)  # without the cookie, which does not go with it
    assert "Log in first." in evil.content()
    # From the page itself, but with the token of nobody.
    status = page.evaluate(
        "url => fetch(url, {method: 'POST', body: new URLSearchParams({token: 'x'})})"
        ".then(answer => answer.status)",
        target,
    )
    assert status == 403
    assert server.subscription(id)["phase"] == "idle"


# What happens is shown


def test_a_new_notification_is_shown_without_a_reload(server, mailbox, subscribed, page):
    page.reload()
    go_to(page, mailbox)
    page.evaluate("window.isTheSamePage = true")
    rows(page).nth(0).filter(has_text="StatusEvent").wait_for()
    server.deliver(mailbox)
    subscribed.wait_for(2)
    rows(page).nth(1).wait_for()
    rows(page).nth(0).filter(has_text="1 event").wait_for()
    assert page.evaluate("window.isTheSamePage")


def test_the_list_is_kept_up_to_date(server, mailbox, responder, page):
    page.get_by_role("heading", name="Push subscriptions").wait_for()
    EwsClient(server, mailbox).ask(subscribe(url=responder.url("/push")))
    row = page.get_by_role("row").filter(has_text=mailbox.address)
    row.filter(has_text="acknowledged").wait_for()
    responder.script(UNSUBSCRIBE)
    server.deliver(mailbox)
    row.filter(has_text="ended").wait_for()


def test_the_event_log_and_the_messages_are_kept_up_to_date(server, mailbox, page, open_page):
    page.goto(server.url(f"/inspect/mailboxes/{mailbox.address}/events"))
    page.get_by_text("Nothing has happened in this mailbox yet.").wait_for()
    messages = page.context.new_page()
    messages.goto(server.url(f"/inspect/mailboxes/{mailbox.address}/messages"))
    messages.get_by_text("There are no messages.").wait_for()
    server.deliver(mailbox)
    page.get_by_role("cell", name="NewMailEvent").wait_for()
    messages.get_by_role("link", name="Order 1001").click()
    messages.get_by_role("row", name="From Shop <orders@example.com>").wait_for()


# The buttons


def test_a_broken_responder_is_explained_and_tried_again(server, mailbox, responder, page):
    responder.otherwise = FAILURE
    EwsClient(server, mailbox).ask(subscribe(url=responder.url("/push")))
    responder.wait_for(1)
    page.reload()
    go_to(page, mailbox)
    page.get_by_role("heading", name="Notifications are not acknowledged").wait_for()
    page.get_by_text("In the last attempt: HTTP 503.").wait_for()
    picture = page.get_by_role("img", name="Attempts over time")
    assert [each.text_content() for each in picture.locator(".wait-label").all()] == [
        "30 s",
        "1 min",
        "2 min",
        "1 min 30 s",
    ]
    page.get_by_role("button", name="Retry now").click()
    said(page, "Tried again: HTTP error (HTTP 503")
    rows(page).nth(1).wait_for()
    responder.otherwise = OK
    page.get_by_role("button", name="Retry now").click()
    said(page, "Tried again: acknowledged (HTTP 200")
    page.get_by_role("heading", name="Everything is delivered").wait_for()


def test_events_are_sent_again(server, mailbox, subscribed, page):
    server.deliver(mailbox)
    subscribed.wait_for(2)
    page.reload()
    go_to(page, mailbox)
    page.get_by_role("button", name="Resend the last events").click()
    said(page, "Sent again: acknowledged")
    pushes = subscribed.wait_for(3)
    assert pushes[2].received.events == pushes[1].received.events


def test_events_are_sent_again_from_a_watermark(server, mailbox, subscribed, page):
    server.deliver(mailbox)
    subscribed.wait_for(2)
    page.reload()
    go_to(page, mailbox)
    first = rows(page).last.locator("code").text_content()
    page.get_by_text("Resend what follows a watermark").click()
    page.get_by_label("Watermark").fill("nonsense")
    page.get_by_role("button", name="Resend from there").click()
    said(page, "nonsense is no watermark of this mailbox")
    page.get_by_label("Watermark").fill(first)
    page.get_by_role("button", name="Resend from there").click()
    said(page, "Sent again: acknowledged")
    subscribed.wait_for(3)


def test_a_subscription_is_paused_resumed_and_ended(server, mailbox, subscribed, page):
    page.reload()
    go_to(page, mailbox)
    page.get_by_role("button", name="Pause").click()
    said(page, "Paused: nothing is sent until it is resumed.")
    page.get_by_role("button", name="Resume").click()
    said(page, "Resumed")
    page.get_by_role("button", name="Heartbeat").click()
    said(page, "Sent a notification: acknowledged")
    page.get_by_text("End the subscription").click()
    page.get_by_role("button", name="End it for good").click()
    said(page, "Ended: its client has to subscribe again.")
    page.get_by_role("heading", name="It was ended: nothing is sent any more").wait_for()


def test_request_and_answer_of_an_attempt_are_shown(server, mailbox, subscribed, page):
    page.reload()
    go_to(page, mailbox)
    rows(page).nth(0).get_by_role("link").click()
    page.get_by_role("heading", name="Acknowledged: SubscriptionStatus is OK.").wait_for()
    assert page.get_by_text("Valid: it is what the schema demands").count() == 2
    assert "<t:StatusEvent>" in page.get_by_role("region", name="The request").text_content()


def test_without_scripts_everything_can_be_done(server, mailbox, subscribed, open_page):
    page = open_page(server.url("/inspect/"), java_script_enabled=False)
    log_in(page)
    go_to(page, mailbox)
    page.get_by_role("button", name="Heartbeat").click()
    page.get_by_text("Sent a notification: acknowledged").wait_for()
    page.get_by_role("link", name="Back").click()
    assert rows(page).count() == 2
