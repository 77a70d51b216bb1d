"""What there is in the emulator's HTTP server beside EWS."""

from collections.abc import Mapping
from typing import Any

from twisted.web.resource import Resource

from ewspush.emulator.api.resource import ControlApi
from ewspush.emulator.emulator import Emulator
from ewspush.emulator.laboratory import EmulatorLaboratory


def make_resources(
    reactor: Any, emulator: Emulator, *, allow_remote: bool
) -> Mapping[bytes, Resource]:
    """The control API and the inspector, for this machine alone unless `allow_remote`."""
    inspector = emulator.server.make_inspector(
        None, EmulatorLaboratory(emulator), allow_remote=allow_remote
    )
    api = ControlApi(reactor, emulator, allow_remote=allow_remote, changed=inspector.changed)
    emulator.at_stop(api.stop)
    return {b"emulator": api, b"inspect": inspector}
