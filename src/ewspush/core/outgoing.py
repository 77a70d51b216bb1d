"""Mail to recipients elsewhere: what an attempt to send it leads to.

After a failure the waits are 1, 2, 4 minutes and so on, an hour at most. The last is cut so that
the last attempt begins exactly at the end of the time that a message is tried for. An attempt that
reached somebody begins the waits anew: a relay that takes some now takes the others soon.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

FIRST_WAIT_S = 60
LONGEST_WAIT_S = 3600
_DELIVERY_TIME_EXPIRED = "4.4.7"  # RFC 3463, 3.5
_DOUBLINGS = LONGEST_WAIT_S // FIRST_WAIT_S  # more than there are: only the exponent is bounded
_STATUS = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


class Outcome(Enum):
    """What became of a message for one recipient. The values are for logs."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # to be tried again
    REFUSED = "refused"  # for good


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt for one recipient.

    `detail` is one printable line: the text of the relay's reply, whose code is `code`, or what was
    there instead of a reply.
    """

    outcome: Outcome
    status: str  # RFC 3463, as in 5.1.1
    detail: str
    code: int | None = None

    def __str__(self) -> str:
        return self.detail if self.code is None else f"{self.code} {self.detail}".rstrip()


@dataclass(frozen=True, slots=True)
class Decision:
    """What an attempt leads to: who is left, if anybody, and who is given up and why."""

    left: tuple[str, ...]
    failures: int
    due_at_s: int
    last_failure: str | None
    given_up: Mapping[str, Result]


def result_of_reply(code: int, text: str) -> Result:
    """What a reply to a recipient's part of a transaction means (RFC 5321, 4.2.1).

    The status is the one in the text (RFC 2034) if it is of the code's class.
    """
    outcome = {2: Outcome.ACCEPTED, 5: Outcome.REFUSED}.get(code // 100, Outcome.DEFERRED)
    own = _STATUS.match(text)
    class_ = {Outcome.ACCEPTED: "2", Outcome.DEFERRED: "4", Outcome.REFUSED: "5"}[outcome]
    status = own[1] if own and own[1].startswith(class_) else f"{class_}.0.0"
    return Result(outcome, status, text, code)


def deferred(result: Result) -> Result:
    """The same, but not for good: what the relay said is about us, not about the message."""
    return replace(result, outcome=Outcome.DEFERRED, status=f"4{result.status[1:]}")


def decide(
    results: Mapping[str, Result],
    *,
    failures: int,
    began_s: int,
    now_s: int,
    gives_up_at_s: int,
) -> Decision:
    """What follows from an attempt that began at `began_s` and has ended now.

    `failures` are those before it. Only an attempt that began at `gives_up_at_s` or later is the
    last: a server that was down so long tries once more.
    """
    waiting = [each for each in results if results[each].outcome is Outcome.DEFERRED]
    given_up = {
        each: result for each, result in results.items() if result.outcome is Outcome.REFUSED
    }
    if began_s >= gives_up_at_s:
        given_up |= {
            each: replace(results[each], status=_DELIVERY_TIME_EXPIRED) for each in waiting
        }
        waiting = []
    reached = any(result.outcome is Outcome.ACCEPTED for result in results.values())
    failures = 1 if reached else failures + 1
    return Decision(
        tuple(waiting),
        failures,
        _next_attempt_s(failures, now_s, gives_up_at_s),
        _first_failure(waiting, results),
        given_up,
    )


def _next_attempt_s(failures: int, now_s: int, gives_up_at_s: int) -> int:
    due_s = now_s + wait_s(failures)
    return max(now_s, min(due_s, gives_up_at_s))


def wait_s(failures: int) -> int:
    """How long to wait after that many failures, in seconds."""
    return min(FIRST_WAIT_S << min(failures - 1, _DOUBLINGS), LONGEST_WAIT_S)


def _first_failure(waiting: Sequence[str], results: Mapping[str, Result]) -> str | None:
    return str(results[waiting[0]]) if waiting else None
