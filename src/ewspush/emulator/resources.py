"""What there is in the emulator's HTTP server beside EWS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twisted.web.resource import Resource

from ewspush.emulator.emulator import Emulator
from ewspush.endpoint.late import LateResource

if TYPE_CHECKING:
    from ewspush.emulator.api.resource import ControlApi
    from ewspush.inspector.resource import InspectorResource


def make_resources(
    reactor: Any, emulator: Emulator, *, allow_remote: bool
) -> Mapping[bytes, Resource]:
    """The control API and the inspector, for this machine alone unless `allow_remote`.

    They are loaded when they are asked for: an emulator is to be ready soon.
    """

    def make_inspector() -> "InspectorResource":
        from ewspush.emulator.laboratory import EmulatorLaboratory  # noqa: PLC0415

        laboratory = EmulatorLaboratory(emulator)
        return emulator.server.make_inspector(None, laboratory, allow_remote=allow_remote)

    def changed() -> None:
        if inspector.made is not None:
            inspector.made.changed()

    def make_api() -> "ControlApi":
        from ewspush.emulator.api.resource import ControlApi  # noqa: PLC0415

        api = ControlApi(reactor, emulator, allow_remote=allow_remote, changed=changed)
        emulator.at_stop(api.stop)
        return api

    inspector = LateResource(make_inspector)
    return {b"emulator": LateResource(make_api), b"inspect": inspector}
