import pytest

from ewspush.doctor.answers import Terms
from ewspush.doctor.redaction import Redaction
from ewspush.endpoint.contract import Contract
from support.far_ends import authority, ca_file, make_sender, responder  # noqa: F401


@pytest.fixture(scope="session")
def contract():
    return Contract.load()


@pytest.fixture
def terms():
    """Those of a server, for a URL with a secret."""
    return Terms(30.0, 65_536, Redaction("http://h/push?key=s3cret"))
