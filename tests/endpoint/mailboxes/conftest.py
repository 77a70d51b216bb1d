import pytest

from support.checks_for_store import backend, database
from support.directory import World
from support.managing import Service

__all__ = ["backend", "database"]


@pytest.fixture
def service(database):
    """The service on a directory with an organization and a domain, on every kind of database."""
    return Service(World(database))
