"""What exchangelib looks up: people, ids, time zones."""

from datetime import UTC, datetime

import pytest
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, EWSTimeZone
from exchangelib.errors import ErrorInvalidIdMalformed, ErrorNameResolutionNoResults
from exchangelib.properties import ENTRY_ID, EWS_ID, ID_FORMATS, AlternateId, TimeZone
from exchangelib.protocol import BaseProtocol, CachingProtocol

YEAR = datetime.now(UTC).year


@pytest.fixture
def account(server, mailbox, checking_adapter, monkeypatch):
    """An account whose every exchange with the server is checked."""
    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", checking_adapter)
    account = Account(
        mailbox.address,
        access_type=DELEGATE,
        config=Configuration(
            service_endpoint=server.url(),
            credentials=Credentials(mailbox.address, mailbox.password),
            auth_type=BASIC,
        ),
    )
    assert account.version  # ResolveNames does not ask for it
    yield account
    CachingProtocol.clear_cache()


@pytest.fixture
def protocol(account):
    return account.protocol


def test_every_time_zone_is_read(protocol):
    zones = list(protocol.get_timezones(return_full_timezone_data=True))
    assert len(zones) > 130
    for zone in zones:
        assert TimeZone.from_server_timezone(zone, for_year=YEAR).bias is not None
    names = list(protocol.get_timezones())
    assert [zone.id for zone in names] == [zone.id for zone in zones]
    assert not any(zone.periods for zone in names)


@pytest.mark.parametrize(
    ("key", "id", "bias"),
    [
        ("Europe/Copenhagen", "Romance Standard Time", -60),
        ("America/New_York", "Eastern Standard Time", 300),
        ("Asia/Kolkata", "India Standard Time", -330),
        ("UTC", "UTC", 0),
    ],
)
def test_a_zone_of_its_own_is_found(protocol, key, id, bias):
    (zone,) = protocol.get_timezones([EWSTimeZone(key)], return_full_timezone_data=True)
    assert zone.id == id
    assert TimeZone.from_server_timezone(zone, for_year=YEAR).bias == bias


def test_a_zone_is_recognised_by_its_rules(protocol):
    zones = list(protocol.get_timezones(return_full_timezone_data=True))
    for id in ("Eastern Standard Time", "AUS Eastern Standard Time"):
        (zone,) = [zone for zone in zones if zone.id == id]
        rules = TimeZone.from_server_timezone(zone, for_year=YEAR)
        found = rules.to_server_timezone(zones, for_year=YEAR)
        (same,) = [zone for zone in zones if zone.id == found]
        assert TimeZone.from_server_timezone(same, for_year=YEAR) == rules


def test_a_name_is_resolved(server, mailbox, protocol):
    name = mailbox.address.partition("@")[0]
    (found,) = protocol.resolve_names([mailbox.address])
    assert (found.name, found.email_address) == (name, mailbox.address)
    ((found, contact),) = protocol.resolve_names([mailbox.address], return_full_contact_data=True)
    assert contact.display_name == name
    assert [each.email for each in contact.email_addresses] == [f"SMTP:{mailbox.address}"]


def test_a_name_may_be_that_of_several(server, mailbox, protocol):
    twins = {server.add_mailbox(f"twin{n}-of-{mailbox.address}").address for n in (1, 2)}
    found = {each.email_address for each in protocol.resolve_names(["twin"])}
    assert twins <= found


def test_a_name_may_be_nobodys(protocol):
    (found,) = protocol.resolve_names(["nobody-is-called-that"])
    assert isinstance(found, ErrorNameResolutionNoResults)


@pytest.mark.parametrize("format", sorted(set(ID_FORMATS) - {EWS_ID}))
def test_an_id_is_converted_there_and_back(account, mailbox, protocol, format):
    inbox = AlternateId(id=account.inbox.id, format=EWS_ID, mailbox=mailbox.address)
    (there,) = protocol.convert_ids([inbox], format)
    assert there.format == format
    assert list(protocol.convert_ids([there], EWS_ID)) == [inbox]


def test_a_malformed_id_spoils_nothing_else(account, mailbox, protocol):
    ids = [
        AlternateId(id=id, format=EWS_ID, mailbox=mailbox.address)
        for id in (account.inbox.id, "DUMMY", account.root.id)
    ]
    first, second, third = protocol.convert_ids(ids, ENTRY_ID)
    assert isinstance(second, ErrorInvalidIdMalformed)
    assert {first.format, third.format} == {ENTRY_ID}
