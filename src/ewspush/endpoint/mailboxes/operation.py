"""Making a function an operation of this service."""

from collections.abc import Callable, Mapping
from typing import Any

from ewspush.endpoint import spyne_framework
from ewspush.endpoint.mailboxes.call import Call
from ewspush.endpoint.mailboxes.types import Members, model
from ewspush.endpoint.spyne_compat import MethodContext
from ewspush.endpoint.spyne_framework import ServiceMethod

Answer = Mapping[str, object]  # what the elements of the answer hold


def operation(
    name: str, request: Members, response: Members
) -> Callable[[Callable[[Call, Any], Answer]], ServiceMethod]:
    """Make a function an operation: the elements are `name` and `name`Response, wrapped."""
    asked, answered = model(f"{name}Request", request), model(f"{name}Answer", response)

    def decorate(function: Callable[[Call, Any], Answer]) -> ServiceMethod:
        def respond(ctx: MethodContext, given: Any) -> Any:
            return answered(**function(ctx.udc, given))

        respond.__name__ = function.__name__
        return spyne_framework.operation(name, asked, answered)(respond)

    return decorate
