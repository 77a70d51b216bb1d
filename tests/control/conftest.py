import pytest

from support.checks_for_store import backend, database
from support.running_server import ServerProcess

__all__ = ["backend", "database"]


@pytest.fixture(scope="session")
def server():
    """A server for everybody, which must not have failed when the tests are done."""
    server = ServerProcess()
    try:
        server.start()
        yield server
        assert server.terminate() == 0
        assert server.log.troubles == []
    finally:
        server.close()
