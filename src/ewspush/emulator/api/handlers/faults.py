"""Faults on demand."""

from ewspush.emulator.api.errors import not_found, shown
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.faults import Fault, Faults
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.fault_models import NotificationFault, RequestFault


async def list_faults(around: Surroundings, _call: Call[Nothing, Nothing]) -> Faults:
    there = around.emulator.faults.list()
    return Faults(faults=[Fault(**each.described()) for each in there])


async def add_fault(
    around: Surroundings, call: Call[Nothing, NotificationFault | RequestFault]
) -> Fault:
    return Fault(**around.emulator.faults.add(call.body).described())


async def delete_faults(around: Surroundings, _call: Call[Nothing, Nothing]) -> None:
    around.emulator.faults.clear()


async def delete_fault(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    id = call.path["id"]
    try:
        around.emulator.faults.remove(id)
    except KeyError:
        raise not_found(f"fault {shown(id)}") from None
