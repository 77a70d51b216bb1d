import pytest

from support.checks_for_store import backend, database
from support.inspected import Inspected

__all__ = ["backend", "database"]


@pytest.fixture
def inspected(database):
    """An inspector to which somebody has logged in."""
    opened = Inspected(database)
    assert opened.log_in().status == 303
    return opened


@pytest.fixture
def emulated(database):
    return Inspected(database, is_emulated=True)
