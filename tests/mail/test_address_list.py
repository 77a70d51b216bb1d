import pytest

from ewspush.mail.address_list import Address, read


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        (",;,", []),
        ("a@b.example", [("", "a@b.example")]),
        ("A B <a@b.example>", [("A B", "a@b.example")]),
        ("A  B. C\t<a@b.example>", [("A B. C", "a@b.example")]),
        ('"B, A" <a@b.example>', [("B, A", "a@b.example")]),
        ('"A \\"B\\" \\\\" <a@b.example>', [('A "B" \\', "a@b.example")]),
        ('"A" "B" C<a@b.example>', [("A B C", "a@b.example")]),
        ("a@b.example (A (B) \\) C)", [("A (B) ) C", "a@b.example")]),
        ("A (no) B <a@b.example>", [("A B", "a@b.example")]),
        ("<a@b.example", [("", "a@b.example")]),
        ("A <mailto:a@b.example>", [("A", "a@b.example")]),
        ("A <@c.example,@d.example:a@b.example>", [("A", "a@b.example")]),
        ("A <nobody>", [("A", "")]),
        ("<nobody>", [("nobody", "")]),
        ("A <a b@c>", [("A", "")]),
        ("A a@b.example", [("A", "a@b.example")]),
        ("a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ("G: A <a@b>, c@d;, e@f", [("A", "a@b"), ("", "c@d"), ("", "e@f")]),
        ("G:;", [("G", "")]),
        ("G: ;, H:", [("G", ""), ("H", "")]),
        ("=?utf-8?q?A=2C_B?= <a@b>", [("A, B", "a@b")]),
        ("=?utf-8?q?A?= =?utf-8?q?B?= C <a@b>", [("AB C", "a@b")]),
        ('"=?utf-8?q?=C3=A9?=" <a@b>', [("é", "a@b")]),
        ("=?utf-8?q?a=40b=3E,?= <c@d>", [("a@b>,", "c@d")]),
        ("[SPAM] A <a@b>", [("[SPAM] A", "a@b")]),
        ('"a b"@c.example', [("", '"a b"@c.example')]),
        ('"a  .  b"@c.example', [("", '"a  .  b"@c.example')]),
        ("a @ b . example", [("", "a@b.example")]),
        (
            "a@[IPv6:2001:db8::1], b@[192.0.2.1]",
            [("", "a@[IPv6:2001:db8::1]"), ("", "b@[192.0.2.1]")],
        ),
        ("jörg@bücher.example", [("", "jörg@bücher.example")]),
        ("A <a@b@c>", [("A", "")]),
        ("a\x01@b", [("a @b", "")]),
        (f"A <{'x' * 400}@b>", [("A", "")]),
        ("x" * 300 + " <a@b>", [("x" * 255, "a@b")]),
        ('"A <a@b>, c@d', [("A", "a@b"), ("", "c@d")]),
        ("A (B <a@b>, c@d", [("A B", "a@b"), ("", "c@d")]),
        ("A > B <a@b>", [("A B", "a@b")]),
    ],
)
def test_addresses_are_read_as_mail_programs_read_them(
    value: str, expected: list[tuple[str, str]]
) -> None:
    assert list(read(value.encode())) == [Address(*each) for each in expected]


@pytest.mark.parametrize(
    ("octets", "charset", "name"),
    [
        ("é".encode(), None, "é"),
        ("é".encode("latin-1"), None, "é"),
        ("П".encode("cp1251"), "windows-1251", "П"),
        ("П".encode(), "windows-1251", "П"),
    ],
)
def test_a_name_in_8_bit_octets_is_decoded(octets: bytes, charset: str | None, name: str) -> None:
    assert read(octets + b" <a@b>", charset) == (Address(name, "a@b"),)
