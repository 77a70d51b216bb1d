"""What a service is given beside the request itself."""

from dataclasses import dataclass

from ewspush.operations.management.context import Actor, Management


@dataclass(slots=True)
class Call:
    """One request: who asks, and what came of it."""

    management: Management
    actor: Actor
    raised: Exception | None = None  # by the service
