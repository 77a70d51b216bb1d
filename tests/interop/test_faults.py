"""exchangelib meets faults of the emulator, and makes of them what it makes of Exchange's."""

import pytest
from exchangelib import Message
from exchangelib.errors import ErrorMailboxMoveInProgress, ErrorServerBusy
from exchangelib.protocol import FaultTolerance

from support.emulated import EmulatedServer, owned

BACK_OFF_MS = 100
CODE = "ErrorMailboxMoveInProgress"


@pytest.fixture
def server(ews_server):
    return EmulatedServer(ews_server)


@pytest.fixture
def mailbox(ews_mailbox):
    return owned(ews_mailbox)


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


def test_told_to_wait_it_says_how_long(ews_server, account):
    ews_server.faults.be_busy(1, back_off_ms=BACK_OFF_MS, operation="CreateItem")
    with pytest.raises(ErrorServerBusy) as raised:
        draft(account).save()
    assert raised.value.back_off == BACK_OFF_MS / 1000
    account.drafts.refresh()
    assert account.drafts.total_count == 0


@pytest.mark.parametrize("kind", ["answer_requests_with", "answer_requests_with_fault"])
def test_a_code_is_the_exception_of_its_name(ews_server, account, kind):
    getattr(ews_server.faults, kind)(CODE, 1, operation="CreateItem")
    with pytest.raises(ErrorMailboxMoveInProgress):
        draft(account).save()
    draft(account).save()
    account.drafts.refresh()
    assert account.drafts.total_count == 1


def test_told_to_wait_a_patient_one_waits_so_long_and_asks_again(ews_server, account):
    ews_server.faults.be_busy(1, back_off_ms=BACK_OFF_MS, operation="CreateItem")
    policy = Patient(max_wait=60)
    account.protocol.config.retry_policy = policy
    draft(account).save()
    assert policy.told_s == [BACK_OFF_MS / 1000]
    account.drafts.refresh()
    assert account.drafts.total_count == 1
