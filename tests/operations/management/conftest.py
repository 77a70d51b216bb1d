import pytest

from support.checks_for_store import backend, database
from support.directory import World

__all__ = ["backend", "database"]


@pytest.fixture
def world(database):
    """A directory with an organization and a domain, on every kind of database."""
    return World(database)
