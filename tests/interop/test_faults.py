"""exchangelib meets faults of the emulator, and makes of them what it makes of Exchange's."""

from contextlib import closing

import pytest
from exchangelib import Message
from exchangelib.errors import ErrorMailboxMoveInProgress, ErrorServerBusy
from exchangelib.protocol import FaultTolerance

from support.faulty_server import FaultyServer

BACK_OFF_MS = 100
CODE = {"response_code": "ErrorMailboxMoveInProgress"}
FAULTS = {
    "busy": {"back_off_ms": BACK_OFF_MS},
    "response-code": CODE,
    "soap-fault": CODE,
}


@pytest.fixture(scope="module")
def server():
    faults = [
        {"kind": kind, "mailbox": f"{kind}.{test}@example.com", "operation": "CreateItem", **more}
        for kind, more in FAULTS.items()
        for test in ("hurried", "patient")
    ]
    with closing(FaultyServer(faults)) as server:
        yield server.start()
        assert server.log.troubles == []


class Patient(FaultTolerance):
    """What exchangelib has for servers with such moods; keeps what it was told."""

    def __init__(self, **options):
        super().__init__(**options)
        self.told_s = []

    def back_off(self, seconds):
        self.told_s.append(seconds)
        super().back_off(seconds)


def draft(account):
    return Message(account=account, folder=account.drafts, subject="Draft")


def test_told_to_wait_it_says_how_long(open_account, server):
    account = open_account(server.add_mailbox("busy.hurried@example.com"), at=server)
    with pytest.raises(ErrorServerBusy) as raised:
        draft(account).save()
    assert raised.value.back_off == BACK_OFF_MS / 1000
    account.drafts.refresh()
    assert account.drafts.total_count == 0


@pytest.mark.parametrize("kind", ["response-code", "soap-fault"])
def test_a_code_is_the_exception_of_its_name(open_account, server, kind):
    account = open_account(server.add_mailbox(f"{kind}.hurried@example.com"), at=server)
    with pytest.raises(ErrorMailboxMoveInProgress):
        draft(account).save()
    draft(account).save()
    account.drafts.refresh()
    assert account.drafts.total_count == 1


def test_told_to_wait_a_patient_one_waits_so_long_and_asks_again(open_account, server):
    account = open_account(server.add_mailbox("busy.patient@example.com"), at=server)
    policy = Patient(max_wait=60)
    account.protocol.config.retry_policy = policy
    draft(account).save()
    assert policy.told_s == [BACK_OFF_MS / 1000]
    account.drafts.refresh()
    assert account.drafts.total_count == 1
