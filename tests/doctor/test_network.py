"""URLs, addresses and connections: what a server would call, and what the doctor looks at."""

from ipaddress import ip_network

import pytest

from ewspush.doctor import network
from ewspush.doctor.findings import Verdict
from ewspush.doctor.network import Connected, Policies

OK, WARNING, PROBLEM = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM
PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1::1"
STRICT = Policies(())
LENIENT = Policies((ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8")))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://app.example.com/", "app.example.com", 80),
        ("https://APP.example.com./push?key=1", "app.example.com", 443),
        ("https://93.184.216.34:8443/", PUBLIC, 8443),
        ("http://[::1]:81/", "::1", 81),
        ("http://localhost/", "localhost", 80),
    ],
)
def test_a_url_that_may_be_called(url, host, port):
    target, judged = network.judge_url(url, STRICT)
    assert judged.verdict is OK
    assert network.host_and_port(target) == (host, port)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://app.example.com/", "must begin with http:// or https://"),
        ("app.example.com", "must begin with http:// or https://"),
        ("http://user:s3cret@app.example.com/", "must not contain a user name"),
        ("http://app.example.com/#s3cret", "must not have a fragment"),
        ("http://10.0.0.1/?key=s3cret", "10.0.0.1 is a private address"),
        ("http://169.254.169.254/", "a cloud metadata address"),
        ("http://app.example.com/?key=s3cret two", "must not contain white space"),
        ("", "must have 1 to 2082 characters"),
    ],
)
def test_a_url_that_may_not_be_called_is_a_problem(url, why):
    target, judged = network.judge_url(url, STRICT)
    assert (target, judged.verdict) == (None, PROBLEM)
    assert why in judged.text
    assert "s3cret" not in judged.text


def test_what_the_settings_allow_may_be_called():
    assert network.judge_url("http://10.0.0.1/", LENIENT)[1].verdict is OK


@pytest.mark.parametrize(
    ("policies", "addresses", "usable", "verdict", "text"),
    [
        (STRICT, [PUBLIC, PUBLIC_6], [PUBLIC, PUBLIC_6], OK, f"{PUBLIC}, {PUBLIC_6}"),
        (STRICT, ["127.0.0.1"], ["127.0.0.1"], WARNING, "would not call it: 127.0.0.1 is a loop"),
        (STRICT, ["::1", "127.0.0.1"], ["::1", "127.0.0.1"], WARNING, "::1 is a loopback address"),
        (LENIENT, ["127.0.0.1"], ["127.0.0.1"], OK, "127.0.0.1"),
        (LENIENT, ["10.0.0.1"], ["10.0.0.1"], OK, "10.0.0.1"),
        (STRICT, ["10.0.0.1"], [], PROBLEM, "does not call it: 10.0.0.1 is a private address"),
        (STRICT, ["fe80::1%eth0"], [], PROBLEM, "an address with a zone"),
        (STRICT, [PUBLIC, "10.0.0.1"], [PUBLIC], WARNING, "does not call all: 10.0.0.1 is a priv"),
        (STRICT, ["10.0.0.1", "127.0.0.1"], ["127.0.0.1"], WARNING, "would not call it"),
        (STRICT, [PUBLIC] * 9, [PUBLIC] * 9, OK, "and 1 more"),
    ],
)
def test_addresses_are_judged_as_the_server_does_but_loopback_is_looked_at(
    policies, addresses, usable, verdict, text
):
    found, judged = network.judge_addresses(addresses, policies)
    assert (found, judged.verdict) == (usable, verdict)
    assert text in judged.text


REFUSED = "Connection refused"


@pytest.mark.parametrize(
    ("tries", "verdict", "text"),
    [
        ([Connected(PUBLIC, 12.4)], OK, f"{PUBLIC} in 12.4 ms"),
        (
            [Connected(PUBLIC, None, REFUSED)],
            PROBLEM,
            f"nothing can be connected to ({PUBLIC}: {REFUSED})",
        ),
        (
            [Connected(PUBLIC_6, None, REFUSED), Connected(PUBLIC, 1.0)],
            WARNING,
            f"{PUBLIC} in 1.0 ms, but not all ({PUBLIC_6}: {REFUSED})",
        ),
        ([Connected("::1", None, REFUSED), Connected("127.0.0.1", 1.0)], OK, "127.0.0.1 in 1.0 ms"),
    ],
)
def test_every_address_should_take_connections(tries, verdict, text):
    judged = network.of_connections(tries)
    assert judged.verdict is verdict
    assert text in judged.text


def test_a_name_without_an_address_is_a_problem():
    judged = network.of_failed_lookup("app.example.com", "Name or service not known")
    assert judged.verdict is PROBLEM
    assert judged.text == "app.example.com has no address (Name or service not known)"
