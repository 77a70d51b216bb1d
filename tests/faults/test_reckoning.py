"""The reckoning notices what it is there for: a soak that finds nothing wrong must be able to."""

import pytest

from faults.reckoning import Account, Counts, Notified

KILL = "kill"


def ok(previous, *events, through=None):
    return Notified(previous, through or events[-1], events, True)


def refused(previous, *events):
    return Notified(previous, events[-1], events, False)


def status(previous, through):
    return Notified(previous, through, (), True)


def reckoned(*happened, wanted):
    """The counts that are not 0, without those of what came."""
    account = Account(10)
    for one in happened:
        if one is KILL:
            account.server_killed()
        else:
            account.takes(one)
    counts = account.settle(wanted)
    assert bool(account.take_problems()) == bool(counts.wrong)
    names = ("lost", "unwanted", "disordered", "broken", "repeated")
    return {name: getattr(counts, name) for name in names if getattr(counts, name)}


@pytest.mark.parametrize(
    "happened",
    [
        [ok(10, 11, 12), ok(12, 13)],
        [refused(10, 11), refused(10, 11, 12), ok(10, 11, 12, 13)],
        [status(10, 10), ok(10, 11), ok(11, 12, 13)],
        [ok(10, 11, 12, 13), status(13, 15)],
        [ok(10, 11), KILL, ok(11, 12, 13)],
        [refused(10, 11), KILL, ok(10, 11, 12, 13)],
    ],
)
def test_what_the_promise_allows_is_not_counted(happened):
    assert reckoned(*happened, wanted=[11, 12, 13]) == {}


@pytest.mark.parametrize(
    ("happened", "count"),
    [
        ([ok(10, 11, 12), KILL, ok(10, 11, 12, 13)], 1),
        ([ok(10, 11), ok(11, 12), KILL, ok(10, 11), ok(11, 12, 13)], 2),
        ([ok(10, 11), ok(11, 12), KILL, refused(10, 11), ok(10, 11, 12, 13)], 2),
        ([ok(10, 11), KILL, ok(10, 11, 12), KILL, ok(10, 11, 12, 13)], 2),
        ([status(10, 11), KILL, ok(10, 12, 13)], 1),
    ],
)
def test_notifications_that_come_again_after_a_kill_are_counted(happened, count):
    wanted = [12, 13] if not happened[0].events else [11, 12, 13]
    assert reckoned(*happened, wanted=wanted) == {"repeated": count}


@pytest.mark.parametrize(
    ("happened", "wrong"),
    [
        pytest.param([ok(10, 11), ok(11, 13)], {"lost": 1}, id="an event never came"),
        pytest.param([ok(10, 11, 12), refused(12, 13)], {"lost": 1}, id="no acknowledgement"),
        pytest.param([ok(10, 11), status(11, 13)], {"lost": 2}, id="passed over"),
        pytest.param([ok(10, 11, 12, 13, 14)], {"unwanted": 1}, id="not in the log"),
        pytest.param([ok(10, 11, 13, 12, through=13)], {"disordered": 1}, id="swapped"),
        pytest.param(
            [ok(10, 11), ok(11, 13), ok(13, 12, through=13)],
            {"lost": 1, "disordered": 1},
            id="a swapped pair of notifications",
        ),
        pytest.param(
            [ok(10, 11, 13), KILL, ok(10, 11, 12, 13)],
            {"lost": 1, "disordered": 1, "repeated": 1},
            id="an event that was left out comes when it is repeated",
        ),
        pytest.param([ok(10, 11, 12), ok(11, 12, 13)], {"broken": 1}, id="none of ours"),
        pytest.param([ok(10, 11), ok(11, 12), ok(11, 12, 13)], {"broken": 1}, id="again, no kill"),
        pytest.param(
            [ok(10, 11), KILL, ok(11, 12), ok(10, 11, 12, 13)],
            {"broken": 1},
            id="back although it had gone on after the kill",
        ),
        pytest.param([ok(10, 11), ok(12, 13)], {"lost": 1, "broken": 1}, id="skipped"),
        pytest.param(
            [refused(10, 11), ok(10, 12, 13)], {"lost": 1, "disordered": 1}, id="not composed alike"
        ),
        pytest.param(
            [ok(10, 11), KILL, status(10, 11), ok(11, 12, 13)],
            {"disordered": 1, "repeated": 1},
            id="a status instead of what came before",
        ),
    ],
)
def test_what_the_promise_forbids_is_counted(happened, wrong):
    assert reckoned(*happened, wanted=[11, 12, 13]) == wrong


def test_each_settling_counts_what_came_since_the_one_before():
    account = Account(10)
    account.takes(ok(10, 11))
    assert account.settle([11]) == Counts(events=1, acknowledged=1)
    account.takes(refused(11, 12))
    account.takes(ok(11, 12, 13))
    assert account.settle([12, 13]) == Counts(events=2, acknowledged=1, refused=1)
    assert account.settle([]) == Counts()


def test_repetitions_are_known_by_kill():
    account = Account(10)
    for one in (ok(10, 11), ok(11, 12), KILL, ok(10, 11, 12), KILL, ok(10, 11, 12)):
        account.server_killed() if one is KILL else account.takes(one)
    assert account.repeated == {1: 2, 2: 1}


def test_of_what_a_kill_made_forgotten_the_oldest_acknowledgement_is_known():
    account = Account(10)
    for at_s, through in enumerate((11, 12, 13), 1):
        account.takes(Notified(through - 1, through, (through,), True, at_s))
    account.server_killed(3.5)
    account.takes(Notified(11, 13, (12, 13), True, 5))
    assert account.forgotten_s == 1.5
    account.settle([11, 12, 13])
    assert account.forgotten_s == 0
