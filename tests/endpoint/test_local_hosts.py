"""Which names of a Host are this machine's own."""

import pytest

from ewspush.endpoint.local_hosts import is_loopback_host


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.0.1:1", "[::1]", "[::1]:8080",
     "[::ffff:127.0.0.1]:8080"],
)  # fmt: skip
def test_hosts_that_are_loopback(host):
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1:8080",
     "[::2]", "::1", "localhost:", "localhost:x", "127.1", "[127.0.0.1]x"],
)  # fmt: skip
def test_hosts_that_are_not(host):
    assert not is_loopback_host(host)
