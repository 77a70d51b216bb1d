"""Mail addresses of mailboxes, in the one form in which they are stored."""

import re
import unicodedata


class InvalidAddress(ValueError):
    """Not an address that a mailbox can have. `str()` says why."""


_A_LABEL = "xn--"
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 253
_LONGEST_SHOWN = 64  # characters of what is no address at all
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\],;:\\\"]+")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})  # categories of characters
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?", re.UNICODE)


def normalize(address: str) -> str:
    """`address` in lower case and NFC, or InvalidAddress.

    Local parts are compared without regard to case, as Exchange does. Lengths are those of
    RFC 5321, 4.5.3.1, in octets of UTF-8 (RFC 6531 lets both parts be Unicode).
    """
    local, at, domain = fold(address).rpartition("@")
    domain = ".".join(map(_as_unicode, domain.split(".")))
    if not at:
        raise InvalidAddress(f"{address[:_LONGEST_SHOWN]!r} is not of the form name@domain")
    if _octets(local) > _LONGEST_LOCAL_PART or _octets(domain) > _LONGEST_DOMAIN:
        raise InvalidAddress("an address has at most 64 octets before the @ and 253 after it")
    is_one_word = _LOCAL_PART.fullmatch(local) and not any(map(_is_unseen, local))
    if not is_one_word or ".." in local or local[0] == "." or local[-1] == ".":
        raise InvalidAddress(f"{local!r} is not a name that a mailbox can have")
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise InvalidAddress(f"{domain!r} is not a domain name")
    return f"{local}@{domain}"


def fold(text: str) -> str:
    """An address, or the beginning of one, in lower case and NFC, without white space around."""
    # Lower case first: some letters have a composed form in lower case only.
    return unicodedata.normalize("NFC", text.strip().lower())


def key(local_part: str) -> str:
    """What local parts are equal by that differ in nothing but case, in any language."""
    return unicodedata.normalize("NFC", local_part.casefold())


def _as_unicode(label: str) -> str:
    """A label of a domain as it is written; what is no A-label (RFC 5890) as it is."""
    if not label.startswith(_A_LABEL):
        return label
    try:
        decoded = label.removeprefix(_A_LABEL).encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return fold(decoded) if not decoded.isascii() else label


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def display_name(address: str) -> str:
    """What the owner of an address is called, here where nobody has another name."""
    return address.rpartition("@")[0]


def _octets(part: str) -> int:
    try:
        return len(part.encode())
    except UnicodeEncodeError:  # a surrogate: what came in was not UTF-8
        raise InvalidAddress(f"{part[:_LONGEST_SHOWN]!r} is not Unicode text") from None
