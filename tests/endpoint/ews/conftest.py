import pytest

from support.ews import Ews


@pytest.fixture
def ews(tmp_path):
    ews = Ews(tmp_path)
    yield ews
    ews.database.close()


@pytest.fixture(scope="module")
def shared_ews(tmp_path_factory):
    """For tests that change nothing, or do not care."""
    ews = Ews(tmp_path_factory.mktemp("ews"), limit=1_000_000)
    yield ews
    ews.database.close()
