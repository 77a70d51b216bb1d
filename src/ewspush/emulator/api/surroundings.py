"""What every handler of the control API is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ewspush.emulator.api.waiting import Waits
from ewspush.emulator.emulator import Emulator


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The emulator and what there is of it for requests."""

    emulator: Emulator
    waits: Waits
    describe: Callable[[], Mapping[str, Any]]  # the OpenAPI document
