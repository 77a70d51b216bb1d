"""A client of the emulator for tests: time, mailboxes, subscriptions, faults, snapshots."""

from datetime import UTC, datetime
from functools import cached_property

from ewspush.testing.connection import PATIENCE_S, Connection
from ewspush.testing.durations import Duration, seconds
from ewspush.testing.faults import Faults
from ewspush.testing.mailbox import EwsMailbox
from ewspush.testing.records import Advanced, Status, Subscription, Time, read
from ewspush.testing.subscription import EwsSubscription

__tracebackhide__ = True  # pytest shows the line of the test, and not those here


class EwsServer:
    """A server that `ewspush emulate` runs, from outside. Any thread may use it.

    All methods raise EmulatorError with the words of the emulator for what it refuses, and if it
    does not answer.
    """

    def __init__(self, url: str, timeout_s: float = PATIENCE_S) -> None:
        """`url` is where it listens for HTTP. Raises ValueError if that is no such URL.

        An answer may take `timeout_s` real seconds: an advance of time lasts as long as responders
        take to answer.
        """
        self._connection = Connection(url, timeout_s)
        self.url = self._connection.url
        self.faults = Faults(self._connection)

    def __repr__(self) -> str:
        return f"EwsServer({self.url!r})"

    def status(self) -> Status:
        """What it is, where it listens, and its time."""
        return read(Status, self._connection.get())

    @cached_property
    def ews_url(self) -> str:
        """What EWS clients connect to."""
        return self.status().ews_url

    @cached_property
    def lmtp(self) -> str:
        """Where it listens for mail, as host:port."""
        return self.status().lmtp

    def reset(self) -> None:
        """As after the start: time runs, and everything that was created is gone."""
        self._connection.post("reset")
        self.faults.forget()

    # Time

    @property
    def time(self) -> Time:
        """The time of the server, which is ahead of real time once it was advanced."""
        return read(Time, self._connection.get("time"))

    def advance(self, by: Duration) -> Advanced:
        """Let time pass: "7m", "1h30m", "30d", "PT7M", a timedelta, or seconds; ten years at most.

        All that is due meanwhile happens in order: heartbeats, retries, giving up, retention. It
        returns when all is done and every responder has answered. Raises ValueError or TypeError
        for what is no duration.
        """
        return read(Advanced, self._connection.post("time", "advance", by=seconds(by)))

    def advance_to(self, when: datetime) -> Advanced:
        """Let time pass until then. Raises ValueError for a datetime without a time zone."""
        if when.tzinfo is None:
            raise ValueError("say in which time zone that is, as in datetime(..., tzinfo=UTC)")
        text = when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return read(Advanced, self._connection.post("time", "advance", to=text))

    def freeze(self) -> Time:
        """Time stands still, until it is advanced or resumed."""
        return read(Time, self._connection.post("time", "freeze"))

    def resume(self) -> Time:
        """Time runs again, from where it stands."""
        return read(Time, self._connection.post("time", "resume"))

    # Mailboxes

    def create_mailbox(self, address: str, password: str | None = None) -> EwsMailbox:
        """A new mailbox; without a password it is given one."""
        record = self._connection.post("mailboxes", address=address, password=password)
        made, told = record["address"], record["password"]
        return EwsMailbox(self._connection, made, record["ews_url"], told)

    def mailboxes(self) -> list[EwsMailbox]:
        """All mailboxes, without their passwords."""
        found = self._connection.listed("mailboxes", "mailboxes", place="address")
        return [EwsMailbox(self._connection, one["address"], one["ews_url"]) for one in found]

    # Subscriptions

    def subscriptions(
        self, *, mailbox: EwsMailbox | str | None = None, phase: str | None = None
    ) -> list[Subscription]:
        """The push subscriptions, or those of one mailbox or in one phase."""
        name = "subscriptions"
        of = mailbox.address if isinstance(mailbox, EwsMailbox) else mailbox
        found = self._connection.listed(name, name, place="id", mailbox=of, phase=phase)
        return [read(Subscription, record) for record in found]

    def subscription(self, id: str) -> EwsSubscription:
        """The push subscription with this SubscriptionId, as a client got it."""
        return EwsSubscription(self._connection, id)

    def wait_until_idle(self, *, timeout_s: float = 5.0) -> None:
        """Until everything is acknowledged everywhere. Real seconds; raises WaitTimedOut."""
        self._connection.post("wait", **{"for": "nothing-pending"}, timeout_s=timeout_s)

    # Snapshots

    def snapshot(self) -> str:
        """The id of a snapshot of the whole state as it is now. It outlives a reset."""
        id: str = self._connection.post("snapshots")["id"]
        return id

    def restore(self, snapshot: str) -> None:
        """Make everything as it was. Responders do not know: `EwsResponder.clear` helps them."""
        self._connection.post("snapshots", snapshot, "restore")

    def forget(self, snapshot: str) -> None:
        """Throw a snapshot away."""
        self._connection.delete("snapshots", snapshot)
