"""Header fields, written so that every program reads the same from them (RFC 5322, 2047, 2231)."""

import re
from urllib.parse import quote

from ewspush.mail import encoded_words
from ewspush.mail.address_list import Address
from ewspush.mail.charsets import one_line

_LINE_LENGTH = 78  # octets: RFC 5322, 2.1.1
_LONGEST_TOKEN = 900  # octets; a line may have 998
_LONGEST_TEXT = 16 * 1024  # characters of one value
_LONGEST_QUOTED = 60
_SECTION_LENGTH = 54  # of a parameter, so that its line is one of 78 at most

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATEXT = r"[^\x00-\x20\x7f()<>\[\]:;@\\,\".]+"  # and what is not ASCII: RFC 6532, 3.2
_DOT_ATOM = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_QUOTED_LOCAL_PART = re.compile(r'"(?:[^"\\<>]|\\[^<>])*"')
_DOMAIN = re.compile(rf"{_DOT_ATOM.pattern}|\[[!-Z^-~]+\]")
_PHRASE = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_PLAIN_PARAMETER = re.compile(r"[ !#-\[\]-~]*")
_ESCAPES = re.compile("(?:%..|[^%]){1,18}")
_PRINTABLE_ASCII = re.compile(r"[!-~]+")


def field(name: str, tokens: list[str]) -> bytes:
    """A field of tokens with spaces between them, folded between them where lines are too long."""
    first, *others = (token.encode("utf-8", "replace") for token in tokens or ("",))
    lines = [name.encode("ascii") + b": " + first]
    for token in others:
        if len(lines[-1]) + len(b" ") + len(token) > _LINE_LENGTH:
            lines.append(b"")
        lines[-1] += b" " + token
    return b"\r\n".join(lines) + b"\r\n"


def text(value: str) -> list[str]:
    """The tokens of a text such as a subject."""
    value = one_line(value, _LONGEST_TEXT)
    words = value.split(" ")
    is_plain = all(
        _PRINTABLE_ASCII.fullmatch(word) and len(word) <= _LONGEST_TOKEN for word in words
    )
    return words if is_plain and "=?" not in value else encoded_words.encode(value)


def addresses(values: tuple[Address, ...]) -> list[str]:
    """The tokens of a list of addresses."""
    tokens: list[str] = []
    for number, value in enumerate(values, 1):
        *before, last = _address(value)
        tokens += [*before, last if number == len(values) else f"{last},"]
    return tokens


def _address(value: Address) -> list[str]:
    name = one_line(value.name, _LONGEST_TEXT)
    address = _addr_spec(value.address)
    if address is None:
        # A group without members is the one way to write what cannot be mailed to.
        *before, last = _phrase(name or one_line(value.address, _LONGEST_TEXT) or "unknown")
        return [*before, f"{last}:;"]
    return [*_phrase(name), f"<{address}>"] if name else [address]


def _phrase(name: str) -> list[str]:
    if name.isascii() and len(name) <= _LONGEST_QUOTED and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [name if _PHRASE.fullmatch(name) else f'"{escaped}"']
    return encoded_words.encode(name)


def _addr_spec(address: str) -> str | None:
    local, _, domain = address.rpartition("@")
    is_short = address.isprintable() and len(address.encode("utf-8", "replace")) <= _LONGEST_TOKEN
    is_local = _DOT_ATOM.fullmatch(local) or _QUOTED_LOCAL_PART.fullmatch(local)
    return address if is_short and is_local and _DOMAIN.fullmatch(domain) else None


def message_ids(value: str) -> list[str]:
    """The tokens of message ids, without what cannot be one."""
    return [
        each
        for each in value.split()
        if _PRINTABLE_ASCII.fullmatch(each) and len(each) <= _LONGEST_TOKEN
    ]


def parameters(token: str, values: dict[str, str]) -> list[str]:
    """The tokens of a value with parameters, such as that of Content-Type."""
    tokens = [token, *(each for name, value in values.items() for each in _parameter(name, value))]
    return [*(f"{each};" for each in tokens[:-1]), tokens[-1]]


def _parameter(name: str, value: str) -> list[str]:
    value = one_line(value, _LONGEST_TEXT)
    if len(value) <= _SECTION_LENGTH and _PLAIN_PARAMETER.fullmatch(value) and "=?" not in value:
        return [f'{name}="{value}"']
    encoded = quote(value.encode("utf-8", "replace"), safe="")
    if len(encoded) <= _SECTION_LENGTH:
        return [f"{name}*=utf-8''{encoded}"]
    # Not cut within an escape, since some programs decode each section alone.
    sections = _ESCAPES.findall(encoded)
    sections[0] = f"utf-8''{sections[0]}"
    return [f"{name}*{number}*={section}" for number, section in enumerate(sections)]
