import pytest

from support.checks_for_store import backend, database
from support.running_server import serving

__all__ = ["backend", "database"]


@pytest.fixture(scope="session")
def server():
    """A server for everybody, which must not have failed when the tests are done."""
    with serving() as server:
        yield server
