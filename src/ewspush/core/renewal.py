"""The subscription period of a mailbox: how long it is paid for, and what follows."""

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final


class Period(Enum):
    """A SubscriptionPeriod, spelled as in the mailbox API."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    CANCELED = "canceled"


_MONTHS: Final = {Period.MONTHLY: 1, Period.YEARLY: 12}


@dataclass(frozen=True, slots=True)
class Renewal:
    """A period and the one that follows it. Periods follow one another without being written down.

    They begin whole months after `anchor_s`, at the same time of the day and on the same day of the
    month (UTC), or on the last day of a month that is shorter: from the 31st of January on to the
    28th or 29th of February, and then to the 31st of March.
    """

    anchor_s: int  # when the first period began, seconds since the epoch
    months: int  # from the anchor to the beginning of this period
    period: Period
    next_period: Period

    @classmethod
    def begin(cls, period: Period, now_s: int) -> "Renewal":
        """A first period that begins now, and is to be followed by others like it."""
        return cls(now_s, 0, period, period)

    @property
    def started_at_s(self) -> int:
        """When this period began."""
        return _add_months(self.anchor_s, self.months)

    @property
    def next_starts_at_s(self) -> int | None:
        """When the next period begins. None: it was canceled, and none does."""
        if self.period is Period.CANCELED:
            return None
        return _add_months(self.anchor_s, self.months + _MONTHS[self.period])

    @property
    def ends_at_s(self) -> int | None:
        """When it ends because it was canceled. None: it does not."""
        return self.next_starts_at_s if self.next_period is Period.CANCELED else None

    def as_of(self, now_s: int) -> "Renewal":
        """The period in which `now_s` lies."""
        current = self
        while (next_s := current.next_starts_at_s) is not None and next_s <= now_s:
            months = current.months + _MONTHS[current.period]
            current = replace(current, months=months, period=current.next_period)
        return current

    def followed_by(self, period: Period, now_s: int) -> "Renewal":
        """The same, with another period to follow the one in which `now_s` lies."""
        return replace(self.as_of(now_s), next_period=period)

    def resumed(self, now_s: int) -> "Renewal":
        """For a mailbox that is restored: as it was, or begun anew if it was canceled and ended."""
        if self.as_of(now_s).period is Period.CANCELED:
            return Renewal.begin(self.period, now_s)
        return self


def _add_months(at_s: int, months: int) -> int:
    at = datetime.fromtimestamp(at_s, UTC)
    year, month0 = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month0 + 1)[1])
    return int(at.replace(year=year, month=month0 + 1, day=day).timestamp())
