"""Faults that are in force. What is given is described in `emulator.fault_models`."""

from typing import Annotated, Literal

from pydantic import Field

from ewspush.emulator.api.models.common import Told


class Fault(Told):
    """A fault, with what was given of it."""

    id: str
    kind: Literal[
        "connect",
        "timeout",
        "lost",
        "delay",
        "batch",
        "error",
        "response-code",
        "soap-fault",
        "busy",
        "http-503",
        "drop",
    ]
    times: int | None
    left: Annotated[int | None, Field(description="How often it will still happen; null: always.")]
    used: Annotated[int, Field(description="How often it happened.")]
    url: str | None = None
    subscription: str | None = None
    delay_s: float | None = None
    batch: int | None = None
    mailbox: str | None = None
    operation: str | None = None
    response_code: str | None = None
    back_off_ms: int | None = None


class Faults(Told):
    """All faults, those that are used up among them, the oldest first."""

    faults: list[Fault]
