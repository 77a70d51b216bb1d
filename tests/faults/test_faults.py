"""Every fault once, small: the long form is `make soak`."""

from collections.abc import Iterator
from random import Random

import pytest

from faults.places import Impossible
from faults.rounds import Plan, play, short
from faults.world import Size, World

SEED = 5
SIZE = Size(mailboxes=8, rate=150, patience_s=120, timeout_s=3)
DISK_MB = 16


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World.made(SIZE, SEED) as world:
        yield world


def names(plan: Plan) -> str:
    return plan.fault.name


@pytest.mark.parametrize("plan", [p for p in short() if not p.fault.needs_small_disk], ids=names)
def test_nothing_is_lost_out_of_order_or_repeated(plan: Plan, world: World) -> None:
    check(world, plan)


@pytest.mark.parametrize("plan", [p for p in short() if p.fault.needs_small_disk], ids=names)
def test_nothing_is_lost_out_of_order_or_repeated_on_a_small_disk(plan: Plan) -> None:
    try:
        with World.made(SIZE, SEED, DISK_MB) as world:
            check(world, plan)
    except Impossible as error:
        pytest.skip(str(error))


def check(world: World, plan: Plan) -> None:
    try:
        row = play(world, plan, Random(SEED))
    except Impossible as error:
        pytest.skip(str(error))
    assert row.counts.events
    assert row.is_good, f"{row}\n{world.log_tail}"
