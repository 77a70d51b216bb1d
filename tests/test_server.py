"""What the server does by itself."""

from structlog.testing import capture_logs
from twisted.internet.defer import ensureDeferred, maybeDeferred
from twisted.internet.task import Clock

from ewspush.server import Server
from ewspush.settings import Settings


def test_a_failure_of_retention_ends_its_round_and_no_other():
    server = Server(Clock(), Settings())
    steps = iter([OSError("database is locked"), False])

    def step():
        outcome = next(steps)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with capture_logs() as logged:
        for _ in range(2):
            round_ = ensureDeferred(server._in_steps(maybeDeferred, step))
            failures = []
            round_.addErrback(failures.append)
            assert not failures
    assert [each["event"] for each in logged] == ["retention.failed"]
    assert next(steps, None) is None
