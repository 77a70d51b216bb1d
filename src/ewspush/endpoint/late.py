"""Resources that are made when somebody asks for them."""

from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.web.resource import Resource

from ewspush.endpoint.http import BoundedRequest

R = TypeVar("R", bound=Resource)


class LateResource(Resource, Generic[R]):
    """Stands for a leaf until the first request for it, so that a server is ready sooner."""

    isLeaf = True

    def __init__(self, make: Callable[[], R]) -> None:
        super().__init__()
        self._make = make
        self.made: R | None = None

    def render(self, request: BoundedRequest) -> int:
        if self.made is None:
            self.made = self._make()
        answered: int = self.made.render(request)
        return answered
