"""The inspector of an emulator in a browser: time, faults, and what everybody can use."""

import os
import re
from pathlib import Path

import pytest

from support.ews import subscribe
from support.inspected_emulator import ANN, BOB
from support.responders import OK, Say

SCREENSHOTS = os.environ.get("EWSPUSH_TEST_SCREENSHOTS")  # where to keep them
LARGEST = 160 * 1024  # bytes of one
PHONE = {"width": 360, "height": 740}
MAIL = (
    b"Received: from mail.shop.example (mail.shop.example [192.0.2.25])\r\n"
    b"\tby mx.example.org with ESMTPS; Sat, 21 Nov 2026 15:00:01 +0000\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=mail; bh=47DEQpj8HBSa+/TImW\r\n"
    b"From: Shop <orders@shop.example>\r\nTo: Ann <ann@example.org>\r\n"
    b"Subject: Order 1001\r\nDate: Sat, 21 Nov 2026 15:00:00 +0000\r\n"
    b"Message-ID: <1001@shop.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThree of them.\r\n"
)
NOT_AN_ACK = Say(body=b"<html><body>Welcome</body></html>", content_type="text/html")


@pytest.fixture
def story(begun_anew, responder):
    """Ann's responder fails since a while, Bob's gets everything. Time stands still."""
    emulator = begun_anew
    emulator.press("/laboratory/freeze")
    emulator.ask(subscribe(url=responder.url("/bob?key=1")), BOB)
    responder.wait_for(1)
    emulator.deliver(MAIL, BOB)
    responder.wait_for(2)
    responder.otherwise = NOT_AN_ACK
    emulator.ask(subscribe(url=responder.url("/ann?key=s3cret")), ANN)
    responder.wait_for(3)
    emulator.deliver(MAIL)
    emulator.press("/laboratory/advance", by="50", unit="s")
    return emulator


@pytest.fixture
def paths(story):
    """Every kind of page that there is, by name."""
    found = story.control.call("subscription.list", mailbox=ANN.address)["subscriptions"]
    id = found[0]["id"]
    return {
        "subscriptions": "/inspect/",
        "subscription": f"/inspect/subscriptions/{id}",
        "attempt": f"/inspect/subscriptions/{id}/attempts/3",
        "mailboxes": "/inspect/mailboxes",
        "events": f"/inspect/mailboxes/{ANN.address}/events",
        "messages": f"/inspect/mailboxes/{ANN.address}/messages",
        "laboratory": "/inspect/laboratory",
        "nothing": "/inspect/nothing",
    }


def message_path(page, story, paths):
    page.goto(story.url(paths["messages"]))
    return page.get_by_role("link", name="Order 1001").get_attribute("href")


def open_subscription(page, story, paths):
    page.goto(story.url(paths["subscription"]))
    page.get_by_role("heading", name="Notifications are not acknowledged").wait_for()


# Time and faults


def test_time_is_advanced_and_the_timeline_follows(story, paths, responder, open_page):
    page = open_page()
    open_subscription(page, story, paths)
    marks = page.locator("svg .mark.bad")
    assert marks.count() == 2
    page.get_by_role("button", name="Advance 7 min").click()
    page.get_by_role("status").filter(has_text="Time was advanced by 7 min").wait_for()
    page.get_by_role("heading", name="The server has given up").wait_for()
    page.get_by_text("gave up", exact=True).wait_for()
    assert marks.count() == 5


def test_seven_minutes_pass_with_the_responder_back_and_nothing_missed(
    story, paths, responder, open_page
):
    page = open_page()
    open_subscription(page, story, paths)
    responder.otherwise = OK
    page.get_by_role("button", name="Advance 1 min").click()
    page.get_by_role("heading", name="Everything").wait_for()
    newest = page.get_by_role("row").filter(has_text="acknowledged").first
    newest.get_by_role("cell", name="1 event").wait_for()


def test_time_stands_still_and_goes_on(story, open_page):
    page = open_page(story.url())
    shown = page.locator("#now").text_content()
    page.wait_for_timeout(1200)
    assert page.locator("#now").text_content() == shown
    page.get_by_role("button", name="Let time run").click()
    page.get_by_role("button", name="Freeze time").wait_for()
    page.wait_for_function(
        "shown => document.querySelector('#now').textContent != shown", arg=shown
    )


def test_faults_are_added_and_removed(story, open_page):
    page = open_page(story.url("/inspect/laboratory"))
    form = page.get_by_role("region", name="Spoil notifications")
    form.get_by_label("The next notification").select_option("delay")
    form.get_by_role("button", name="Add the fault").click()
    page.get_by_role("status").filter(has_text="Not added: delay_s: ").wait_for()
    form.get_by_label("Seconds of delay").fill("1.5")
    form.get_by_role("button", name="Add the fault").click()
    page.get_by_role("status").filter(has_text="The fault was added.").wait_for()
    row = page.get_by_role("row", name="the next notification is delayed")
    row.filter(has_text="1 times").wait_for()
    assert form.get_by_label("Seconds of delay").input_value() == "1.5"
    row.get_by_role("button").click()
    page.get_by_text("There are no faults").wait_for()


def test_what_another_does_to_time_is_shown(story, open_page):
    page = open_page(story.url())
    shown = page.locator("#now").text_content()
    story.press("/laboratory/advance", by="1", unit="h")
    page.wait_for_function(
        "shown => document.querySelector('#now').textContent != shown", arg=shown
    )


def test_what_the_control_api_does_is_shown(story, open_page):
    page = open_page(story.url("/inspect/laboratory"))
    story.control_api("faults", kind="lost", times=3)
    page.get_by_role("row", name="gets lost").filter(has_text="3 times").wait_for()
    story.control_api("time/resume")
    page.get_by_role("button", name="Freeze time").wait_for()


def test_a_page_that_makes_itself_anew_does_not_dim_its_buttons(story, open_page):
    page = open_page(story.url())
    opacity = page.evaluate(
        """() => {
          document.querySelector("[hx-get]").classList.add("htmx-request");
          return getComputedStyle(document.querySelector("#time-toggle")).opacity;
        }"""
    )
    assert opacity == "1"


def test_time_is_frozen_on_a_page_that_stays_as_it_is(story, paths, open_page):
    page = open_page(story.url(paths["attempt"]))
    page.get_by_role("button", name="Let time run").click()
    page.get_by_role("button", name="Freeze time").wait_for()


def test_a_page_that_nobody_sees_takes_no_connection(story, open_page):
    """A browser has six of them to a host, which all its pages share."""
    first = open_page(story.url())
    for _ in range(7):
        first.evaluate(
            """() => {
              Object.defineProperty(document, "hidden", {value: true, configurable: true});
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        page = first.context.new_page()
        page.goto(story.url(), timeout=5000)
        first, shown = page, first
    story.press("/laboratory/resume")
    shown.evaluate("() => { delete document.hidden; }")
    shown.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    shown.get_by_role("button", name="Freeze time").wait_for()


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_people_out(story, paths, open_page, axe, scheme):
    page = open_page(color_scheme=scheme)
    found = {}
    for name, path in {**paths, "message": message_path(page, story, paths)}.items():
        page.goto(story.url(path))
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
        page.evaluate(axe)
        result = page.evaluate("() => axe.run()")
        wrong = [each for each in result["violations"] if each["impact"] in ("serious", "critical")]
        if wrong:
            found[name] = [(each["id"], each["nodes"][0]["html"]) for each in wrong]
    assert found == {}


def test_axe_finds_nothing_in_the_login_either(server, open_page, axe):
    page = open_page(server.url("/inspect/"))
    page.get_by_label("Administrator").fill("x")
    page.get_by_label("Password").fill("x")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    page.evaluate(axe)
    result = page.evaluate("() => axe.run()")
    assert [each["id"] for each in result["violations"]] == []


def test_everything_is_reached_by_the_keyboard(story, paths, open_page):
    page = open_page(story.url())
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    walk(page, "ann@example.org")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Notifications are not acknowledged").wait_for()
    walk(page, "Retry now")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Tried again").wait_for()
    page.get_by_role("cell", name="not an acknowledgement").nth(2).wait_for()
    # What was pressed still has the focus though the page was made anew around it.
    page.wait_for_function("() => document.activeElement.id === 'retry-now'")
    walk(page, "End the subscription")
    page.keyboard.press("Enter")
    walk(page, "End it for good")


def walk(page, text):
    """Press Tab until what is focused says so; all that is passed must be seen to be focused."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused, outline = page.evaluate(
            "() => [document.activeElement.textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if focused:
            assert outline != "none", focused
        if focused == text:
            return
    raise AssertionError(f"{text} is not reached")


def test_a_phone_has_room_for_every_page(story, paths, open_page):
    page = open_page(viewport=PHONE, has_touch=True, is_mobile=True)
    for name, path in {**paths, "message": message_path(page, story, paths)}.items():
        page.goto(story.url(path))
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= PHONE["width"], name


def test_pages_follow_the_colours_of_the_system(story, open_page):
    def background(scheme):
        page = open_page(story.url(), color_scheme=scheme)
        colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert background("dark") < 150
    assert background("light") > 600


def test_every_page_has_landmarks_a_title_and_one_heading(story, paths, open_page):
    page = open_page()
    titles = set()
    for path in paths.values():
        page.goto(story.url(path))
        titles.add(page.title())
        for role in ("banner", "main", "contentinfo"):
            assert page.get_by_role(role).count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("time:not([datetime])").count() == 0
    assert len(titles) == len(paths)


def test_screenshots_are_made(story, paths, open_page, tmp_path):
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page = open_page(viewport={"width": 1100, "height": 960})
    story.press("/laboratory/add-fault", kind="lost", url="http://127.0.0.1:8090/", times="2")
    all_paths = {**paths, "message": message_path(page, story, paths)}
    for name in ("subscriptions", "subscription", "attempt", "message", "laboratory"):
        page.goto(story.url(all_paths[name]))
        page.locator("#content").wait_for()
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        assert path.stat().st_size < LARGEST
