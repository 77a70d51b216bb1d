"""The fixtures against a real emulator, as users have them."""

import os
import smtplib
import threading
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials
from exchangelib.errors import ErrorServerBusy
from exchangelib.protocol import CachingProtocol

from ewspush.testing import Attachment, EmulatorError, EmulatorProcess, WaitTimedOut

NOT_LONG_S = 0.01  # for what is not going to happen
A_MOMENT_S = 0.1  # that whoever does not wait does not take


@pytest.fixture
def subscription(ews_server, ews_mailbox, ews_responder):
    """One whose first heartbeat was acknowledged."""
    return ews_mailbox.subscribe(ews_responder.url)


def test_who_has_subscribed_has_had_the_first_heartbeat(ews_mailbox, ews_responder):
    ews_responder.hang()
    threading.Timer(A_MOMENT_S, ews_responder.acknowledge).start()
    subscription = ews_mailbox.subscribe(ews_responder.url)
    assert [each.kind for each in subscription.attempts()] == ["status"]


def test_a_fault_after_subscribing_is_not_used_up_by_the_first_heartbeat(
    ews_server, ews_mailbox, ews_responder
):
    subscription = ews_mailbox.subscribe(ews_responder.url)
    fault = ews_server.faults.lose_answers(times=1)
    ews_mailbox.deliver()
    ews_server.advance("1m")
    assert [each.kind for each in subscription.attempts()] == ["status", "events", "events"]
    assert fault.show().used == 1


@pytest.mark.parametrize("inject", [lambda f: f.time_out(times=1), lambda f: f.delay("1h", 1)])
def test_a_first_heartbeat_that_waits_for_time_to_pass_is_not_waited_for(
    ews_server, ews_mailbox, ews_responder, inject
):
    ews_server.freeze()
    fault = inject(ews_server.faults)
    subscription = ews_mailbox.subscribe(ews_responder.url)
    assert fault.show().used == 1
    assert subscription.attempts() == []


def test_a_subscriber_may_go_on_at_once(ews_mailbox, ews_responder):
    ews_responder.hang()
    subscription = ews_mailbox.subscribe(ews_responder.url, wait=False)
    assert subscription.attempts() == []
    ews_responder.acknowledge()
    assert subscription.wait_for_notification().is_acknowledged


def test_nothing_is_missed_while_the_responder_is_down(
    ews_server, ews_mailbox, ews_responder, subscription
):
    ews_responder.down()
    items = [ews_mailbox.deliver(subject=f"Order {n}") for n in (1, 2, 3)]
    ews_server.advance("7m")
    assert subscription.phase == "retrying"
    ews_responder.up()
    ews_server.advance("1m")
    told = ews_responder.expect("NewMailEvent", count=3, timeout_s=NOT_LONG_S)
    assert [each.item_id for each in told] == [item.id for item in items]
    ews_responder.check()
    assert subscription.phase == "idle"


def test_a_subscription_whose_responder_stays_away_is_parked(
    ews_server, ews_mailbox, ews_responder
):
    subscription = ews_mailbox.subscribe(ews_responder.url, status_frequency_min=5)
    subscription.wait_for_notification()
    with pytest.raises(WaitTimedOut, match="idle"):
        subscription.wait_until_parked(timeout_s=NOT_LONG_S)
    with ews_server.faults.fail_to_connect():
        ews_mailbox.deliver()
        ews_server.advance("6m")
    subscription.wait_until_parked()
    assert [each.outcome for each in subscription.attempts()] == ["OK", *["connect"] * 5]


@pytest.mark.parametrize("goes_on", [True, False])
def test_who_subscribes_anew_without_the_last_watermark_has_missed_something(
    ews_server, ews_mailbox, ews_responder, goes_on
):
    subscription = ews_mailbox.subscribe(ews_responder.url, status_frequency_min=5)
    ews_responder.down()
    item = ews_mailbox.deliver()
    ews_server.advance("7m")
    subscription.wait_until_parked()
    ews_responder.up()
    last = ews_responder.last_watermark if goes_on else None
    ews_mailbox.subscribe(ews_responder.url, watermark=last)
    if goes_on:
        ews_responder.check()
        ews_responder.expect("NewMailEvent", item_id=item.id)
    else:
        with pytest.raises(AssertionError, match="3 events of the mailbox"):
            ews_responder.check()
        ews_responder.check(from_now_on=True)


def test_a_lost_answer_makes_events_come_again_and_nothing_is_missing(
    ews_server, ews_mailbox, ews_responder, subscription
):
    with ews_server.faults.lose_answers() as fault:
        item = ews_mailbox.deliver()
        ews_server.advance("1m")
        assert fault.show().used == 2
    ews_server.advance("2m")
    assert len(ews_responder.notifications) == 1 + 3
    ews_responder.check()
    ews_responder.expect("NewMailEvent", item_id=item.id, timeout_s=NOT_LONG_S)
    with pytest.raises(AssertionError, match="no NewMailEvent"):
        ews_responder.expect("NewMailEvent", timeout_s=NOT_LONG_S)


def test_small_batches_say_that_more_follows(ews_server, ews_mailbox, ews_responder, subscription):
    with ews_server.faults.small_batches(1):
        ews_mailbox.deliver()
        subscription.wait_until_idle()
    assert [each.more_events for each in ews_responder.notifications[1:]] == [True, True, False]
    ews_responder.check()


def test_heartbeats_come_in_time(ews_server, ews_responder, subscription):
    ews_server.advance(timedelta(hours=2))
    assert len(ews_responder.notifications) >= 1 + 4
    assert all(each.is_heartbeat for each in ews_responder.notifications)


def test_a_responder_that_unsubscribes_is_told_nothing_more(
    ews_server, ews_mailbox, ews_responder, subscription
):
    ews_responder.unsubscribe()
    ews_mailbox.deliver()
    subscription.wait_for_notification()
    ews_server.advance("1h")
    assert subscription.phase == "ended"
    assert len(ews_responder.notifications) == 2


def test_a_responder_that_hangs_is_given_up_in_real_time(ews_mailbox, ews_responder, subscription):
    ews_responder.hang()
    ews_mailbox.deliver()
    with pytest.raises(WaitTimedOut):
        subscription.wait_until_idle(timeout_s=NOT_LONG_S)
    ews_responder.acknowledge()
    subscription.wait_until_idle()


def test_each_notification_is_waited_for_once(ews_mailbox, subscription):
    assert subscription.wait_for_notification().kind == "status"
    ews_mailbox.deliver()
    attempt = subscription.wait_for_notification()
    assert (attempt.kind, attempt.events, attempt.is_acknowledged) == ("events", 3, True)
    assert "NewMailEvent" in attempt.request
    with pytest.raises(WaitTimedOut):
        subscription.wait_for_notification(timeout_s=NOT_LONG_S)


def test_an_operator_steers_a_subscription(ews_server, ews_mailbox, ews_responder, subscription):
    subscription.pause()
    ews_mailbox.deliver()
    assert subscription.phase == "paused"
    subscription.resume()
    subscription.wait_until_idle()
    assert subscription.heartbeat().outcome == "OK"
    assert subscription.resend().outcome == "OK"
    with ews_server.faults.fail_to_connect():
        ews_mailbox.deliver()
        subscription.wait_for_notification()
    assert subscription.retry_now().outcome == "OK"
    subscription.end()
    assert subscription.phase == "ended"
    ews_responder.check()


def test_a_disabled_mailbox_is_told_of_by_an_error(
    ews_server, ews_mailbox, ews_responder, subscription
):
    ews_mailbox.disable()
    ews_server.advance(0)
    assert ews_mailbox.show().status == "disabled"
    assert ews_responder.notifications[-1].error.startswith("ErrorAccountDisabled")
    ews_mailbox.restore()
    ews_mailbox.deliver()
    ews_responder.expect("NewMailEvent")
    ews_responder.check()


def test_mail_comes_in_in_every_form(ews_server, ews_mailbox):
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["Subject"] = "Grüße"
    message.set_content("Hello.\n")
    of_the_package = ews_mailbox.deliver(message)
    in_bytes = ews_mailbox.deliver(b"Subject: Raw\r\n\r\nHello.\r\n")
    of_fields = ews_mailbox.deliver(
        subject="Fields",
        text="Hello.",
        sender="Bob <bob@example.org>",
        to=["a@example.org", "b@example.org"],
        headers={"X-Number": "7"},
        attachments=[Attachment("a.pdf", b"%PDF", "application/pdf")],
    )
    host, _, port = ews_server.lmtp.rpartition(":")
    with smtplib.LMTP(host, int(port)) as lmtp:
        lmtp.sendmail("c@example.org", [ews_mailbox.address], "Subject: LMTP\r\n\r\nHello.\r\n")
    assert [of_the_package.subject, in_bytes.subject] == ["Grüße", "Raw"]
    assert of_fields.has_attachments
    assert [item.subject for item in ews_mailbox.items()] == ["LMTP", "Fields", "Raw", "Grüße"]
    whole = ews_mailbox.message(of_fields.id)
    assert ("X-Number", "7") in whole.headers
    assert "Bob" in whole.mime


def test_items_change(ews_mailbox):
    item = ews_mailbox.create_item(folder="inbox", subject="A", text="a", is_read=False)
    changed = ews_mailbox.update_item(item.id, subject="B", is_read=True, categories=["Blue"])
    assert (changed.subject, changed.is_read, changed.categories) == ("B", True, ["Blue"])
    copied = ews_mailbox.copy_item(changed.id, "drafts")
    moved = ews_mailbox.move_item(changed.id, "junkemail")
    assert (copied.folder, moved.folder) == ("drafts", "junkemail")
    ews_mailbox.delete_item(moved.id)
    ews_mailbox.delete_item(copied.id, "deleteditems")
    assert ews_mailbox.items("junkemail") == []
    assert [each.subject for each in ews_mailbox.items("deleteditems", limit=5)] == ["B"]


def test_folders_change(ews_mailbox):
    folder = ews_mailbox.create_folder("Orders", parent="inbox")
    renamed = ews_mailbox.rename_folder(folder.id, "Sales")
    moved = ews_mailbox.move_folder(renamed.id, "msgfolderroot")
    copied = ews_mailbox.copy_folder(moved.id, "drafts")
    ews_mailbox.create_item(folder=copied.id, subject="A")
    ews_mailbox.empty_folder(copied.id, subfolders=True)
    found = {each.id: each for each in ews_mailbox.folders()}
    assert found[moved.id].display_name == found[copied.id].display_name == "Sales"
    assert found[copied.id].total == 0
    ews_mailbox.delete_folder(copied.id)
    assert copied.id not in {each.id for each in ews_mailbox.folders()}


def test_an_event_can_be_told_of_what_did_not_happen(ews_mailbox, ews_responder, subscription):
    event = ews_mailbox.add_event("DeletedEvent", folder="inbox")
    told = ews_responder.expect("DeletedEvent")
    assert (told.item_id, told.watermark) == (event.id, event.watermark)
    assert ews_mailbox.events(after=event.sequence - 1) == [event]


def test_the_state_can_be_put_back(ews_server, ews_mailbox, ews_responder, subscription):
    snapshot = ews_server.snapshot()
    for _ in range(2):
        assert ews_mailbox.items() == []
        ews_mailbox.deliver()
        ews_responder.expect("NewMailEvent")
        ews_server.restore(snapshot)
        ews_responder.clear()
    ews_responder.check()
    ews_server.forget(snapshot)
    with pytest.raises(EmulatorError):
        ews_server.restore(snapshot)


def test_time_stands_still_and_goes_on(ews_server):
    frozen = ews_server.freeze()
    assert frozen.frozen
    assert ews_server.time.now == frozen.now
    ews_server.advance_to(frozen.now + timedelta(days=1))
    assert ews_server.time.now == frozen.now + timedelta(days=1)
    assert not ews_server.resume().frozen


def test_mailboxes_come_and_go(ews_server, ews_mailbox):
    ews_mailbox.deliver()
    ews_mailbox.reset()
    assert ews_mailbox.items() == []
    other = ews_server.create_mailbox("other@example.org", "a password")
    assert other.account.password == "a password"
    assert len(ews_server.mailboxes()) == 2
    other.delete()
    with pytest.raises(EmulatorError):
        other.show()


def test_what_is_refused_is_said(ews_server, ews_mailbox):
    with pytest.raises(EmulatorError) as refused:
        ews_mailbox.subscribe("ftp://example.org/")
    assert refused.value.field == "url"
    with pytest.raises(EmulatorError) as refused:
        ews_server.create_mailbox("nobody")
    assert refused.value.status == 400


def test_what_the_process_says_can_be_read_while_it_runs(tmp_path):
    config = tmp_path / "ewspush.toml"
    config.write_text('[log]\nlevel = "info"\n')
    with EmulatorProcess("--config", str(config)) as emulator:
        before = emulator.said
        assert before.count("server.started") == 1
        emulator.server.create_mailbox("test@example.org")
        assert emulator.said.startswith(before)
    with pytest.raises(ValueError, match="closed"):
        emulator.said  # noqa: B018


@pytest.fixture
def account(ews_mailbox):
    """The mailbox in exchangelib."""
    address, password, ews_url = ews_mailbox.account
    configuration = Configuration(
        credentials=Credentials(address, password), service_endpoint=ews_url, auth_type=BASIC
    )
    CachingProtocol.clear_cache()
    yield Account(address, config=configuration, autodiscover=False, access_type=DELEGATE)
    CachingProtocol.clear_cache()


def test_any_client_library_can_be_used(ews_server, ews_mailbox, ews_responder, account):
    id, *_ = account.inbox.subscribe_to_push(ews_responder.url, status_frequency=5)
    ews_mailbox.deliver(subject="Order 1")
    ews_responder.expect("NewMailEvent")
    assert [item.subject for item in account.inbox.all()] == ["Order 1"]
    assert ews_responder.notifications[0].subscription_id == id
    with ews_server.faults.be_unavailable(1), pytest.raises(ErrorServerBusy, match="503"):
        account.inbox.all().count()
    assert account.inbox.all().count() == 1


def test_it_ends_although_somebody_has_its_standard_input_open():
    process = EmulatorProcess()
    data = Path(process.server.status().data)
    left_open = os.dup(process._process.stdin.fileno())  # as a fork of the test has it
    process.stop()
    os.close(left_open)
    assert process._process.returncode == 0
    assert not data.exists()
