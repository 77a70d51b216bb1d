"""MIME entities (RFC 2045, 2.4): the fields that describe a body, an empty line, and the body."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from hashlib import blake2b

from ewspush.mail.header_writing import field, parameters

LONGEST_LINE = 998  # octets: RFC 5322, 2.1.1

_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Of every so many octets one that is not ASCII: more are shorter and no less legible in base64.
_BASE64_FROM = 6


def text(value: str, subtype: str) -> bytes:
    """A text, with CRLF between its lines."""
    content_type = parameters(f"text/{subtype}", {"charset": "utf-8"})
    return octets_of_text(value.encode("utf-8", "replace"), content_type)


def octets_of_text(value: bytes, content_type: list[str]) -> bytes:
    """A text that was encoded already."""
    lines = _LINE_END.sub(b"\n", value)
    crlf = lines.replace(b"\n", b"\r\n")
    if is_writable(crlf) and crlf.isascii() and not _CONTROLS.search(crlf):
        return entity(content_type, "7bit", crlf)
    others = len(lines) - len(lines.decode("ascii", "ignore"))
    if others * _BASE64_FROM > len(lines):
        return base64(crlf, content_type)
    return entity(content_type, "quoted-printable", b2a_qp(lines).replace(b"\n", b"\r\n"))


def base64(content: bytes, content_type: list[str], others: bytes = b"") -> bytes:
    """Any octets."""
    lines = encodebytes(content).replace(b"\n", b"\r\n")
    return entity(content_type, "base64", lines, others)


def entity(content_type: list[str], encoding: str, body: bytes, others: bytes = b"") -> bytes:
    """A body that has its transfer encoding; `others` are more fields."""
    described = field("Content-Type", content_type)
    encoded = field("Content-Transfer-Encoding", [encoding])
    return b"".join((described, encoded, others, b"\r\n", body))


def multipart(subtype: str, parts: list[bytes], more: dict[str, str] | None = None) -> bytes:
    """Several entities as one; `more` are parameters beside the boundary."""
    digest = blake2b(digest_size=15)
    for part in parts:
        digest.update(part)
    # "=_" is in no base64 and no quoted-printable (RFC 2045, 6.7), and no other part can foresee
    # the digest of itself.
    boundary = f"=_{digest.hexdigest()}"
    encoding = "7bit" if all(part.isascii() for part in parts) else "8bit"
    content_type = parameters(f"multipart/{subtype}", {**(more or {}), "boundary": boundary})
    delimiter = f"\r\n--{boundary}".encode()
    body = b"".join(piece for part in parts for piece in (delimiter, b"\r\n", part))
    return entity(content_type, encoding, body.removeprefix(b"\r\n") + delimiter + b"--\r\n")


def is_writable(body: bytes) -> bool:
    """Whether it can stand in a message without an encoding, if 8-bit octets can."""
    without_crlf = body.replace(b"\r\n", b"")
    is_broken = b"\r" in without_crlf or b"\n" in without_crlf or b"\0" in body
    return not is_broken and all(len(line) <= LONGEST_LINE for line in body.split(b"\r\n"))
