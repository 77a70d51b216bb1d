"""Faults on demand."""

from ewspush.emulator.api.errors import not_found, shown
from ewspush.emulator.api.finding import mailbox_at, subscription_with
from ewspush.emulator.api.models.common import Nothing
from ewspush.emulator.api.models.faults import Fault, Faults
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.emulator.fault_models import NotificationFault, RequestFault


async def list_faults(around: Surroundings, _call: Call[Nothing, Nothing]) -> Faults:
    there = around.emulator.faults.list()
    return Faults(faults=[Fault(**each.described()) for each in there])


async def add_fault(
    around: Surroundings, call: Call[Nothing, NotificationFault | RequestFault]
) -> Fault:
    emulator = around.emulator
    fault = await emulator.in_thread(_of_what_there_is, emulator, call.body)
    return Fault(**emulator.faults.add(fault).described())


def _of_what_there_is(
    emulator: Emulator, fault: NotificationFault | RequestFault
) -> NotificationFault | RequestFault:
    """The fault, by the mailbox's own address. Blocks. Raises ApiError."""
    with emulator.database.read() as tx:
        if isinstance(fault, NotificationFault):
            if fault.subscription is not None:
                subscription_with(tx, fault.subscription, "subscription")
            return fault
        if fault.mailbox is None:
            return fault
        mailbox = mailbox_at(tx, fault.mailbox, "mailbox")
        return fault.model_copy(update={"mailbox": mailbox.address})


async def delete_faults(around: Surroundings, _call: Call[Nothing, Nothing]) -> None:
    around.emulator.faults.clear()


async def delete_fault(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    id = call.path["id"]
    try:
        around.emulator.faults.remove(id)
    except KeyError:
        raise not_found(f"fault {shown(id)}") from None
