"""Content-Transfer-Encoding (RFC 2045, 6): octets as they were before they were sent."""

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_UU_ENCODED = {"x-uuencode", "uuencode", "x-uue", "uue"}
_UU_LINE_OCTETS = 45
_LONGEST_LINE = 78  # of base64, where padding is: RFC 2045, 6.8, and the line end


def from_base64(text: bytes | memoryview) -> bytes:
    """What `text` encodes; of broken base64, as much as can be read."""
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        digits = _NOT_BASE64.sub(b"", bytes(text).partition(b"=")[0])
        usable = len(digits) - (len(digits) % 4 == 1)
        return binascii.a2b_base64(digits[:usable] + b"==")


def decode(content: bytes, start: int, end: int, encoding: str) -> bytes:
    """The octets of a body; unknown encodings are left as they are."""
    if encoding == "base64":
        return from_base64(memoryview(content)[start:end])
    if encoding == "quoted-printable":
        return binascii.a2b_qp(memoryview(content)[start:end])
    if encoding in _UU_ENCODED:
        return _from_uuencode(content[start:end])
    return content[start:end]


def decoded_size(content: bytes, start: int, end: int, encoding: str) -> int:
    """How many octets `decode` would give; of base64, without decoding it.

    Of base64 that is broken, the answer may be off by what its stray characters stand for.
    """
    if encoding != "base64":
        is_identity = encoding != "quoted-printable" and encoding not in _UU_ENCODED
        return end - start if is_identity else len(decode(content, start, end, encoding))
    digits = end - start - content.count(b"\n", start, end)
    if content.find(b"\r\n", start, end) >= 0:
        digits -= content.count(b"\r", start, end)
    digits -= content.count(b"=", max(start, end - _LONGEST_LINE), end)
    return max(digits, 0) * 3 // 4


def _from_uuencode(text: bytes) -> bytes:
    _, begin, body = text.partition(b"begin ")
    lines = (body.partition(b"\n")[2] if begin else text).splitlines()
    return b"".join(_from_uu_line(line) for line in lines if line and line != b"end")


def _from_uu_line(line: bytes) -> bytes:
    octets = (line[0] - 32) & 63
    if octets > _UU_LINE_OCTETS:
        return b""
    digits = line[1 : 1 + -(-octets // 3) * 4]
    try:
        return binascii.a2b_uu(line[:1] + digits)
    except binascii.Error:  # a character that is no digit: the line is lost, the rest is not
        return b""
