import pytest

from ewspush.testing.responder import EwsResponder
from support.told import Teller


@pytest.fixture
def responder():
    with EwsResponder() as responder:
        yield responder


@pytest.fixture
def tell(responder):
    """Posts notifications to the responder, as the server does."""
    with Teller(responder.url) as teller:
        yield teller
