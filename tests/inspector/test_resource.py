"""Who is let in, with which headers pages are sent, and what is refused."""

import re
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from ewspush.endpoint.auth import administrator_accounts
from ewspush.inspector.login_attempts import MOST_OF_ONE
from ewspush.inspector.sessions import IDLE_S
from ewspush.operations import mailboxes as mailbox_operations
from ewspush.settings import ServerSettings, Settings
from support.checks_for_store import NOW_S, on_sqlite
from support.inspected import Inspected
from support.running_server import QUICK_HASH, QUICK_PASSWORD

pytestmark = on_sqlite

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
BEHIND_PROXY = Settings(server=ServerSettings(tls_at_proxy=True))


# Headers


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/login", 200), ("/nothing", 404), ("/mailboxes", 200)]
)
def test_every_page_says_what_a_browser_may_do_with_it(inspected, path, status):
    answer = inspected.get(path)
    assert answer.status == status
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/login", "/mailboxes", "/nothing"])
def test_no_page_has_what_its_policy_forbids(inspected, path):
    text = inspected.get(path).text
    assert "style=" not in text
    assert "<style" not in text
    assert "onclick" not in text
    assert "<script>" not in text
    assert "http://www" not in text.replace("http://www.w3.org/2000/svg", "")


def test_what_a_page_loads_can_be_kept_for_ever_and_needs_no_login(database):
    inspected = Inspected(database)
    text = inspected.get("/login").text
    names = {part.partition('"')[0] for part in text.split('"/inspect/static/')[1:]}
    assert len(names) == 4
    for name in names:
        answer = inspected.get(f"/static/{name}")
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["style.css", "../layout.html", "%2e%2e%2fresource.py", ""])
def test_nothing_else_is_loaded(inspected, name):
    assert inspected.get(f"/static/{name}").status == 404


def test_a_page_is_asked_for_without_its_body(inspected):
    answer = inspected.get("/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_are_not_known(inspected, method):
    answer = inspected.get("/", method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


# Logging in


def test_who_did_not_log_in_is_sent_to_the_form_and_then_to_the_page(database):
    inspected = Inspected(database)
    answer = inspected.get("/mailboxes?q=a")
    location = "/inspect/login?next=%2Finspect%2Fmailboxes%3Fq%3Da"
    assert (answer.status, answer.headers["Location"]) == (303, location)
    assert 'value="/inspect/mailboxes?q=a"' in inspected.get(location[8:]).text
    answer = inspected.log_in(next="/inspect/mailboxes?q=a")
    assert (answer.status, answer.headers["Location"]) == (303, "/inspect/mailboxes?q=a")
    assert inspected.get("/mailboxes?q=a").status == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/other", "/inspect//evil", "/inspect/\r\nX: y"],
)
def test_nobody_is_sent_anywhere_else_after_the_login(database, elsewhere):
    answer = Inspected(database).log_in(next=elsewhere)
    assert (answer.status, answer.headers["Location"]) == (303, "/inspect/")


def test_the_cookie_is_for_the_server_alone(database):
    inspected = Inspected(database)
    before = inspected.get("/login").cookie
    given = inspected.log_in().headers["Set-Cookie"]
    assert given.partition(";")[0] != before
    assert "; Path=/inspect; HttpOnly; SameSite=Strict;" in given
    assert "Secure" not in given


def test_the_cookie_does_not_cross_a_network_in_the_clear(database):
    inspected = Inspected(database, settings=BEHIND_PROXY)
    assert inspected.log_in().headers["Set-Cookie"].endswith("; Secure")


@pytest.mark.parametrize(("name", "logged"), [("root", "root"), ("hunter2", "unknown")])
def test_a_name_that_nobody_has_is_not_logged_since_it_may_be_a_password(database, name, logged):
    with capture_logs() as lines:
        Inspected(database).log_in(name, "wrong")
    assert [line["administrator"] for line in lines] == [logged]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("root", "wrong"),
        ("nobody", QUICK_PASSWORD),
        ("Ro ot", "x"),
        ("root", "x" * 10_000),
        ("", ""),
    ],
)
def test_wrong_credentials_open_nothing_and_say_nothing(database, name, password):
    inspected = Inspected(database)
    answer = inspected.log_in(name, password)
    assert answer.status == 401
    assert "The name or the password is wrong." in answer.words
    assert inspected.get("/").status == 303


def test_passwords_cannot_be_guessed_for_long(database):
    inspected = Inspected(database)
    assert [inspected.log_in("root", "x").status for _ in range(MOST_OF_ONE)] == [401] * MOST_OF_ONE
    answer = inspected.log_in()
    assert answer.status == 429
    assert "wait five minutes" in answer.words
    inspected.clock.advance(300)
    assert inspected.log_in().status == 303


def test_an_administrator_of_one_organization_is_told_that_this_is_not_for_them(database):
    inspected = Inspected(database)
    inspected.add_administrator("limited", uuid4())
    answer = inspected.log_in("limited")
    assert answer.status == 403
    assert "is for administrators of all of it" in answer.words
    assert inspected.get("/").status == 303


def test_logging_out_ends_the_session(inspected):
    cookie = inspected.cookie
    answer = inspected.post("/logout", {"token": inspected.get("/").token})
    assert (answer.status, answer.headers["Location"]) == (303, "/inspect/login")
    inspected.cookie = cookie
    assert inspected.get("/").status == 303


def test_a_stream_that_is_opened_again_is_no_use(inspected):
    inspected.clock.advance(IDLE_S - 1)
    inspected.ask("GET", "/inspect/live?")
    inspected.clock.advance(1)
    assert inspected.get("/").status == 303


def test_idleness_ends_the_session(inspected):
    inspected.clock.advance(IDLE_S - 1)
    assert inspected.get("/", X_Live="1").status == 200
    inspected.clock.advance(1)
    assert inspected.get("/").status == 303


@pytest.mark.parametrize("change", ["deleted", "password", "organization"])
def test_who_is_no_administrator_any_more_is_let_in_no_longer(inspected, change):
    account, password_hash = inspected.administrators["root"]
    if change == "deleted":
        del inspected.administrators["root"]
    elif change == "password":
        inspected.administrators["root"] = (account, f"{password_hash}x")
    else:
        inspected.add_administrator("root", uuid4())
    assert inspected.get("/").status == 303
    inspected.administrators["root"] = (account, QUICK_HASH)
    assert inspected.get("/").status == 303


def test_htmx_is_told_to_go_to_the_form(database):
    answer = Inspected(database).get("/", HX_Request="true")
    assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/inspect/login")


def test_a_stream_without_a_session_is_refused(database):
    assert Inspected(database).get("/live").status == 401


# Forms of other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": None, "Origin": "https://evil.example"},
        {"Sec_Fetch_Site": None, "Origin": "null"},
        {"Sec_Fetch_Site": None, "Origin": "https://localhost:8080"},
        {"Sec_Fetch_Site": None},
    ],
)
def test_what_another_site_posts_is_refused(inspected, headers):
    id = inspected.store()
    token = inspected.get("/").token
    answer = inspected.post(f"/subscriptions/{id}/pause", {"token": token}, **headers)
    assert answer.status == 403
    assert "This was posted from another site." in answer.words
    assert inspected.engine.told == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "same-origin", "Origin": "null"},
        {"Sec_Fetch_Site": None, "Origin": "http://localhost:8080"},
    ],
)
def test_what_our_own_page_posts_is_done(inspected, headers):
    id = inspected.store()
    token = inspected.get("/").token
    assert inspected.post(f"/subscriptions/{id}/pause", {"token": token}, **headers).status == 200
    assert inspected.engine.told == [("pause", 7)]


def test_behind_a_proxy_the_origin_is_that_of_https(database):
    inspected = Inspected(database, settings=BEHIND_PROXY)
    form = {"name": "root", "password": QUICK_PASSWORD, "token": inspected.get("/login").token}
    plain = {"Sec_Fetch_Site": None, "Origin": "http://localhost:8080"}
    assert inspected.post("/login", form, **plain).status == 403
    secure = {"Sec_Fetch_Site": None, "Origin": "https://localhost:8080"}
    assert inspected.post("/login", form, **secure).status == 303


@pytest.mark.parametrize("token", ["", "x" * 64, "é", None])
def test_a_form_without_the_token_of_its_session_is_refused(inspected, token):
    id = inspected.store()
    form = {} if token is None else {"token": token}
    answer = inspected.post(f"/subscriptions/{id}/pause", form)
    assert answer.status == 403
    assert "load the page again" in answer.words
    assert inspected.engine.told == []


def test_the_token_of_another_session_is_refused(inspected):
    id = inspected.store()
    token = inspected.get("/").token
    inspected.log_in()
    assert inspected.post(f"/subscriptions/{id}/pause", {"token": token}).status == 403


@pytest.mark.parametrize("path", ["/login", "/logout", "/laboratory/reset"])
def test_every_form_needs_a_token(database, path):
    inspected = Inspected(database, is_emulated=path.startswith("/lab"))
    inspected.get("/login")
    if path == "/logout":
        inspected.log_in()
    assert inspected.post(path, {"name": "root", "password": QUICK_PASSWORD}).status == 403


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content_Type": "text/plain"}, {}, 415),
        ({"Content_Type": "application/json"}, {}, 415),
        ({}, {"x": "y" * 20_000}, 413),
        ({}, {str(n): "" for n in range(50)}, 400),
    ],
)
def test_what_is_no_form_is_refused(inspected, headers, body, status):
    assert inspected.post("/logout", body, **headers).status == status
    assert inspected.get("/").status == 200


# Without a login


def test_an_emulated_server_is_looked_at_without_a_login(emulated):
    answer = emulated.get("/")
    assert answer.status == 200
    assert "Log out" not in answer.words
    assert emulated.get("/login").status == 404
    assert emulated.post("/logout", {"token": answer.token}).status == 404


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "LOCALHOST:1"]
)
def test_it_answers_to_the_names_of_this_machine(emulated, host):
    assert emulated.get("/", Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "192.0.2.1", "127.0.0.1.evil.example", "", "::1x"],
)
def test_it_does_not_answer_to_another_name(emulated, host):
    assert emulated.get("/", Host=host).status == 403


@pytest.mark.parametrize(("allow_remote", "status"), [(False, 403), (True, 200)])
def test_it_answers_this_machine_alone_unless_told_otherwise(database, allow_remote, status):
    far = Inspected(database, is_emulated=True, peer="192.0.2.1", allow_remote=allow_remote)
    assert far.get("/", Host="build.example").status == status


def test_what_a_proxy_forwards_does_not_come_from_this_machine(emulated):
    assert emulated.get("/", X_Forwarded_For="192.0.2.1").status == 403


def test_its_forms_need_a_token_too(emulated):
    id = emulated.store()
    token = emulated.get("/").token
    emulated.cookie = None
    assert emulated.post(f"/subscriptions/{id}/pause", {"token": token}).status == 403


# Paths


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nothing", "There is no such page."),
        ("/subscriptions/xyz", "There is no subscription xyz: that is not an id of ewspush."),
        ("/subscriptions/xyz/attempts/1", "There is no subscription xyz"),
        ("/mailboxes/nobody@example.org/events", "There is no mailbox nobody@example.org."),
        ("/mailboxes/x/messages", "There is no mailbox x."),
        ("/mailboxes/user@example.org/messages/xyz", "There is no such message"),
        ("/laboratory", "There is no such page."),
        ("/subscriptions/%ff", "There is no such page."),
        ("/subscriptions/" + "x" * 2000, "There is no such page."),
        ("/subscriptions%2Fxyz", "There is no such page."),
    ],
)
def test_what_is_not_there_is_said(inspected, path, text):
    answer = inspected.get(path)
    assert answer.status == 404
    assert text in answer.words
    assert "Log out" in answer.words or path.startswith("/subscriptions/%")


@pytest.mark.parametrize(
    "name", ["a/b", "a?b#c", "100%2f", "m\N{LATIN SMALL LETTER U WITH DIAERESIS}ller" * 7]
)
def test_every_address_that_a_mailbox_can_have_leads_to_its_pages(inspected, name):
    with inspected.database.write() as tx:
        address = mailbox_operations.create(tx, f"{name}@example.org", "-", NOW_S).address
    found = re.findall(r'href="/inspect(/mailboxes/[^"]+)"', inspected.get("/mailboxes").text)
    assert len(found) == 4  # of the one that there is, too
    for path in found[2:]:
        answer = inspected.get(path)
        assert answer.status == 200
        assert address in answer.words


def test_no_number_is_too_great_to_be_looked_for(inspected):
    id = inspected.store()
    answer = inspected.get(f"/subscriptions/{id}/attempts/{(1 << 63) - 1}")
    assert answer.status == 404
    assert "There is no attempt" in answer.words


def test_what_no_database_can_be_asked_for_is_refused(inspected):
    assert inspected.get("/?q=%00").status == 400


@pytest.mark.parametrize("action", ["explode", "pause/now", ""])
def test_an_action_that_is_not_there_is_not_done(inspected, action):
    id = inspected.store()
    answer = inspected.press("/", f"/subscriptions/{id}/{action}")
    assert answer.status == 404
    assert inspected.engine.told == []


def test_a_query_has_a_bound(inspected):
    assert inspected.get("/?q=" + "x" * 5000).status == 414


def test_names_of_administrators_are_those_of_the_directory(database):
    inspected = Inspected(database)
    assert administrator_accounts(inspected.administrators.get).normalize(" ROOT ") == "root"
    assert inspected.log_in(" ROOT ").status == 303
