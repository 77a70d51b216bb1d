"""Loading what a server needs."""

import gc

import pytest

from ewspush.cli.loading import loading


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_garbage_is_not_looked_for_meanwhile_and_then_as_before():
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_loaded_is_never_looked_at_again():
    with loading():
        loaded = [[]]
    assert gc.get_freeze_count() > 0
    assert not any(each is loaded for each in gc.get_objects())


def test_garbage_is_looked_for_again_when_loading_fails():
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
