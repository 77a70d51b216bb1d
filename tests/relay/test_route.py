"""Reaching the relay as the settings say, with the files that they name."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from ewspush.relay.route import Credentials, UnusableRelay, make_route
from ewspush.settings import RelaySettings


def settings(**changes: Any) -> RelaySettings:
    return RelaySettings(**{"host": "relay.example", **changes})


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return write


def test_without_a_name_there_are_no_credentials() -> None:
    route = make_route(settings(port=25, tls="none", timeout_s=5), "mail.example.org")
    assert route.credentials is None
    assert (route.host, route.port, route.tls, route.timeout_s) == ("relay.example", 25, "none", 5)
    assert route.own_name == "mail.example.org"


def test_certificates_are_verified() -> None:
    context = make_route(settings(), "x").context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_ca_file_is_trusted_besides_the_system_s(write: Any) -> None:
    alone = len(make_route(settings(), "x").context.get_ca_certs())
    file = write(trustme.CA().cert_pem.bytes())
    assert len(make_route(settings(ca_file=file), "x").context.get_ca_certs()) == alone + 1


def test_the_password_is_the_setting() -> None:
    route = make_route(settings(username="user", password="s3cret"), "x")
    assert route.credentials == Credentials("user", "s3cret")
    assert "s3cret" not in repr(route)


@pytest.mark.parametrize(
    "content", [b"s3cr\xc3\xa9t", b"s3cr\xc3\xa9t\n", b"s3cr\xc3\xa9t\r\nanother line\n"]
)
def test_the_password_is_the_first_line_of_its_file(write: Any, content: bytes) -> None:
    route = make_route(settings(username="user", password_file=write(content)), "x")
    assert route.credentials == Credentials("user", "s3crét")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "its first line is empty"), (b"\nx", "its first line is empty"), (b"\xff", "not UTF-8")],
)
def test_a_file_without_a_password_is_refused(write: Any, content: bytes, reason: str) -> None:
    file = write(content)
    with pytest.raises(UnusableRelay) as refused:
        make_route(settings(username="user", password_file=file), "x")
    assert str(refused.value) == f"relay.password_file {file}: {reason}"


def test_a_file_without_a_certificate_is_refused(write: Any) -> None:
    file = write(b"no certificate")
    with pytest.raises(UnusableRelay) as refused:
        make_route(settings(ca_file=file), "x")
    assert str(refused.value) == f"relay.ca_file {file}: no certificate in it"


@pytest.mark.parametrize("key", ["ca_file", "password_file"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    credentials = {"username": "user"} if key == "password_file" else {}
    with pytest.raises(UnusableRelay) as refused:
        make_route(settings(**{key: tmp_path / "none"}, **credentials), "x")
    assert str(refused.value) == f"relay.{key} {tmp_path / 'none'}: No such file or directory"
