"""Mail addresses of mailboxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.core.addresses import InvalidAddress, display_name, fold, normalize

LOCAL, DOMAIN = "a" * 64, ".".join(["d" * 63] * 3 + ["e" * 61])


@pytest.mark.parametrize(
    ("given_as", "stored_as"),
    [
        ("user@example.org", "user@example.org"),
        ("User@EXAMPLE.org", "user@example.org"),
        ("  user@example.org\n", "user@example.org"),
        ("first.last+tag=1@mail.example.org", "first.last+tag=1@mail.example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"),
        ("user@localhost", "user@localhost"),
        ("user@xn--bcher-kva.example", "user@bücher.example"),
        ("user@a-b.example", "user@a-b.example"),
        ("user@127.0.0.1", "user@127.0.0.1"),
        ("JÖRG@BÜCHER.example", "jörg@bücher.example"),
        ("jo\u0308rg@example.org", "jörg@example.org"),
        ("J\u030c@example.org", "\u01f0@example.org"),  # composed in lower case only
        ("\u01f0@example.org", "\u01f0@example.org"),
        ("用户@例え.example", "用户@例え.example"),
        (f"{LOCAL}@{DOMAIN}", f"{LOCAL}@{DOMAIN}"),
    ],
)
def test_an_address_is_stored_in_one_form(given_as: str, stored_as: str) -> None:
    assert normalize(given_as) == stored_as


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="empty"),
        pytest.param("user", id="no @"),
        pytest.param("@example.org", id="no name"),
        pytest.param("user@", id="no domain"),
        pytest.param("user@@example.org", id="two @"),
        pytest.param("a@b@example.org", id="@ in the name"),
        pytest.param(".user@example.org", id="dot first"),
        pytest.param("user.@example.org", id="dot last"),
        pytest.param("a..b@example.org", id="two dots"),
        pytest.param("us er@example.org", id="white space in the name"),
        pytest.param('"us er"@example.org', id="quoted name"),
        pytest.param("user@exam ple.org", id="white space in the domain"),
        pytest.param("user@example..org", id="empty label"),
        pytest.param("user@example.org.", id="dot after the domain"),
        pytest.param("user@-example.org", id="hyphen first in a label"),
        pytest.param("user@example-.org", id="hyphen last in a label"),
        pytest.param("user@[127.0.0.1]", id="address literal"),
        pytest.param(f"user@{'d' * 64}.org", id="label of 64"),
        pytest.param(f"{LOCAL}a@example.org", id="name of 65"),
        pytest.param(f"{'ö' * 33}@example.org", id="name of 66 octets"),
        pytest.param(f"user@{DOMAIN}e", id="domain of 254"),
        pytest.param("User <user@example.org>", id="with a display name"),
        pytest.param("a@example.org,b@example.org", id="two addresses"),
        pytest.param("us\x00er@example.org", id="NUL"),
        pytest.param("user@example.org\x00", id="NUL at the end"),
        pytest.param("us\ner@example.org", id="line break"),
        pytest.param("us\x7fer@example.org", id="DEL"),
        pytest.param("us\\er@example.org", id="backslash"),
        pytest.param("\udce4@example.org", id="an octet that was not UTF-8"),
        pytest.param("user@\udce4.org", id="such an octet in the domain"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        normalize(address)


@pytest.mark.parametrize("address", ["x" * 1_000_000, "x" * 1_000_000 + "@example.org"])
def test_a_refusal_does_not_repeat_what_is_long(address: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        normalize(address)
    assert len(str(refused.value)) < 200


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for candidate in (text, f"{text}@example.org", f"user@{text}"):
        try:
            normalized = normalize(candidate)
        except InvalidAddress:
            continue
        assert normalize(normalized) == normalized
        assert len(normalized.encode()) <= 64 + 1 + 253


@pytest.mark.parametrize(
    ("text", "folded"),
    [(" User ", "user"), ("E\u0301VA@X.org\n", "éva@x.org"), ("", ""), ("a b", "a b")],
)
def test_the_beginning_of_an_address_is_folded_as_the_whole_is(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("address", "name"), [("first.last@example.org", "first.last"), ("éva@x.org", "éva")]
)
def test_people_are_called_what_stands_before_the_at(address, name):
    assert display_name(address) == name
