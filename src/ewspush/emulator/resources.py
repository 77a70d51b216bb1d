"""What there is in the emulator's HTTP server beside EWS."""

from collections.abc import Mapping
from typing import Any

from twisted.web.resource import Resource

from ewspush.emulator.api.resource import ControlApi
from ewspush.emulator.emulator import Emulator


def make_resources(
    reactor: Any, emulator: Emulator, *, allow_remote: bool
) -> Mapping[bytes, Resource]:
    """The control API, for this machine alone unless `allow_remote`."""
    api = ControlApi(reactor, emulator, allow_remote=allow_remote)
    emulator.at_stop(api.stop)
    return {b"emulator": api}
