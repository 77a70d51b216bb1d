"""Whose request it is, and what finding out may cost."""

from base64 import b64encode
from collections import deque
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred, ensureDeferred, execute
from twisted.web.test.requesthelper import DummyChannel

from ewspush.core.directory import Administrator
from ewspush.endpoint import auth
from ewspush.endpoint.auth import (
    Authenticator,
    Credentials,
    TooManyVerifications,
    Unauthenticated,
    administrator_accounts,
    mailbox_accounts,
    parse_basic,
)
from ewspush.endpoint.http import BoundedRequest, BoundedSite
from ewspush.endpoint.web import EwsResource
from ewspush.operations import mailboxes, passwords
from ewspush.store import administrators
from ewspush.store.database import Database
from ewspush.store.schema import mailboxes as table

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USER = Credentials("user@example.com", "correct")


def basic(content):
    raw = content if isinstance(content, bytes) else content.encode()
    return "Basic " + b64encode(raw).decode()


@pytest.mark.parametrize(
    ("header", "address", "password"),
    [
        (basic("user@example.com:secret"), "user@example.com", "secret"),
        (basic("USER@Example.COM:Secret"), "user@example.com", "Secret"),
        (basic(" user@example.com :secret"), "user@example.com", "secret"),
        (basic("user@example.com: spaces stay "), "user@example.com", " spaces stay "),
        (basic("user@example.com:with:colons:"), "user@example.com", "with:colons:"),
        (basic("user@example.com:"), "user@example.com", ""),
        (basic("user@example.com:pässwörd €"), "user@example.com", "pässwörd €"),
        (basic("user@example.com:pässwörd".encode("latin-1")), "user@example.com", "pässwörd"),
        (basic("üser@exämple.com:secret"), "üser@exämple.com", "secret"),
        (basic("u\u0308ser@example.com:secret"), "üser@example.com", "secret"),
        (basic("user@example.com:" + "x" * 1024), "user@example.com", "x" * 1024),
        ("  bAsIc   " + basic("a@b.c:secret").split()[1] + "  ", "a@b.c", "secret"),
    ],
    ids=lambda text: text[:40],
)
def test_credentials_are_read(header, address, password):
    assert parse_basic(header, mailbox_accounts(None).normalize) == (address, password)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Bearer " + basic("user@example.com:secret").split()[1],
        basic("no colon"),
        basic(":no address"),
        basic("not an address:secret"),
        basic("user@example.com\0:secret"),
        basic("DOMAIN\\user:secret"),
        basic("user@example.com:" + "x" * 1025),
        basic("user@example.com:" + "x" * 10_000_000),
        basic("x" * 10_000_000 + "@example.com:secret"),
        basic("user@example.com:secret").replace("=", "").replace("Basic ", "Basic !"),
        basic("user@example.com:secret")[:-1],
        basic("user@example.com:secret") + " and more",
        basic("user@example.com:secret")[:-4] + "\xe9\xff=",
        "Digest username=user@example.com",
    ],
    ids=lambda header: str(header)[:40],
)
def test_what_holds_no_credentials_is_refused(header):
    with pytest.raises(Unauthenticated):
        parse_basic(header, mailbox_accounts(None).normalize)


class World:
    """A database with a mailbox, and what the authenticator does in threads, counted."""

    def __init__(self, folder):
        self.database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
        with self.database.write() as tx:
            mailboxes.create(tx, USER.name, CHEAP.hash(USER.password), 0)
        self.authenticator = Authenticator(mailbox_accounts(self.database), self._in_thread)
        self.verified = []  # passwords, in the order in which argon2 was given them
        self.is_held = False
        self.held = deque()

    def _in_thread(self, function, *args):
        if function is not passwords.verify:
            return execute(function, *args)
        self.verified.append(args[1])
        if not self.is_held:
            return execute(function, *args)
        begun = Deferred()
        begun.addCallback(lambda _: function(*args))
        self.held.append(begun)
        return begun

    def authenticate(self, credentials=USER):
        return ensureDeferred(self.authenticator.authenticate(credentials))

    def outcome(self, credentials=USER):
        """The mailbox, or the error that was raised."""
        found = []
        self.authenticate(credentials).addBoth(found.append)
        (outcome,) = found
        return getattr(outcome, "value", outcome)

    def set_password(self, password):
        with self.database.write() as tx:
            tx.connection.execute(table.update().values(password_hash=CHEAP.hash(password)))


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: CHEAP.hash("nobody's"))
    world = World(tmp_path)
    yield world
    world.database.close()


def test_the_right_password_opens_the_mailbox(world):
    assert world.outcome().address == USER.name


@pytest.mark.parametrize("password", ["wrong", "", "Correct", "correct "])
def test_another_password_does_not(world, password):
    assert isinstance(world.outcome(USER._replace(password=password)), Unauthenticated)


def test_a_password_that_was_verified_is_not_verified_again(world):
    for _ in range(3):
        assert world.outcome().address == USER.name
    assert world.verified == ["correct"]


def test_what_is_remembered_is_not_the_password(world):
    world.outcome()
    remembered = repr(world.authenticator.__dict__)
    assert USER.password not in remembered


def test_a_changed_password_is_noticed_at_once(world):
    world.outcome()
    world.set_password("changed")
    assert isinstance(world.outcome(), Unauthenticated)
    assert world.outcome(USER._replace(password="changed")).address == USER.name
    world.set_password("correct")
    assert world.outcome().address == USER.name
    assert world.verified == ["correct", "correct", "changed", "correct"]


def test_a_mailbox_is_seen_as_it_is_now(world):
    world.outcome()
    with world.database.write() as tx:
        tx.connection.execute(table.update().values(head=7))
    assert world.outcome().head == 7


def test_a_wrong_password_is_never_remembered(world):
    for _ in range(3):
        assert isinstance(world.outcome(USER._replace(password="wrong")), Unauthenticated)
    assert world.verified == ["wrong"] * 3


def test_an_unknown_address_costs_as_much_as_a_known_one(world):
    nobody = Credentials("nobody@example.com", "wrong")
    for _ in range(2):
        assert isinstance(world.outcome(nobody), Unauthenticated)
    assert world.verified == ["wrong"] * 2


def test_not_even_the_password_of_nobodys_hash_opens_anything(world):
    nobody = Credentials("nobody@example.com", "nobody's")
    assert isinstance(world.outcome(nobody), Unauthenticated)
    assert world.verified == ["nobody's"]


def test_so_many_credentials_are_remembered_and_the_oldest_forgotten(world, monkeypatch):
    monkeypatch.setattr(auth, "_REMEMBERED", 2)
    with world.database.write() as tx:
        for name in "abc":
            mailboxes.create(tx, f"{name}@example.com", CHEAP.hash(name), 0)
    users = [Credentials(f"{name}@example.com", name) for name in "abc"]
    for user in [*users[:2], users[0], users[2], users[0], users[2], users[1]]:
        assert world.outcome(user).address == user.name
    assert world.verified == ["a", "b", "c", "b"]


def test_only_so_many_verifications_run_at_once(world):
    world.is_held = True
    waiting = [world.authenticate() for _ in range(10)]
    assert len(world.held) == 2
    world.held.popleft().callback(None)
    assert [each.called for each in waiting].count(True) == 1
    assert len(world.held) == 2
    while world.held:
        world.held.popleft().callback(None)
    assert all(each.result.address == USER.name for each in waiting)


def test_beyond_so_many_waiting_the_server_is_busy(world):
    world.is_held = True
    waiting = [world.authenticate(USER._replace(password="wrong")) for _ in range(102)]
    assert isinstance(world.outcome(), TooManyVerifications)
    assert len(world.verified) == 2
    while world.held:
        world.held.popleft().callback(None)
    for each in waiting:
        each.addErrback(lambda failure: failure.trap(Unauthenticated))
    world.is_held = False
    assert world.outcome().address == USER.name


def test_a_flood_of_guesses_does_not_stop_who_is_known_already(world):
    world.outcome()
    world.is_held = True
    waiting = [world.authenticate(USER._replace(password="wrong")) for _ in range(102)]
    assert world.outcome().address == USER.name
    while world.held:
        world.held.popleft().callback(None)
    for each in waiting:
        each.addErrback(lambda failure: failure.trap(Unauthenticated))


def test_a_failed_verification_makes_room_for_others(world):
    """Of a thread, say: what fails in an unforeseen way is not kept for ever."""
    world.is_held = True
    failing = [world.authenticate() for _ in range(2)]
    while world.held:
        world.held.popleft().errback(OSError("no thread"))
    for each in failing:
        each.addErrback(lambda failure: failure.trap(OSError))
    world.is_held = False
    assert world.outcome().address == USER.name


def test_a_busy_server_says_503_and_when_to_come_again(world):
    world.is_held = True
    waiting = [world.authenticate(USER._replace(password="wrong")) for _ in range(102)]
    resource = EwsResource(None, world.authenticator, None, None, None, None)
    channel = DummyChannel()
    channel.site = BoundedSite(resource, None, body_limit=100)
    request = BoundedRequest(channel)
    request.method, request.clientproto = b"POST", b"HTTP/1.1"
    request.requestHeaders.setRawHeaders("Authorization", [basic("user@example.com:correct")])
    request.render(resource)
    assert channel.transport.written.getvalue().startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 5\r\n" in channel.transport.written.getvalue()
    for each in waiting:
        each.addErrback(lambda failure: failure.trap(Unauthenticated))
    while world.held:
        world.held.popleft().callback(None)


# Administrators


ADMIN = Credentials("boss", "correct")


@pytest.mark.parametrize(
    ("header", "name"),
    [(basic("boss:secret"), "boss"), (basic(" The.Boss-1 :secret"), "the.boss-1")],
)
def test_the_credentials_of_an_administrator_are_read(header, name):
    normalize = administrator_accounts(None).normalize
    assert parse_basic(header, normalize) == (name, "secret")


@pytest.mark.parametrize("user", ["", "user@example.com", "a b", "x" * 64, "b\u00f6ss", "-boss"])
def test_what_is_no_name_of_an_administrator_is_refused(user):
    with pytest.raises(Unauthenticated):
        parse_basic(basic(f"{user}:secret"), administrator_accounts(None).normalize)


@pytest.fixture
def managed(world):
    """The same world, with an administrator who is to be authenticated."""

    def find(name):
        with world.database.read() as tx:
            return administrators.credentials(tx, name)

    with world.database.write() as tx:
        new = Administrator(uuid4(), ADMIN.name, None, 0)
        administrators.insert_administrator(tx, new, CHEAP.hash(ADMIN.password))
    world.authenticator = Authenticator(administrator_accounts(find), world._in_thread)
    return world


def test_the_right_password_admits_an_administrator(managed):
    for _ in range(3):
        assert managed.outcome(ADMIN).name == "boss"
    assert managed.verified == ["correct"]


@pytest.mark.parametrize("credentials", [USER, ADMIN._replace(password="wrong")])
def test_nobody_else_is_an_administrator_and_finding_out_costs_the_same(managed, credentials):
    assert isinstance(managed.outcome(credentials), Unauthenticated)
    assert managed.verified == [credentials.password]


def test_an_administrator_owns_no_mailbox(managed):
    owners = Authenticator(mailbox_accounts(managed.database), managed._in_thread)
    with pytest.raises(Unauthenticated):
        owners.read(basic("boss:correct"))


def test_an_administrator_who_was_deleted_is_refused_at_once(managed):
    found = managed.outcome(ADMIN)
    with managed.database.write() as tx:
        administrators.delete_administrator(tx, found.id)
    assert isinstance(managed.outcome(ADMIN), Unauthenticated)


def test_an_administrators_changed_password_is_noticed_at_once(managed):
    found = managed.outcome(ADMIN)
    with managed.database.write() as tx:
        administrators.set_password_hash(tx, found.id, CHEAP.hash("changed"))
    assert isinstance(managed.outcome(ADMIN), Unauthenticated)
    assert managed.outcome(ADMIN._replace(password="changed")).name == "boss"
