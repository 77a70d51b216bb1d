"""What the pages are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ewspush.control.steering import Engine
from ewspush.core.ids import ObjectId
from ewspush.endpoint.contract import Contract
from ewspush.operations.management.context import Management
from ewspush.settings import Settings
from ewspush.store.database import Database

PAGE = 50  # rows of a table


class SteeredEngine(Engine, Protocol):
    """A running engine, for those who block until it has done what it is told."""

    def describe(self, id: ObjectId) -> dict[str, Any] | None:
        """What it knows of a subscription beyond the database."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """May be used by several threads at once."""

    management: Management
    engine: SteeredEngine
    settings: Settings
    contract: Contract

    @property
    def database(self) -> Database:
        return self.management.database


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or what htmx puts into one: a template and what it shows.

    `follows` says what must happen for it to be made anew, as the query of the live stream; None:
    it stays as it is.
    """

    template: str
    values: Mapping[str, Any]
    follows: Mapping[str, str] | None = None
