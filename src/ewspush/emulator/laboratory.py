"""The emulator as the inspector's panels for time and faults ask for it."""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from ewspush.emulator.emulator import Emulator, Interrupted
from ewspush.emulator.fault_models import parse_fault
from ewspush.emulator.faults import TooManyFaults
from ewspush.inspector.laboratory import LaboratoryTime


class EmulatorLaboratory:
    """What `inspector.laboratory.Laboratory` asks for."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def time(self) -> LaboratoryTime:
        time = self._emulator.time
        return LaboratoryTime(time.now_s(), time.is_frozen, self._emulator.next_attempt_s())

    def freeze(self) -> None:
        self._emulator.time.freeze()

    def resume(self) -> None:
        self._emulator.time.resume()

    async def advance(self, seconds: float) -> None:
        try:
            await self._emulator.advance(seconds)
        except Interrupted as error:
            raise ValueError(str(error)) from None

    async def reset(self) -> None:
        await self._emulator.reset()

    def faults(self) -> Sequence[Mapping[str, object]]:
        return [each.described() for each in self._emulator.faults.list()]

    def add_fault(self, fault: Mapping[str, object]) -> None:
        try:
            self._emulator.faults.add(parse_fault(fault))
        except ValidationError as error:
            raise ValueError(_in_words(error)) from None
        except TooManyFaults as error:
            raise ValueError(str(error)) from None

    def remove_fault(self, id: str) -> None:
        self._emulator.faults.remove(id)

    def clear_faults(self) -> None:
        self._emulator.faults.clear()


def _in_words(error: ValidationError) -> str:
    """The first thing that is wrong, in one sentence."""
    first = error.errors()[0]
    field = str(first["loc"][-1]) if first["loc"] else "the fault"
    text = first["msg"].removeprefix("Value error, ")
    return f"{field}: {text}{'' if text.endswith('.') else '.'}"
