"""What the control API needs of the emulator around it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ewspush.control.commands import Commands
from ewspush.core.ids import ObjectId
from ewspush.emulator.api.waiting import Waits
from ewspush.emulator.faults import Faults
from ewspush.operations.management.context import Management
from ewspush.operations.subscriptions import Subscribed
from ewspush.settings import Address, Settings
from ewspush.store.database import Database
from ewspush.threads import InThread

Listener = Callable[[int, int], object]
"""Told the mailbox and the number of a subscription."""


class Time(Protocol):
    """The emulator's time, in the reactor's thread."""

    @property
    def is_frozen(self) -> bool: ...

    def now_s(self) -> float:
        """Seconds since the epoch."""

    def seconds_at(self, now_s: float) -> float:
        """The time of the server's clock at a time of day."""

    def freeze(self) -> None: ...

    def resume(self) -> None: ...


class Server(Protocol):
    """What is known of its subscriptions in the reactor's thread."""

    def due(self) -> Mapping[tuple[int, int], float]:
        """When the next heartbeat or retry of each is due, in seconds since the epoch."""


class Emulator(Protocol):
    """A server with time in one's hands. Everything here is for the reactor's thread.

    The database, the management and the commands block, and are used by `in_thread`.
    """

    @property
    def time(self) -> Time: ...
    @property
    def server(self) -> Server: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def http(self) -> Address: ...
    @property
    def lmtp(self) -> Address: ...
    @property
    def database(self) -> Database: ...
    @property
    def management(self) -> Management: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def in_thread(self) -> InThread: ...
    @property
    def snapshots(self) -> Sequence[str]: ...

    def advance(self, seconds: float) -> Awaitable[object]:
        """Leap through all that is due meanwhile, in order; done when all of it is.

        Raises Interrupted if the state is replaced meanwhile.
        """

    def reset(self) -> Awaitable[object]:
        """Back to how it was after the start."""

    def snapshot(self) -> Awaitable[str]:
        """The id of a snapshot of the whole state. Raises TooManySnapshots or Interrupted."""

    def restore(self, id: str) -> Awaitable[object]:
        """Back to a snapshot. Raises KeyError."""

    def forget(self, id: str) -> None:
        """Raises KeyError."""

    def written(self) -> Awaitable[object]:
        """Done when every attempt so far, and what came of it, is in the database."""

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Tell of attempts that end, and of subscriptions that begin, end, park and pause.

        Returns what ends this.
        """

    def judge_url(self, url: str) -> None:
        """Raises InvalidPushSubscriptionUrl for one that may not be called. For any thread."""

    def subscribed(self, subscribed: Subscribed) -> None:
        """A push subscription was written: send its first notification."""

    def unsubscribed(self, id: ObjectId) -> None:
        """A subscription was ended by its owner: send it nothing more."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every handler is given."""

    emulator: Emulator
    waits: Waits
    describe: Callable[[], Mapping[str, Any]]  # the OpenAPI document
