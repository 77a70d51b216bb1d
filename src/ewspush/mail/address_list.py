"""Addresses in header fields (RFC 5322, 3.4), read as mail programs do: something of everything."""

import re
from dataclasses import dataclass, field

from ewspush.mail import charsets, encoded_words
from ewspush.mail.charsets import one_line

# Ten times what Exchange Online takes of a message (Exchange Online limits, Recipient limits).
MAX_ADDRESSES = 10_000
LONGEST_NAME = 255
_LONGEST_ADDRESS = 320  # 64 before the @ and 255 after it: RFC 5321, 4.5.3.1

_USUAL = re.compile(r"([\w .'-]*?) ?<([\w.+=-]++@[\w.-]++)>", re.ASCII)
_TOKEN = re.compile(
    r"""
    (?P<space>\s++)
    | (?P<word>=\?[^?\s]{1,64}\?[bBqQ]\?[^?\s]*+\?=)
    | "(?P<quoted>(?:[^"\\]++|\\.)*+)(?P<close>"?)
    | <(?P<angle>[^<>]*+)>?
    | (?P<special>[,;:()])
    | (?P<atom>(?:[^\s"<>,;:()\[\]]|\[[^\[\]\s]*+\])++)
    | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_SPACE_IN_ADDRESS = re.compile(" ?([@.]) ?")
_ADDRESS = re.compile(r'("(?:[^"\\]++|\\.)*+"|[^\s@"<>(),;:]+)@([^\s@"<>(),;]+)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox. `address` is "" for a group without members, and for what is no address."""

    name: str
    address: str


def read(value: bytes, charset: str | None = None) -> tuple[Address, ...]:
    """The addresses of an unfolded value, members of groups among the others.

    8-bit octets are in `charset`, UTF-8 if they are that.
    """
    text = charsets.decode_unlabelled(value, charset)  # encoded words stay: they hold no syntax
    usual = _USUAL.fullmatch(text)
    if usual and len(usual[2]) <= _LONGEST_ADDRESS:
        return (Address(_shown(usual[1]), usual[2]),)
    return tuple(_Reader(text).addresses)


@dataclass(slots=True)
class _Mailbox:
    """What was read of the address that is being read."""

    phrase: list[str] = field(default_factory=list)  # as shown
    source: list[str] = field(default_factory=list)  # the same, as written
    comment: str = ""
    angle: str | None = None


class _Reader:
    def __init__(self, text: str) -> None:
        self.addresses: list[Address] = []
        self._mailbox = _Mailbox()
        self._group: str | None = None
        self._members_before = 0
        self._read(text)

    def _read(self, text: str) -> None:
        position = 0
        while len(self.addresses) < MAX_ADDRESSES and (token := _TOKEN.match(text, position)):
            position = token.end()
            kind = token.lastgroup
            if kind == "close":
                if not token["close"]:  # never closed: it is no quotation mark
                    text, position = token["quoted"].replace('"', " "), 0
                    continue
                self._add(_ESCAPED.sub(r"\1", token["quoted"]), token[0])
            elif kind == "special" and token[0] == "(":
                text, position = self._read_comment(text, position)
            elif kind == "special":
                self._punctuate(token[0])
            elif kind == "angle":
                self._mailbox.angle = self._mailbox.angle or token["angle"]
            elif kind in ("word", "atom"):
                self._add(token[0], token[0])
            elif kind == "space":
                self._add(" ", " ")
        self._finish()
        self._end_group()

    def _add(self, shown: str, source: str) -> None:
        self._mailbox.phrase.append(shown)
        self._mailbox.source.append(source)

    def _read_comment(self, text: str, start: int) -> tuple[str, int]:
        depth = 1
        for each in _PARENTHESIS.finditer(text, start):
            depth += {"(": 1, ")": -1}.get(each[0], 0)
            if depth == 0:
                self._mailbox.comment = self._mailbox.comment or text[start : each.start()]
                self._add(" ", " ")
                return text, each.end()
        return re.sub("[()]", " ", text[start:]), 0  # never closed: it is no comment

    def _punctuate(self, character: str) -> None:
        if character == ":":
            self._group = "".join(self._mailbox.phrase)
            self._members_before = len(self.addresses)
            self._mailbox = _Mailbox()
        elif character in ",;":
            self._finish()
            if character == ";":
                self._end_group()

    def _end_group(self) -> None:
        if self._group and len(self.addresses) == self._members_before:
            self.addresses.append(Address(_shown(self._group), ""))
        self._group = None

    def _finish(self) -> None:
        address = _finished(self._mailbox)
        if address.name or address.address:
            self.addresses.append(address)
        self._mailbox = _Mailbox()


def _finished(mailbox: _Mailbox) -> Address:
    name = "".join(mailbox.phrase).strip()
    comment = _ESCAPED.sub(r"\1", mailbox.comment)
    if mailbox.angle is not None:
        route, _, rest = mailbox.angle.rpartition(":")
        inside = rest if route.startswith("@") or route.lower() == "mailto" else mailbox.angle
        address = _address(inside)
        return Address(_shown(name or comment or ("" if address else inside)), address)
    source = "".join(mailbox.source).strip()
    if address := _address(source):
        return Address(_shown(comment), address)
    before, _, last = source.rpartition(" ")
    if address := _address(last):  # a name, and an address without its brackets
        return Address(_shown(before.replace('"', "") or comment), address)
    return Address(_shown(name or comment), "")


def _address(source: str) -> str:
    source = source.strip()
    if not source.startswith('"'):
        source = _SPACE_IN_ADDRESS.sub(r"\1", " ".join(source.split()))
    # Not cut off, since a shorter address is another one.
    is_address = len(source) <= _LONGEST_ADDRESS and source.isprintable()
    return source if is_address and _ADDRESS.fullmatch(source) else ""


def _shown(name: str) -> str:
    if "=?" in name:
        name = encoded_words.decode(name.encode("utf-8", "replace"))
    return one_line(" ".join(name.split()), LONGEST_NAME)
