"""What the inspector's panels for time and faults do to the emulator."""

from typing import Any, cast

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ewspush.emulator.emulator import Emulator, Interrupted
from ewspush.emulator.faults import Faults
from ewspush.emulator.laboratory import EmulatorLaboratory
from ewspush.emulator.virtual_time import VirtualTime


class World:
    """As much of an emulator as the panels touch."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.time = VirtualTime(self.clock, lambda: 1_790_000_000.0)
        self.next_s: float | None = None
        self.faults = Faults(self.clock, lambda *_: Deferred(), timeout_s=30)
        self.advanced: list[float] = []
        self.is_interrupted = False

    def next_attempt_s(self) -> float | None:
        return self.next_s

    async def advance(self, seconds: float) -> None:
        self.advanced.append(seconds)
        if self.is_interrupted:
            raise Interrupted


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def laboratory(world: World) -> EmulatorLaboratory:
    return EmulatorLaboratory(cast(Emulator, world))


def test_time_is_told_with_what_is_due_next(world: World, laboratory: EmulatorLaboratory) -> None:
    assert laboratory.time() == (1_790_000_000.0, False, None)
    world.next_s = 1_790_000_025.0
    laboratory.freeze()
    world.clock.advance(5)
    assert laboratory.time() == (1_790_000_000.0, True, 1_790_000_025.0)
    laboratory.resume()
    world.clock.advance(5)
    assert laboratory.time() == (1_790_000_005.0, False, 1_790_000_025.0)


@pytest_twisted.ensureDeferred
async def test_an_advance_that_was_interrupted_says_so(
    world: World, laboratory: EmulatorLaboratory
) -> None:
    await laboratory.advance(60)
    world.is_interrupted = True
    with pytest.raises(ValueError, match="was reset"):
        await laboratory.advance(60)
    assert world.advanced == [60, 60]


def test_faults_come_and_go(laboratory: EmulatorLaboratory) -> None:
    laboratory.add_fault({"kind": "connect", "times": 2})
    laboratory.add_fault({"kind": "http-503", "times": None})
    first, second = laboratory.faults()
    assert (first["kind"], first["left"], first["used"]) == ("connect", 2, 0)
    assert (second["kind"], second["left"]) == ("http-503", None)
    laboratory.remove_fault(str(first["id"]))
    with pytest.raises(KeyError):
        laboratory.remove_fault(str(first["id"]))
    assert len(laboratory.faults()) == 1
    laboratory.clear_faults()
    assert laboratory.faults() == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"kind": "delay"}, r"^delay_s: is needed with delay\.$"),
        ({"kind": "connect", "times": 0}, r"^times: .*greater than or equal to 1\.$"),
        ({"kind": "connect", "url": "ftp://x/"}, r"^url: "),
        ({"kind": "x"}, r"x"),
        ({"kind": "busy", "operation": "Fly"}, r"^operation: should be an operation"),
    ],
)
def test_what_is_wrong_with_a_fault_is_one_sentence(
    laboratory: EmulatorLaboratory, fault: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text) as raised:
        laboratory.add_fault(fault)
    assert "\n" not in str(raised.value)
