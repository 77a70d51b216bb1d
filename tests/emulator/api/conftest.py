"""An emulator with its control API, as it is after its start in every test."""

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import ensureDeferred

from support.control_api import ControlledEmulator


@pytest.fixture(scope="session")
def emulator():
    emulator = ControlledEmulator()
    blockon(ensureDeferred(emulator.start()))
    yield emulator
    blockon(ensureDeferred(emulator.close()))


@pytest.fixture
def api(emulator):
    yield emulator
    blockon(ensureDeferred(emulator.emulator.reset()))
