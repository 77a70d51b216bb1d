"""What there is in the emulator's HTTP server beside EWS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twisted.web.resource import Resource

if TYPE_CHECKING:
    from ewspush.emulator.emulator import Emulator


def make_resources(emulator: "Emulator", *, allow_remote: bool) -> Mapping[bytes, Resource]:  # noqa: ARG001
    """The control API and the inspector, for this machine alone unless `allow_remote`."""
    return {}
