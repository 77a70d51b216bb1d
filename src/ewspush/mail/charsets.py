"""Text from bytes in the charsets that mail uses, and text as XML 1.0 can carry it."""

import re
from encodings.aliases import aliases

# What Python's table has that is no charset, or not there on every platform. It does not have idna
# and punycode, whose decoding takes quadratic time.
_NOT_CHARSETS = {
    *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec"),
    *("zlib_codec", "mbcs"),
}
_WITHOUT_ALIAS = ("koi8_u", "koi8_t", "cp720", "cp737", "cp856", "cp874", "utf_8_sig")
# As browsers do (WHATWG Encoding, 4.2): senders name the smaller set and use the larger one.
_SUPERSETS = {
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
    "iso2022_jp": "iso2022_jp_ext",
}
_OTHER_NAMES = {
    "iso_8859_8_i": "iso8859_8",
    "unicode_1_1_utf_7": "utf_7",
    "utf8mb4": "utf_8",
    "windows_31j": "cp932",
    "windows_874": "cp874",
    "sjis": "cp932",
}
_LONGEST_NAME = 64
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_LINE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


def _codecs() -> dict[str, str]:
    names = {**aliases, **{codec: codec for codec in (*aliases.values(), *_WITHOUT_ALIAS)}}
    names.update(_OTHER_NAMES)
    return {
        name: _SUPERSETS.get(codec, codec)
        for name, codec in names.items()
        if codec not in _NOT_CHARSETS and codec != "ascii"
    }


# A table, since codecs.lookup() would look for a module, and remember every name it was ever asked.
CODECS = _codecs()


def codec_of(charset: str | None) -> str | None:
    """What Python calls `charset`; None for US-ASCII, which says nothing, and unknown names."""
    if charset is None or len(charset) > _LONGEST_NAME:
        return None
    name = re.sub("[^a-z0-9.]+", "_", charset.lower()).strip("_")
    return CODECS.get(name) or CODECS.get(name.removeprefix("x_"))


def decode(octets: bytes, charset: str | None) -> str:
    """`octets` as text; what does not fit becomes U+FFFD.

    Without a charset that is known: UTF-8 if it is that, else Windows-1252.
    """
    codec = codec_of(charset)
    if codec is None:
        return decode_unlabelled(octets)
    return octets.decode(codec, "replace").removeprefix("\ufeff")


def decode_unlabelled(octets: bytes, likely: str | None = None) -> str:
    """Text that says nothing of its charset: UTF-8 if it is that, else `likely`."""
    try:
        return octets.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return octets.decode(codec_of(likely) or "cp1252", "replace")


def for_xml(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids."""
    return _NOT_IN_XML.sub("", text)


def one_line(text: str, limit: int) -> str:
    """`text` as a line of at most `limit` characters, each of which XML allows."""
    if not text.isprintable():  # spaces are
        text = _NOT_IN_LINE.sub(" ", text)
    return text.strip()[:limit].rstrip()
