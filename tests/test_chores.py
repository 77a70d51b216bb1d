"""What a server does now and then."""

from structlog.testing import capture_logs
from twisted.internet.defer import ensureDeferred, maybeDeferred
from twisted.internet.task import Clock

from ewspush.chores import Chores
from ewspush.settings import Settings


def test_a_failure_of_retention_ends_its_round_and_no_other():
    chores = Chores(Clock(), maybeDeferred, None, Settings(), print)
    steps = iter([OSError("database is locked"), False])

    def step():
        outcome = next(steps)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with capture_logs() as logged:
        for _ in range(2):
            round_ = ensureDeferred(chores._in_steps(step))
            failures = []
            round_.addErrback(failures.append)
            assert not failures
    assert [each["event"] for each in logged] == ["retention.failed"]
    assert next(steps, None) is None
