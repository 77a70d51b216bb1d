"""Waiting for something to happen."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ewspush.emulator.api.errors import FieldError
from ewspush.emulator.api.models.common import GREATEST, Given, Id, MailAddress, Told
from ewspush.emulator.api.models.subscriptions import Attempt, Subscription

LONGEST_WAIT_S = 60


class Wait(Given):
    """What is waited for: of a subscription, of a mailbox, or of all."""

    for_: Annotated[Literal["notification", "nothing-pending", "parked"], Field(alias="for")]
    subscription: Id | None = None
    mailbox: MailAddress | None = None
    after: Annotated[
        int | None,
        Field(
            ge=0,
            le=GREATEST,
            description="The number of the last attempt that is known; null: of the last one now.",
        ),
    ] = None
    timeout_s: Annotated[
        float, Field(ge=0, le=LONGEST_WAIT_S, description="Real seconds, whatever time it is.")
    ] = 5

    @model_validator(mode="after")
    def _is_clear(self) -> "Wait":
        if self.subscription is not None and self.mailbox is not None:
            raise FieldError("mailbox", "should not be given beside subscription")
        if self.after is not None and self.for_ != "notification":
            raise FieldError("after", "belongs to a wait for a notification only")
        return self


class Happened(Told):
    """What was waited for."""

    attempt: Annotated[Attempt | None, Field(description="Of a wait for a notification.")] = None
    subscription: Annotated[Subscription | None, Field(description="Of a wait for parked.")] = None
