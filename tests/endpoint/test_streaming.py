"""What clients of GetStreamingEvents get, when, and again after which mishap."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ewspush.endpoint.stream import HEARTBEAT_S
from ewspush.operations.subscriptions import STREAMING_TIMEOUT_S
from ewspush.store import mailboxes
from support.streaming_world import CREATED, EPOCH_S, NEW_MAIL, Client, StreamingWorld

MINUTE = 60


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StreamingWorld]:
    made = StreamingWorld(tmp_path)
    yield made
    made.close()


def statuses(client: Client) -> list[str | None]:
    return [message.status for message in client.messages]


# The connection


def test_the_first_message_comes_at_once_and_says_ok(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe())
    (first,) = client.messages
    assert (first.code, first.status) == ("NoError", "OK")
    head = client.head.lower()
    assert head.startswith("http/1.1 200 ")
    assert "content-type: text/xml; charset=utf-8" in head
    assert "transfer-encoding: chunked" in head
    assert "content-length" not in head


@pytest.mark.parametrize("minutes", [1, 30])
def test_it_is_closed_after_the_connection_timeout(world: StreamingWorld, minutes: int) -> None:
    client = world.connect(world.subscribe(), minutes=minutes)
    world.advance(minutes * MINUTE - 1)
    assert "Closed" not in statuses(client)
    assert not client.is_finished
    world.advance(1)
    assert statuses(client)[-1] == "Closed"
    assert client.is_finished


def test_silence_never_lasts_longer_than_clients_wait(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), minutes=5)
    assert HEARTBEAT_S <= 45
    for n in range(1, 10):
        world.advance(HEARTBEAT_S)
        assert statuses(client) == ["OK"] * (n + 1)


def test_a_sign_of_life_is_sent_when_there_were_no_events_for_a_while(
    world: StreamingWorld,
) -> None:
    client = world.connect(world.subscribe(), minutes=5)
    world.advance(HEARTBEAT_S - 1)
    world.record(NEW_MAIL)
    world.advance(HEARTBEAT_S - 1)
    assert statuses(client) == ["OK", None]
    world.advance(1)
    assert statuses(client) == ["OK", None, "OK"]


def test_a_connection_may_be_used_again(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe())
    world.advance(MINUTE)
    assert client.is_finished
    client.ask()
    world.advance(MINUTE)
    answers = client.transport.value().split(b"HTTP/1.1 200 ")
    assert len(answers) == 3
    assert answers[1].count(b"<Envelope") == answers[2].count(b"<Envelope") == 3


def test_a_client_that_has_gone_meanwhile_is_not_answered(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), is_lost=True)
    assert client.transport.value() == b""
    assert world.reads == 0


def test_an_old_client_gets_the_same_until_the_connection_ends(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), version="1.0")
    world.advance(MINUTE)
    assert b"chunked" not in client.transport.value().lower()
    assert client.transport.value().count(b"<Envelope") == 3
    assert client.transport.disconnecting


# Events


def test_events_are_told_when_they_are_committed(world: StreamingWorld) -> None:
    id = world.subscribe()
    client = world.connect(id)
    client.new()
    (item,) = world.record(NEW_MAIL)
    (message,) = client.new()
    assert (message.code, message.status, message.told) == ("NoError", None, {id: [item]})


def test_what_happened_before_the_connection_is_told_first(world: StreamingWorld) -> None:
    id = world.subscribe()
    items = world.record(NEW_MAIL, CREATED, NEW_MAIL)
    client = world.connect(id)
    ok, message = client.new()
    assert ok.status == "OK"
    assert message.told == {id: [items[0], items[2]]}


def test_each_subscription_is_told_what_it_wants(world: StreamingWorld) -> None:
    mails, created = world.subscribe(NEW_MAIL), world.subscribe(CREATED)
    elsewhere = world.subscribe(NEW_MAIL, CREATED, folder="drafts")
    client = world.connect(mails, created, elsewhere)
    client.new()
    one, two, three = world.record(NEW_MAIL, CREATED, NEW_MAIL)
    (message,) = client.new()
    assert message.told == {mails: [one, three], created: [two]}


def test_nothing_is_said_of_events_that_nobody_wants(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(NEW_MAIL))
    client.new()
    world.record(*[CREATED] * 20_000)
    assert client.new() == []
    assert client.told() == []
    (item,) = world.record(NEW_MAIL)
    assert client.told() == [item]


def test_an_event_behind_many_unwanted_ones_is_found(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(NEW_MAIL))
    client.new()
    items = world.record(*[CREATED] * 20_000, NEW_MAIL)
    assert client.told() == items[-1:]


def test_many_events_come_fifty_in_a_message(world: StreamingWorld) -> None:
    id = world.subscribe()
    client = world.connect(id)
    client.new()
    items = world.record(*[NEW_MAIL] * 120)
    messages = client.new()
    assert [len(message.told[id]) for message in messages] == [50, 50, 20]
    assert [each for message in messages for each in message.told[id]] == items


def test_more_subscriptions_than_are_read_together_all_have_their_turn(
    world: StreamingWorld,
) -> None:
    subscribed = [world.subscribe() for _ in range(45)]
    client = world.connect(*subscribed)
    client.new()
    (item,) = world.record(NEW_MAIL)
    messages = client.new()
    assert [len(message.told) for message in messages] == [20, 20, 5]
    told = {id: items for message in messages for id, items in message.told.items()}
    assert told == {id: [item] for id in subscribed}


def test_in_a_busy_mailbox_all_subscriptions_have_their_turn(world: StreamingWorld) -> None:
    subscribed = [world.subscribe() for _ in range(45)]
    client = world.connect(*subscribed)
    client.new()
    world.wakes, before = 10, world.reads
    world.record(NEW_MAIL)
    first_three = [positions for _, positions in world.asked[before : before + 3]]
    assert len(set().union(*first_three)) == 45


def test_a_mailbox_without_a_stream_costs_nothing(world: StreamingWorld) -> None:
    world.subscribe()
    world.record(NEW_MAIL)
    assert world.reads == 0


# A client that reads slowly


def test_nothing_is_read_for_a_client_that_does_not_read(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), minutes=30)
    client.new()
    client.stop_reading()
    reads = world.reads
    items = [item for _ in range(100) for item in world.record(NEW_MAIL)]
    world.advance(10 * MINUTE)
    assert world.reads == reads
    assert client.new() == []
    client.read_again()
    world.settle()
    assert client.told() == items


def test_a_client_that_does_not_read_is_told_the_end_all_the_same(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe())
    client.stop_reading()
    world.advance(MINUTE)
    assert statuses(client) == ["OK", "Closed"]
    assert client.is_finished


# Connecting again


def test_the_next_connection_goes_on_after_what_has_arrived(world: StreamingWorld) -> None:
    id = world.subscribe()
    client = world.connect(id)
    world.record(NEW_MAIL)
    world.advance(MINUTE)
    assert client.is_finished
    (item,) = world.record(NEW_MAIL)
    assert world.connect(id).told() == [item]


def test_what_had_arrived_when_a_connection_was_lost_is_not_repeated(
    world: StreamingWorld,
) -> None:
    id = world.subscribe()
    client = world.connect(id)
    world.record(NEW_MAIL)
    client.disappear()
    (item,) = world.record(NEW_MAIL)
    assert world.connect(id).told() == [item]


def test_what_had_not_arrived_when_a_connection_was_lost_is_repeated(
    world: StreamingWorld,
) -> None:
    id = world.subscribe()
    client = world.connect(id)
    world.record(NEW_MAIL)
    world.advance(5)
    assert client.network is not None
    client.network.is_up = False
    lost = world.record(NEW_MAIL) + world.record(NEW_MAIL)
    world.advance(5)
    client.disappear()
    new = world.record(NEW_MAIL)
    assert world.connect(id).told() == lost + new


def test_what_arrives_late_counts_as_arrived(world: StreamingWorld) -> None:
    id = world.subscribe()
    client = world.connect(id, minutes=5)
    assert client.network is not None
    client.network.is_up = False
    world.record(NEW_MAIL)
    world.advance(10)
    client.network.is_up = True
    world.advance(2)
    world.start()
    assert world.connect(id).told() == []


def test_nothing_is_asked_for_when_everything_has_arrived(world: StreamingWorld) -> None:
    world.connect(world.subscribe(), minutes=5)
    world.record(NEW_MAIL)
    world.advance(2)
    assert len(world.clock.getDelayedCalls()) == 2  # its end, and a sign of life


def test_a_lost_connection_leaves_nothing_behind(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), minutes=30)
    world.record(NEW_MAIL)
    client.disappear()
    world.settle()
    assert client.network is not None
    assert client.network.is_closed
    world.advance(2)
    assert world.clock.getDelayedCalls() == []
    reads = world.reads
    world.record(NEW_MAIL)
    assert world.reads == reads


@pytest.mark.parametrize("mishap", ["stopped", "killed"])
def test_a_new_server_goes_on_after_what_has_arrived(world: StreamingWorld, mishap: str) -> None:
    id = world.subscribe()
    client = world.connect(id, minutes=5)
    world.record(NEW_MAIL)
    world.advance(2)
    if mishap == "stopped":
        world.streams.stop()
        world.settle()
        assert statuses(client)[-1] == "Closed"
        assert client.is_finished
    world.start()
    (item,) = world.record(NEW_MAIL)
    assert world.connect(id).told() == [item]


def test_a_kill_repeats_what_arrived_in_the_last_second(world: StreamingWorld) -> None:
    id = world.subscribe()
    world.connect(id)
    items = world.record(NEW_MAIL)
    world.start()
    assert world.connect(id).told() == items


# Another connection for the same subscription


def test_a_second_connection_takes_over(world: StreamingWorld) -> None:
    id = world.subscribe()
    first = world.connect(id)
    first.new()
    second = world.connect(id)
    error, closed = first.new()
    assert error.code == "ErrorNewEventStreamConnectionOpened"
    assert (error.refused, error.status, closed.status) == ([id], "Closed", "Closed")
    assert first.is_finished
    (item,) = world.record(NEW_MAIL)
    assert second.told() == [item]
    assert first.new() == []
    assert world.connect(id).told() == []


def test_it_takes_over_what_had_not_arrived(world: StreamingWorld) -> None:
    id = world.subscribe()
    first = world.connect(id, minutes=30)
    assert first.network is not None
    first.network.is_up = False
    items = world.record(NEW_MAIL, NEW_MAIL)
    world.advance(10 * MINUTE)
    assert world.connect(id).told() == items


def test_it_takes_over_no_more_than_its_own(world: StreamingWorld) -> None:
    taken, kept = world.subscribe(), world.subscribe()
    first = world.connect(taken, kept)
    first.new()
    second = world.connect(taken)
    (error,) = first.new()
    assert (error.code, error.refused, error.status) == (
        "ErrorNewEventStreamConnectionOpened",
        [taken],
        None,
    )
    (item,) = world.record(NEW_MAIL)
    assert [message.told for message in first.new()] == [{kept: [item]}]
    assert [message.told for message in second.new()[1:]] == [{taken: [item]}]


def test_events_that_are_being_read_then_are_told_once(world: StreamingWorld) -> None:
    id = world.subscribe()
    first = world.connect(id)
    items = world.record(NEW_MAIL, and_settle=False)
    second = world.connect(id)
    assert (first.told(), second.told()) == ([], items)


def test_what_is_kept_is_told_all_the_same(world: StreamingWorld) -> None:
    taken, kept = world.subscribe(), world.subscribe()
    first = world.connect(taken, kept)
    items = world.record(NEW_MAIL, and_settle=False)
    second = world.connect(taken)
    assert (first.told(), second.told()) == (items, items)


def test_what_is_taken_before_its_turn_is_not_looked_at(world: StreamingWorld) -> None:
    subscribed = [world.subscribe() for _ in range(45)]
    first = world.connect(*subscribed)
    items = world.record(NEW_MAIL, and_settle=False)
    second = world.connect(*subscribed[30:])
    assert (first.told(), second.told()) == (items * 30, items * 15)


# What is refused


def test_an_invalid_id_ends_the_connection_at_once(world: StreamingWorld) -> None:
    good, bad = world.subscribe(), world.subscribe()
    world.unsubscribe(bad)
    client = world.connect(good, bad)
    error, closed = client.messages
    assert (error.code, error.refused, error.status) == (
        "ErrorInvalidSubscription",
        [bad],
        "Closed",
    )
    assert closed.status == "Closed"
    assert client.is_finished
    world.record(NEW_MAIL)
    assert len(client.messages) == 2


def test_a_mailbox_has_so_many_connections_at_most(tmp_path: Path) -> None:
    world = StreamingWorld(tmp_path, most=2)
    ids = [world.subscribe() for _ in range(3)]
    open_ = [world.connect(id) for id in ids[:2]]
    refused = world.connect(ids[2])
    error, closed = refused.messages
    assert (error.code, error.refused) == ("ErrorExceededConnectionCount", [])
    assert (error.status, closed.status) == ("Closed", "Closed")
    assert refused.is_finished
    assert [statuses(client) for client in open_] == [["OK"], ["OK"]]
    assert statuses(world.connect(ids[0])) == ["OK"]  # in the place of the one it takes over
    open_[1].disappear()
    assert statuses(world.connect(ids[2])) == ["OK"]
    world.close()


def test_a_subscription_that_is_ended_is_told_off(world: StreamingWorld) -> None:
    ended, kept = world.subscribe(), world.subscribe()
    client = world.connect(ended, kept)
    client.new()
    world.unsubscribe(ended)
    world.settle()
    (error,) = client.new()
    assert (error.code, error.refused, error.status) == ("ErrorInvalidSubscription", [ended], None)
    world.unsubscribe(kept)
    world.settle()
    error, closed = client.new()
    assert (error.refused, error.status, closed.status) == ([kept], "Closed", "Closed")
    assert client.is_finished


def test_events_that_cannot_be_read_end_the_subscriptions_that_need_them(
    world: StreamingWorld,
) -> None:
    sick, well = world.subscribe(NEW_MAIL), world.subscribe(NEW_MAIL)
    world.record(NEW_MAIL)
    world.connect(well).disappear()
    with world.database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE events SET type = 99")
    client = world.connect(sick, well)
    assert [message.code for message in client.messages] == ["NoError", "ErrorReadEventsFailed"]
    assert client.messages[1].refused == [sick]


# Mailboxes that are disabled


@pytest.mark.parametrize("is_read", [True, False])
def test_every_connection_of_a_mailbox_that_is_disabled_ends_at_once(
    world: StreamingWorld, is_read: bool
) -> None:
    ids = [world.subscribe() for _ in range(30)]
    clients = [world.connect(*ids[:25], minutes=30), world.connect(*ids[25:], minutes=30)]
    for client in clients:
        client.new()
        if not is_read:
            client.stop_reading()
    world.disable()
    world.settle()
    for client, its in zip(clients, (ids[:25], ids[25:]), strict=True):
        error, closed = client.new()
        assert (error.code, error.status) == ("ErrorAccountDisabled", "Closed")
        assert sorted(error.refused) == sorted(its)
        assert closed.status == "Closed"
        assert client.is_finished


def test_a_connection_that_is_opened_as_the_mailbox_is_disabled_ends_too(
    world: StreamingWorld,
) -> None:
    id = world.subscribe()
    world.disable()
    client = world.connect(id)
    assert [message.code for message in client.messages] == [
        "NoError",
        "ErrorAccountDisabled",
        "NoError",
    ]
    assert client.is_finished


def test_the_end_of_a_disabled_mailbox_is_told_when_the_database_can_be_read_again(
    world: StreamingWorld,
) -> None:
    client = world.connect(world.subscribe(), minutes=30)
    client.stop_reading()
    world.is_database_broken = True
    world.disable()
    world.advance(10)
    assert not client.is_finished
    world.is_database_broken = False
    world.advance(1)
    assert client.is_finished


def test_a_disabled_mailbox_that_changes_its_status_while_it_is_read_is_noticed(
    world: StreamingWorld,
) -> None:
    client = world.connect(world.subscribe(), minutes=30)
    world.record(NEW_MAIL, and_settle=False)
    world.disable()
    world.settle()
    assert client.messages[-2].code == "ErrorAccountDisabled"
    assert client.is_finished


def test_a_mailbox_that_is_in_use_again_in_time_disturbs_no_connection(
    world: StreamingWorld,
) -> None:
    client = world.connect(world.subscribe(), minutes=30)
    client.new()
    with world.database.write() as tx:
        mailboxes.set_disabled(tx, world.mailbox.id, None)
    world.settle()
    assert client.new() == []
    (item,) = world.record(NEW_MAIL)
    assert client.told() == [item]


@pytest.mark.parametrize("days", [0, 29])
def test_after_the_restore_the_next_connection_goes_on(world: StreamingWorld, days: int) -> None:
    id = world.subscribe()
    client = world.connect(id)
    world.record(NEW_MAIL)
    world.advance(2)
    world.disable()
    world.settle()
    assert client.is_finished
    (item,) = world.record(NEW_MAIL)
    world.advance(days * 86_400)
    world.restore()
    world.advance(25 * MINUTE)
    assert world.connect(id).told() == [item]


# Trouble, and the end


def test_a_database_that_cannot_be_read_is_asked_again(world: StreamingWorld) -> None:
    client = world.connect(world.subscribe(), minutes=5)
    client.new()
    world.is_database_broken = True
    (item,) = world.record(NEW_MAIL)
    world.advance(10)
    assert client.new() == []
    world.is_database_broken = False
    world.advance(1)
    assert client.told() == [item]


def test_positions_that_could_not_be_written_are_written_later(world: StreamingWorld) -> None:
    id = world.subscribe()
    client = world.connect(id)
    world.record(NEW_MAIL)
    world.is_database_broken = True
    client.disappear()
    world.advance(10)
    world.is_database_broken = False
    assert world.connect(id).told() == []  # they are known all the same
    world.advance(2)
    world.start()
    assert world.connect(id).told() == []


def test_a_server_that_stops_closes_every_connection(world: StreamingWorld) -> None:
    clients = [world.connect(world.subscribe()) for _ in range(3)]
    stopped: list[None] = []
    world.streams.stop().addCallback(stopped.append)
    assert [statuses(client)[-1] for client in clients] == ["Closed"] * 3
    assert all(client.is_finished for client in clients)
    assert stopped == []
    world.settle()
    assert stopped == [None]
    late = world.connect(world.subscribe())
    assert statuses(late) == ["OK", "Closed"]
    assert late.is_finished


# How long a subscription lives


def test_it_lives_half_an_hour_without_a_connection(world: StreamingWorld) -> None:
    id = world.subscribe()
    world.advance(30 * MINUTE - 1)
    assert world.stored(id)
    world.advance(1)
    assert world.stored(id) is None
    assert world.connect(id).messages[0].code == "ErrorInvalidSubscription"


@pytest.mark.parametrize("ending", ["closed", "lost"])
def test_it_lives_while_it_is_connected_and_half_an_hour_longer(
    world: StreamingWorld, ending: str
) -> None:
    id = world.subscribe()
    world.advance(20 * MINUTE)
    client = world.connect(id, minutes=30)
    world.advance(29 * MINUTE)
    assert world.stored(id)
    assert client.network is not None
    client.network.is_up = False
    world.record(NEW_MAIL)
    if ending == "lost":
        client.disappear()
    else:
        world.advance(MINUTE)
    ended_s = int(world.clock.seconds())
    world.advance(2)
    stored = world.stored(id)
    assert stored is not None
    assert stored.expires_at_s == EPOCH_S + ended_s + STREAMING_TIMEOUT_S
