from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.ews import Ews
from support.postgresql import in_memory


@pytest.fixture
def ews():
    with TemporaryDirectory(dir=in_memory()) as folder:
        ews = Ews(Path(folder))
        yield ews
        ews.database.close()


@pytest.fixture(scope="module")
def shared_ews(tmp_path_factory):
    """For tests that change nothing, or do not care."""
    ews = Ews(tmp_path_factory.mktemp("ews"), limit=1_000_000)
    yield ews
    ews.database.close()
