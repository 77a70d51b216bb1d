"""A subscription of the emulator, as a test handles it."""

from contextlib import suppress

from ewspush.testing.connection import Connection, Record, WaitTimedOut
from ewspush.testing.records import Attempt, Steered, Subscription, read

__tracebackhide__ = True  # pytest shows the line of the test, and not those here

_LONGEST_WAIT_S = 60.0  # longer than a server waits for an answer


class EwsSubscription:
    """A push subscription. All methods raise EmulatorError for what the emulator refuses."""

    def __init__(self, connection: Connection, id: str) -> None:
        self._connection = connection
        self._returned = 0  # the number of the attempt that `wait_for_notification` returned last
        self.id = id  # the SubscriptionId

    def __repr__(self) -> str:
        return f"EwsSubscription({self.id!r})"

    def show(self) -> Subscription:
        """Everything that is known of it now."""
        return read(Subscription, self._connection.get("subscriptions", self.id))

    @property
    def phase(self) -> str:
        """What it does now: idle, retrying, paused, parked, ended."""
        return self.show().phase

    def attempts(self, *, after: int = 0) -> list[Attempt]:
        """The attempts to notify, oldest first: those with a number above `after`."""
        path = ("subscriptions", self.id, "attempts")
        found = self._connection.listed("attempts", *path, place="number", after=after)
        return [read(Attempt, record) for record in found]

    def wait_for_notification(self, *, timeout_s: float = 5.0) -> Attempt:
        """The next attempt that this did not return before; the first one to begin with.

        `timeout_s` are real seconds. Raises WaitTimedOut.
        """
        answer = self._wait("notification", timeout_s, after=self._returned)
        attempt = read(Attempt, answer["attempt"])
        self._returned = attempt.number
        return attempt

    def wait_for_first(self) -> None:
        """Until the first notification was answered or has failed; a minute at most."""
        with suppress(WaitTimedOut):
            self._wait("notification", _LONGEST_WAIT_S, after=0)

    def wait_until_idle(self, *, timeout_s: float = 5.0) -> None:
        """Until everything is acknowledged. Real seconds; raises WaitTimedOut.

        A retry happens when its time has come: advance the time.
        """
        self._wait("nothing-pending", timeout_s)

    def wait_until_parked(self, *, timeout_s: float = 5.0) -> None:
        """Until the server has given up. Real seconds; raises WaitTimedOut."""
        self._wait("parked", timeout_s)

    def _wait(self, what: str, timeout_s: float, after: int | None = None) -> Record:
        return self._connection.post(
            "wait", **{"for": what}, subscription=self.id, after=after, timeout_s=timeout_s
        )

    # What operators can do

    def pause(self) -> None:
        """Send nothing until it is resumed; what happens meanwhile is kept."""
        self._connection.post("subscriptions", self.id, "pause")

    def resume(self) -> None:
        """Go on from the last acknowledgement."""
        self._connection.post("subscriptions", self.id, "resume")

    def retry_now(self) -> Steered:
        """Try what waits to be tried again now; how that ended."""
        return read(Steered, self._connection.post("subscriptions", self.id, "retry-now"))

    def heartbeat(self) -> Steered:
        """Send a StatusEvent, or the events that are due, now; how that ended."""
        return read(Steered, self._connection.post("subscriptions", self.id, "heartbeat"))

    def resend(self, watermark: str | None = None) -> Steered:
        """Send again what follows a watermark, or the last notification with events."""
        path = ("subscriptions", self.id, "resend")
        return read(Steered, self._connection.post(*path, watermark=watermark))

    def end(self) -> None:
        """As if its client had called Unsubscribe."""
        self._connection.delete("subscriptions", self.id)
