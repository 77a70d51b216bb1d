"""Where settings come from, which of them wins, and how a wrong one is refused."""

import re
import tomllib
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from ewspush.core.server_version import ServerVersion
from ewspush.settings import (
    Address,
    InvalidSettings,
    ServerSettings,
    Settings,
    load,
    parse_address,
)
from support.schemas import ROOT

SAMPLE = ROOT / "samples" / "ewspush.toml"

# For each key, values as they are written in the environment, and what they mean.
VALUES = {
    "server.data": (("a", Path("a")), ("b", Path("b"))),
    "server.database": (("sqlite:///a", "sqlite:///a"), ("postgresql://h/b", "postgresql://h/b")),
    "server.http": (("[::1]:80", Address("::1", 80)), ("localhost:1", Address("localhost", 1))),
    "server.lmtp": (("0.0.0.0:24", Address("0.0.0.0", 24)), ("[::]:25", Address("::", 25))),
    "server.tls_cert": (("a.pem", Path("a.pem")), ("b.pem", Path("b.pem"))),
    "server.tls_key": (("a.key", Path("a.key")), ("b.key", Path("b.key"))),
    "server.tls_at_proxy": (("true", True), ("false", False)),
    "server.public_url": (
        ("https://ews.example.com", "https://ews.example.com"),
        ("https://EWS.example.com:8443/", "https://EWS.example.com:8443"),
    ),
    "server.body_limit": (("2048", 2048), ("4096", 4096)),
    "server.connections": (("1", 1), ("2", 2)),
    "server.metrics_allow": (
        ("10.0.0.0/8, fd00::/8", (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
        ("192.0.2.1", (ip_network("192.0.2.1/32"),)),
    ),
    "server.inspector": (("true", True), ("false", False)),
    "server.version": (
        ("15.0.1.2 Exchange2013", ServerVersion(15, 0, 1, 2, "Exchange2013")),
        ("15.1.1.2 Exchange2016", ServerVersion(15, 1, 1, 2, "Exchange2016")),
    ),
    "mail.size_limit": (("2048", 2048), ("4096", 4096)),
    "subscriptions.per_mailbox": (("1", 1), ("2", 2)),
    "subscriptions.pull_per_mailbox": (("1", 1), ("2", 2)),
    "subscriptions.connections_per_mailbox": (("1", 1), ("2", 2)),
    "subscriptions.keep_over_days": (("1", 1), ("2", 2)),
    "events.keep_days": (("1", 1), ("2", 2)),
    "delivery.batch": (("1", 1), ("2", 2)),
    "delivery.timeout_s": (("1.5", 1.5), ("2", 2.0)),
    "delivery.first_retry_wait_s": (("0.5", 0.5), ("2", 2.0)),
    "delivery.answer_limit": (("2048", 2048), ("4096", 4096)),
    "delivery.requests": (("1", 1), ("2", 2)),
    "delivery.origin_requests": (("1", 1), ("2", 2)),
    "delivery.origin_rate": (("0.5", 0.5), ("100", 100.0)),
    "delivery.linger_s": (("0", 0.0), ("0.5", 0.5)),
    "delivery.unwritten": (("1", 1), ("2", 2)),
    "delivery.callback_allow": (
        ("10.0.0.0/8, fd00::/8", (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
        ("127.0.0.1", (ip_network("127.0.0.1/32"),)),
    ),
    "delivery.ca_file": (("a.pem", Path("a.pem")), ("b.pem", Path("b.pem"))),
    "attempts.keep": (("0", 0), ("5", 5)),
    "attempts.keep_days": (("1", 1), ("3650", 3650)),
    "attempts.bodies": (("0", 0), ("10000", 10_000)),
    "attempts.body_limit": (("0", 0), ("1048576", 1048576)),
    "relay.host": (("relay.example", "relay.example"), ("::1", "::1")),
    "relay.port": (("25", 25), ("465", 465)),
    "relay.tls": (("implicit", "implicit"), ("none", "none")),
    "relay.ca_file": (("a.pem", Path("a.pem")), ("b.pem", Path("b.pem"))),
    "relay.username": (("user", "user"), ("другой", "другой")),
    "relay.password": (("secret", SecretStr("secret")), ("тайна", SecretStr("тайна"))),
    "relay.password_file": (("a", Path("a")), ("b", Path("b"))),
    "relay.connections": (("1", 1), ("4", 4)),
    "relay.timeout_s": (("1.5", 1.5), ("2", 2.0)),
    "relay.give_up_after_h": (("0", 0.0), ("1.5", 1.5)),
    "relay.queued": (("1", 1), ("2", 2)),
    "management.retention_days": (("1", 1), ("3650", 3650)),
    "management.shortest_password": (("1", 1), ("128", 128)),
    "log.format": (("json", "json"), ("text", "text")),
    "log.level": (("debug", "debug"), ("error", "error")),
}

TLS = {"tls_cert": "cert.pem", "tls_key": "key.pem"}


def every_key():
    return [
        f"{table}.{key}"
        for table, field in Settings.model_fields.items()
        for key in field.annotation.model_fields
    ]


def get(settings, name):
    table, key = name.split(".")
    return getattr(getattr(settings, table), key)


def environment(name, text):
    """The variable of a key, and what it needs beside it."""
    variables = {f"EWSPUSH_{name.replace('.', '_').upper()}": text}
    if name in ("server.tls_cert", "server.tls_key"):
        variables = {"EWSPUSH_SERVER_TLS_CERT": "c", "EWSPUSH_SERVER_TLS_KEY": "k", **variables}
    return variables


@pytest.fixture
def write(tmp_path):
    def write(toml):
        path = tmp_path / "ewspush.toml"
        path.write_text(toml, "utf-8")
        return path

    return write


def file_with(write, name, text):
    table, key = name.split(".")
    if isinstance(get(Settings(), name), bool | int | float):
        return write(f"[{table}]\n{key} = {text}\n")
    lines = [f"{key} = '{text}'"]
    lines += [f"{other} = 'x'" for other in TLS if key in TLS and other != key]
    return write("\n".join([f"[{table}]", *lines]))


def test_every_key_has_values_to_try_here():
    assert list(VALUES) == every_key()


@pytest.mark.parametrize("name", VALUES)
def test_a_key_can_be_set_in_the_file(write, name):
    (text, value), _ = VALUES[name]
    assert get(load(file_with(write, name, text), {}, {}), name) == value


@pytest.mark.parametrize("name", VALUES)
def test_the_environment_comes_before_the_file(write, name):
    (text, _), (overriding, value) = VALUES[name]
    settings = load(file_with(write, name, text), environment(name, overriding), {})
    assert get(settings, name) == value


@pytest.mark.parametrize("name", VALUES)
def test_an_option_comes_before_the_environment_and_the_file(write, name):
    (overriding, value), (text, _) = VALUES[name]
    table, key = name.split(".")
    settings = load(
        file_with(write, name, text), environment(name, text), {table: {key: overriding}}
    )
    assert get(settings, name) == value


def test_without_any_source_there_are_the_defaults():
    assert load(None, {"PATH": "/bin"}, {}) == Settings()


def test_sources_add_up_within_a_table(write):
    path = write("[delivery]\nbatch = 7\nrequests = 8\n")
    settings = load(path, {"EWSPUSH_DELIVERY_REQUESTS": "9"}, {"delivery": {"timeout_s": 1}})
    delivery = settings.delivery
    assert (delivery.batch, delivery.requests, delivery.timeout_s) == (7, 9, 1)


# What is refused


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[server]\nport = 1", "server.port: unknown key; there are data, database, http, lmtp,"),
        ("[servers]\nhttp = 1", "servers: unknown table; there are server, mail, subscriptions,"),
        ("mail = 3", "mail: should be a table of keys"),
        ("server = 3", "server: should be a table of keys"),
        ("[server]\nhttp = 8080", "server.http: should be HOST:PORT, as in 127.0.0.1:8080 or"),
        ("[server]\ndata = ''", "server.data: should be the path of a directory"),
        ("[server]\ndata = 'a?b'", "server.data: should not contain a question mark"),
        ("[server]\ndata = '%s'" % ("d" * 95), "server.data: should be a path of at most 94 bytes"),
        ("[server]\ndata = '%s'" % ("é" * 48), "server.data: should be a path of at most 94 bytes"),
        ('[server]\ndata = "a\\u0000"', "server.data: should be the path of a directory"),
        ("[server]\nbody_limit = 1", "server.body_limit: should be a whole number from 1024 to"),
        ("[server]\ntls_at_proxy = 'maybe'", "server.tls_at_proxy: should be true or false"),
        ("[server]\nmetrics_allow = 10", "server.metrics_allow: should be a list of networks"),
        (
            "[server]\nmetrics_allow = ['10.0.0.1/8']",
            "server.metrics_allow: should be networks, as in 10.0.0.0/8 or fd00::/8: 10.0.0.1/8",
        ),
        ("[server]\nversion = '14.2'", "server.version: should be four numbers and a name, as in"),
        ("[server]\nversion = [1, 2, 3, 4, 'a']", "server.version: should be four numbers and a"),
        ("[server]\ntls_key = 1", "server.tls_key: should be a path"),
        ('[server]\ntls_key = "\\u0000"', "server.tls_key: should be a path"),
        ("[server]\ndatabase = 5", "server.database: should be text"),
        ("[server]\npublic_url = 5", "server.public_url: should be text"),
        ("[mail]\nsize_limit = true", "mail.size_limit: should be a whole number from 1024 to"),
        ("[subscriptions]\nper_mailbox = 0", "subscriptions.per_mailbox: should be a whole number"),
        ("[events]\nkeep_days = 'long'", "events.keep_days: should be a whole number from 1 to"),
        ("[events]\nkeep_days = 1.5", "events.keep_days: should be a whole number from 1 to 3650"),
        ("[delivery]\nbatch = []", "delivery.batch: should be a whole number from 1 to 10000"),
        ("[delivery]\nunwritten = 0", "delivery.unwritten: should be a whole number of at least 1"),
        ("[delivery]\ntimeout_s = nan", "delivery.timeout_s: should be a number from 0.1 to 600"),
        ("[delivery]\ntimeout_s = inf", "delivery.timeout_s: should be a number from 0.1 to 600"),
        ("[delivery]\ntimeout_s = true", "delivery.timeout_s: should be a number from 0.1 to 600"),
        (
            "[delivery]\ncallback_allow = 10",
            "delivery.callback_allow: should be a list of networks",
        ),
        (
            "[delivery]\ncallback_allow = ['10.0.0.1/8']",
            "delivery.callback_allow: should be networks, as in 10.0.0.0/8 or fd00::/8: 10.0.0.1/8",
        ),
        ("[relay]\nhost = 'a b'", "relay.host: should be a host name or an address, without port"),
        ("[relay]\nhost = '[::1]'", "relay.host: should be a host name or an address"),
        ("[relay]\nhost = 'a..b'", "relay.host: should be a host name or an address"),
        ("[relay]\nport = 0", "relay.port: should be a whole number from 1 to 65535"),
        ("[relay]\ntls = 'yes'", "relay.tls: should be starttls or implicit or none"),
        ("[relay]\npassword = 5", "relay.password: should be text"),
        ("[log]\nformat = 'xml'", "log.format: should be text or json"),
        ("[log]\nlevel = 'INFO'", "log.level: should be debug or info or warning or error"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_what_is_allowed(write, toml, message):
    with pytest.raises(InvalidSettings) as refused:
        load(write(toml), {}, {})
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once(write):
    with pytest.raises(InvalidSettings, match=r"delivery\.batch: .*; log\.level: "):
        load(write("[delivery]\nbatch = 0\n[log]\nlevel = 'loud'"), {}, {})


@pytest.mark.parametrize(
    "name", ["EWSPUSH_", "EWSPUSH_SERVER", "EWSPUSH_HTTP", "EWSPUSH_SERVERS_HTTP", "EWSPUSH_LOG_"]
)
def test_a_variable_that_names_no_table_and_key_is_refused(name):
    with pytest.raises(InvalidSettings, match=f"^{name}: should be EWSPUSH_TABLE_KEY"):
        load(None, {name: "1"}, {})


def test_an_unknown_key_in_the_environment_is_refused():
    with pytest.raises(InvalidSettings, match=r"^log\.colour: unknown key; there are format, "):
        load(None, {"EWSPUSH_LOG_COLOUR": "red"}, {})


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://user:secret@host/name",
        "sqlite://",
        "postgresql://",
        "postgresql://user:top/secret@host/name",  # a slash in the password ends the host
    ],
)
def test_a_database_that_is_none_is_refused_without_its_password(url):
    with pytest.raises(
        InvalidSettings, match=r"^server\.database: should be postgresql"
    ) as refused:
        load(None, {"EWSPUSH_SERVER_DATABASE": url}, {})
    assert "secret" not in str(refused.value)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(InvalidSettings, match=r"none\.toml: No such file or directory$"):
        load(tmp_path / "none.toml", {}, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"[server\n", "at line 1"), (b"a = '\xff'", "utf-8"), (b"a = 1\na = 2\n", "line 2")],
)
def test_a_file_that_is_not_toml_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "ewspush.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidSettings, match=message) as refused:
        load(path, {}, {})
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


# Addresses and what may be listened on


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("localhost:65535", Address("localhost", 65535)),
        ("[::1]:8080", Address("::1", 8080)),
        ("[fe80::1%eth0]:25", Address("fe80::1%eth0", 25)),
    ],
)
def test_an_address_is_read_and_written_alike(text, address):
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ":", ":80", "host", "host:", "host:x", "host:-1", "host:65536", "host:٣", "host: 80",
        "::1:80", "[::1]", "[::1:80", "::1]:80", "[]:80", "[host]:80", "ho st:80", "host:80 ",
        "http://host:80", "host:" + "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="should be HOST:PORT"):
        parse_address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_plain_http_is_for_loopback(host):
    assert ServerSettings(http=Address(host, 80)).http.is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "example.org"])
def test_plain_http_is_refused_elsewhere(host):
    with pytest.raises(InvalidSettings, match=r"set tls_cert and tls_key, or tls_at_proxy"):
        load(None, {}, {"server": {"http": str(Address(host, 80))}})


@pytest.mark.parametrize("protection", [TLS, {"tls_at_proxy": True}])
def test_http_is_for_everywhere_with_tls(protection):
    settings = load(None, {}, {"server": {"http": "0.0.0.0:80", **protection}})
    assert settings.server.http == Address("0.0.0.0", 80)


@pytest.mark.parametrize("alone", TLS)
def test_a_certificate_needs_its_key_and_the_other_way_round(alone):
    with pytest.raises(InvalidSettings, match="tls_cert and tls_key go together"):
        load(None, {}, {"server": {alone: "x.pem"}})


@pytest.mark.parametrize(
    "url",
    [
        "ews.example.com", "https://", "https:///", "ftp://ews.example.com", "https://a/EWS",
        "https://a?b", "https://a#b", "https://user@a", "https://a:b", "https://a:65536",
        "https://a b", "https://a..b", "https://[a]", "https://::1", "https://\u212a", "https://a\n",
    ],
)  # fmt: skip
def test_a_public_url_is_the_root_of_a_server(url):
    with pytest.raises(InvalidSettings, match=r"public_url: should be https://HOST or"):
        load(None, {}, {"server": {"public_url": url}})


def test_passwords_are_not_asked_for_in_the_clear():
    with pytest.raises(InvalidSettings, match=r"public_url: should begin with https"):
        load(None, {}, {"server": {"public_url": "http://ews.example.com"}})
    loopback = load(None, {}, {"server": {"public_url": "http://[::1]:8080"}})
    assert loopback.server.public_url == "http://[::1]:8080"


def test_mail_may_come_from_anywhere():
    assert load(None, {"EWSPUSH_SERVER_LMTP": "[::]:24"}, {}).server.lmtp == Address("::", 24)


# The relay


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"username": "u"}, "username goes together with password or"),
        ({"password": "s3cret"}, "username goes together with"),
        ({"password_file": "f"}, "username goes together with"),
        (
            {"username": "u", "password": "s3cret", "password_file": "f"},
            "password and password_file: set one of them",
        ),
        (
            {"username": "u", "password": "s3cret", "tls": "none"},
            "host = relay.example is not loopback, and passwords must not cross a network",
        ),
    ],
)
def test_credentials_for_the_relay_are_whole_and_do_not_cross_a_network_in_the_clear(
    settings, message
):
    with pytest.raises(InvalidSettings) as refused:
        load(None, {}, {"relay": {"host": "relay.example", **settings}})
    assert str(refused.value).startswith(f"relay: {message}")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_relay_on_this_machine_needs_no_tls(host):
    credentials = {"username": "u", "password": "p", "tls": "none"}
    assert load(None, {}, {"relay": {"host": host, **credentials}}).relay.is_set


def test_a_password_is_not_in_what_settings_print():
    settings = load(None, {"EWSPUSH_RELAY_PASSWORD": "s3cret"}, {})
    assert settings.relay.password.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{settings} {settings!r}"


# Paths


def test_a_relative_path_stays_one(write):
    # It starts where ewspush is started, wherever the file is.
    assert load(write("[server]\ndata = 'a/b'"), {}, {}).server.data == Path("a/b")


@pytest.mark.parametrize(
    "name", ["server.tls_cert", "server.tls_key", "delivery.ca_file", "relay.ca_file"]
)
def test_an_empty_path_is_none(name):
    variable = f"EWSPUSH_{name.replace('.', '_').upper()}"
    assert get(load(None, {variable: ""}, {}), name) is None


def test_the_database_is_in_the_data_directory_unless_it_is_said():
    assert ServerSettings(data=Path("a b")).database_url == "sqlite:///a b/ewspush.db"
    assert ServerSettings(database="postgresql://h/n").database_url == "postgresql://h/n"


# The sample


def test_the_sample_has_every_key_in_order_each_with_its_default():
    sample = tomllib.loads(SAMPLE.read_text("utf-8"))
    keys = [f"{table}.{key}" for table, keys in sample.items() for key in keys]
    assert keys == every_key()
    assert load(SAMPLE, {}, {}) == Settings()


def test_the_sample_explains_every_key_in_its_line():
    lines = SAMPLE.read_text("utf-8").splitlines()
    settings = [line for line in lines if re.match(r"\w+ = ", line)]
    assert len(settings) == len(every_key())
    for line in settings:
        assert re.search(r"  # \w.{9}", line), line
        assert len(line) <= 100
