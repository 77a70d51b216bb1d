"""The emulator as a whole: its time, its state, snapshots."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import ewspush
from ewspush.emulator.api.errors import ApiError, FieldError, not_found, shown
from ewspush.emulator.api.models.common import Nothing, moment, moment_from
from ewspush.emulator.api.models.running import (
    Advance,
    Advanced,
    NewSnapshot,
    Snapshots,
    Status,
    Time,
)
from ewspush.emulator.api.routing import Call
from ewspush.emulator.api.surroundings import Surroundings
from ewspush.emulator.emulator import Emulator
from ewspush.store import attempts

_GONE = "the emulator's state was replaced while this waited"


async def get_description(around: Surroundings, _call: Call[Nothing, Nothing]) -> Mapping[str, Any]:
    return around.describe()


async def get_status(around: Surroundings, _call: Call[Nothing, Nothing]) -> Status:
    emulator = around.emulator
    return Status(
        version=ewspush.__version__,
        ews_url=ews_url(emulator),
        http=str(emulator.http),
        lmtp=str(emulator.lmtp),
        data=str(emulator.settings.server.data),
        time=_time(emulator),
    )


async def get_time(around: Surroundings, _call: Call[Nothing, Nothing]) -> Time:
    return _time(around.emulator)


async def freeze_time(around: Surroundings, _call: Call[Nothing, Nothing]) -> Time:
    around.emulator.time.freeze()
    return _time(around.emulator)


async def resume_time(around: Surroundings, _call: Call[Nothing, Nothing]) -> Time:
    around.emulator.time.resume()
    return _time(around.emulator)


async def advance_time(around: Surroundings, call: Call[Nothing, Advance]) -> Advanced:
    emulator = around.emulator
    seconds = _seconds(emulator, call.body)
    before = await _attempts(emulator)
    await emulator.advance(seconds)
    made = await _attempts(emulator) - before
    return Advanced(time=_time(emulator), attempts=made)


def _seconds(emulator: Emulator, advance: Advance) -> float:
    try:
        return advance.seconds_from(emulator.time.now_s())
    except FieldError as error:
        now = moment(emulator.time.now_s())
        text = f"{error}; it is {now} now"
        raise ApiError(HTTPStatus.BAD_REQUEST, text, error.field) from None


async def _attempts(emulator: Emulator) -> int:
    await emulator.written()
    return await emulator.in_thread(_newest_attempt, emulator)


def _newest_attempt(emulator: Emulator) -> int:
    with emulator.database.read() as tx:
        return attempts.newest(tx)


async def reset(around: Surroundings, _call: Call[Nothing, Nothing]) -> None:
    emulator = around.emulator
    around.waits.end_all(_GONE)
    await emulator.reset()


async def list_snapshots(around: Surroundings, _call: Call[Nothing, Nothing]) -> Snapshots:
    return Snapshots(snapshots=list(around.emulator.snapshots))


async def make_snapshot(around: Surroundings, _call: Call[Nothing, Nothing]) -> NewSnapshot:
    emulator = around.emulator
    return NewSnapshot(id=await emulator.snapshot())


async def restore_snapshot(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    emulator = around.emulator
    id = _known_snapshot(around, call)
    around.waits.end_all(_GONE)
    await emulator.restore(id)


async def delete_snapshot(around: Surroundings, call: Call[Nothing, Nothing]) -> None:
    around.emulator.forget(_known_snapshot(around, call))


def _known_snapshot(around: Surroundings, call: Call[Nothing, Nothing]) -> str:
    id = call.path["id"]
    if id not in around.emulator.snapshots:
        raise not_found(f"snapshot {shown(id)}")
    return id


def _time(emulator: Emulator) -> Time:
    time = emulator.time
    now_s, next_s = time.now_s(), emulator.next_attempt_s()
    return Time(
        now=moment(now_s),
        epoch_s=now_s,
        frozen=time.is_frozen,
        next_at=None if next_s is None else moment_from(next_s),
    )


def ews_url(emulator: Emulator) -> str:
    """Where clients of EWS find the server."""
    server = emulator.settings.server
    scheme = "https" if server.tls_cert else "http"
    return f"{server.public_url or f'{scheme}://{emulator.http}'}/EWS/Exchange.asmx"
