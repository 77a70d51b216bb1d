"""Running blocking functions off the reactor."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


class InThread(Protocol):
    """Runs a blocking function off the reactor, and fires with what it returns."""

    def __call__(self, function: Callable[..., T], /, *args: object) -> "Deferred[T]": ...


def in_pool(reactor: Any, pool: ThreadPool) -> InThread:
    """An InThread on this pool."""
    return partial(deferToThreadPool, reactor, pool)
