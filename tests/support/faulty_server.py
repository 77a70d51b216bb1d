"""A server in a process of its own, with faults that are there from its start."""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from ewspush import server
from ewspush.cli import main
from ewspush.core.server_version import ServerVersion
from ewspush.emulator.fault_models import parse_fault
from ewspush.emulator.faults import Faults
from ewspush.emulator.faulty_ews import FaultyEwsResource
from ewspush.push.clock import Clock
from ewspush.push.courier import Post
from ewspush.push.sender import Answer, Sender, SenderSettings
from support.running_server import ServerProcess

_VARIABLE = "FAULTS"


class FaultyServer(ServerProcess):
    """`ewspush serve`, with faults as JSON describes them."""

    program: ClassVar[Sequence[str]] = (
        "-c",
        f"import sys; sys.path.append({str(Path(__file__).parents[1])!r});"
        "from support.faulty_server import run; run()",
    )

    def __init__(self, faults: Sequence[dict[str, Any]], **settings: object) -> None:
        super().__init__(**settings)
        self._faults = faults

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), _VARIABLE: json.dumps(self._faults)}


class _FaultySender(Sender):
    def __init__(
        self,
        reactor: Any,
        refusal: Callable[[str], str | None],
        settings: SenderSettings,
        user_agent: str,
    ) -> None:
        super().__init__(reactor, refusal, settings, user_agent)
        self._faults = _load(reactor, super().post, settings.timeout)

    def post(self, url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
        return self._faults.post(url, headers, body)


def run() -> None:
    """The command line, in the process of the server."""
    from twisted.internet import reactor  # noqa: PLC0415 - in this process alone

    clock: Any = reactor
    of_requests = _load(clock, _no_post, 1.0)
    replaced: Any = server
    replaced.Sender = _FaultySender
    replaced.EwsResource = partial(FaultyEwsResource, of_requests, ServerVersion())
    main()


def _load(clock: Clock, post: Post, timeout_s: float) -> Faults:
    faults = Faults(clock, post, timeout_s)
    for given in json.loads(os.environ[_VARIABLE]):
        faults.add(parse_fault(given))
    return faults


def _no_post(url: str, headers: Sequence[str], body: bytes) -> Deferred[Answer]:
    raise AssertionError("these are the faults of requests")
