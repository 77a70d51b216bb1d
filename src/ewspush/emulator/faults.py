"""Faults on demand: which there are, and which of them is next to happen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from threading import Lock
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from ewspush.emulator.fault_models import NotificationFault, RequestFault
from ewspush.emulator.faulty_post import FaultyPost
from ewspush.push.clock import Clock
from ewspush.push.courier import Post
from ewspush.push.sender import Answer
from ewspush.wire import addressee

F = TypeVar("F", NotificationFault, RequestFault)

MOST = 1000  # faults, those that are used up included


class TooManyFaults(Exception):
    """There are as many faults as there may be, and none of them is used up."""

    def __init__(self) -> None:
        super().__init__(f"There are {MOST} faults already: remove some.")


@dataclass(slots=True)
class AddedFault:
    """A fault and how often it has happened."""

    id: str
    fault: NotificationFault | RequestFault
    used: int = 0

    @property
    def left(self) -> int | None:
        """How many more it affects; None: any number."""
        return None if self.fault.times is None else self.fault.times - self.used

    def described(self) -> dict[str, Any]:
        """In JSON's terms."""
        return {"id": self.id, **self.fault.given(), "left": self.left, "used": self.used}


class Faults:
    """The faults that were asked for, in this order.

    Of several that fit, the one that was added first happens, until it is used up. A notification
    is affected by one fault when it is composed (batch) and by one when it is posted (all others);
    an EWS request by one. Faults that are used up stay until they are removed, or make room.

    `clock` is that of the emulator, `post` sends, and an answer may take `timeout_s`.
    """

    def __init__(self, clock: Clock, post: Post, timeout_s: float) -> None:
        self._post = post
        self._faulty = FaultyPost(clock, post, timeout_s)
        self._lock = Lock()  # EWS requests are looked at in threads of their own
        self._added: dict[str, AddedFault] = {}
        self._numbers = count(1)

    # What is asked for

    def add(self, fault: NotificationFault | RequestFault) -> AddedFault:
        """Have it happen from now on. Raises TooManyFaults."""
        with self._lock:
            self._make_room()
            added = AddedFault(str(next(self._numbers)), fault)
            self._added[added.id] = added
            return added

    def _make_room(self) -> None:
        if len(self._added) >= MOST:
            used_up = next((each.id for each in self._added.values() if each.left == 0), None)
            if used_up is None:
                raise TooManyFaults
            del self._added[used_up]

    def list(self) -> list[AddedFault]:
        """All, the first that was added first."""
        with self._lock:
            return [*self._added.values()]

    def get(self, id: str) -> AddedFault:
        """Raises KeyError."""
        with self._lock:
            return self._added[id]

    def remove(self, id: str) -> None:
        """What waits because of it goes on waiting. Raises KeyError."""
        with self._lock:
            del self._added[id]

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._added.clear()

    def state(self) -> Sequence[AddedFault]:
        """What `put_back` brings back."""
        return [replace(each) for each in self.list()]

    def put_back(self, state: Sequence[AddedFault]) -> None:
        """Have those again that there were, as often as they had happened then."""
        with self._lock:
            self._added = {each.id: replace(each) for each in state}

    # What happens

    def post(self, url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
        """Post as the next fault says, if there is one; fails with NoAnswer only."""
        if not self._added:
            return self._post(url, headers, body)
        to = addressee.read(body)
        fault = self._use(
            NotificationFault,
            lambda fault: fault.kind != "batch" and fault.meets(url, to.subscription_id),
        )
        if fault is None:
            return self._post(url, headers, body)
        return self._faulty.post(fault, to, url, headers, body)

    def batch(self, url: str, subscription_id: str) -> int | None:
        """How many events the notification that is composed now has at most; None: as usual."""
        fault = self._use(
            NotificationFault,
            lambda fault: fault.kind == "batch" and fault.meets(url, subscription_id),
        )
        return None if fault is None else fault.batch

    def of_request(self, mailbox: str, operation: str) -> RequestFault | None:
        """What happens to a request for a mailbox, by its address. For any thread."""
        return self._use(RequestFault, lambda fault: fault.meets(mailbox, operation))

    def _use(self, kind: type[F], fits: Callable[[F], bool]) -> F | None:
        with self._lock:
            for added in self._added.values():
                if isinstance(added.fault, kind) and added.left != 0 and fits(added.fault):
                    added.used += 1
                    return added.fault
        return None

    # What waits

    @property
    def waiting(self) -> int:
        """Posts that wait, by a fault, for nothing but time to pass."""
        return self._faulty.waiting

    def cancel(self) -> None:
        """Fail what waits as CANCELLED."""
        self._faulty.cancel()
