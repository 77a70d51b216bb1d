"""What a server has that emulates: time and faults at hand. The inspector shows them as panels."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import NamedTuple, Protocol


class LaboratoryTime(NamedTuple):
    """How time stands. Times are seconds since the epoch."""

    now_s: float
    is_frozen: bool
    next_s: float | None  # when the next thing is due


class Laboratory(Protocol):
    """Everything is called in the reactor's thread."""

    def time(self) -> LaboratoryTime: ...

    def freeze(self) -> None: ...

    def resume(self) -> None: ...

    def advance(self, seconds: float) -> Awaitable[object]:
        """Leap through all that is due, and end when all of it is done.

        Raises ValueError, which says why, if it cannot be ended.
        """
        ...

    def reset(self) -> Awaitable[object]:
        """Have everything as it was when the server was started."""
        ...

    def faults(self) -> Sequence[Mapping[str, object]]:
        """The faults there are, each a Fault of the control API with `id`, `left` and `used`."""
        ...

    def add_fault(self, fault: Mapping[str, object]) -> None:
        """Add a Fault of the control API. Raises ValueError, which says what is wrong."""
        ...

    def remove_fault(self, id: str) -> None:
        """Raises KeyError if there is none."""
        ...

    def clear_faults(self) -> None: ...
