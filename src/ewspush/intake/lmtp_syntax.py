"""The syntax of LMTP: commands, addresses, parameters, and where a message ends. No I/O."""

import re

COMMAND_LIMIT = 2_048  # octets of a command line; RFC 5321 4.5.3.1.4 asks for 512 and more
END_OF_DATA = b"\r\n.\r\n"

# RFC 5321 4.1.2, and what RFC 6531 3.3 adds: all but ASCII's controls, space and specials. Classes
# that leave out are compiled quickly, those with large ranges slowly.
_ATOM = r'[^\x00-\x20\x7f"(),.:;<>@\[\\\]]+'
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED_STRING = r'"(?:[^\x00-\x1f\x7f"\\]|\\[\x20-\x7e])*"'
# Wider than RFC 5321 4.1.2 by the underscore, which real host names contain.
_LETTERS = r"[^\x00-/:-@\[-^`{-\x7f]+"
_LABEL = rf"{_LETTERS}(?:-+{_LETTERS})*"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS_LITERAL = r"\[[A-Za-z0-9:.-]+\]"
_PATH = re.compile(
    rf"<(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
    rf"(?P<local>{_DOT_STRING}|{_QUOTED_STRING})@(?P<domain>{_DOMAIN}|{_ADDRESS_LITERAL})>"
)
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[^\x00-\x20=\x7f]+))?")


class Refused(Exception):
    """A command gets this reply and changes nothing."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


def split_command(line: bytes) -> tuple[str, str]:
    """The verb, in capitals, and the argument of a command line given without its final LF."""
    if not line.endswith(b"\r"):
        raise Refused("500 5.5.2 Command lines end with CRLF")
    if len(line) > COMMAND_LIMIT:
        raise Refused("500 5.5.2 Command line too long")
    try:
        verb, _, argument = line[:-1].decode().partition(" ")
    except UnicodeDecodeError:
        raise Refused("500 5.5.2 Command line is not UTF-8") from None
    return verb.upper(), argument.strip(" ")


def parse_path(text: str) -> tuple[str, str]:
    """Split `<address> parameters` (RFC 5321 4.1.2, RFC 6531 3.3) into address and parameters.

    A source route is dropped, as RFC 5321 appendix C advises; the domain comes in lower case, and
    the local part without quotes where it needs none. Raises ValueError.
    """
    path = _PATH.match(text)
    if path is None:
        raise ValueError("not an address of the form <local-part@domain>")
    rest = text[path.end() :]
    if rest and not rest.startswith(" "):
        raise ValueError("the address is followed by something other than a space")
    return f"{_plain_local_part(path['local'])}@{path['domain'].lower()}", rest


def _plain_local_part(local: str) -> str:
    if not local.startswith('"'):
        return local
    content = re.sub(r"\\(.)", r"\1", local[1:-1])
    if re.fullmatch(_DOT_STRING, content):
        return content
    return '"' + re.sub(r'(["\\])', r"\\\1", content) + '"'


def parse_parameters(text: str) -> dict[str, str | None]:
    """Parameters of MAIL or RCPT by keyword in capitals (RFC 5321 4.1.2). Raises Refused."""
    parameters: dict[str, str | None] = {}
    for word in text.split():
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None or parameter["keyword"].upper() in parameters:
            raise Refused("501 5.5.4 Malformed or repeated parameter")
        parameters[parameter["keyword"].upper()] = parameter["value"]
    return parameters


def check_mail_parameters(parameters: dict[str, str | None], size_limit: int) -> None:
    """Raises Refused unless these are parameters of MAIL that LHLO announced, with good values."""
    for keyword, value in parameters.items():
        match keyword:
            case "SIZE" if value and re.fullmatch("[0-9]{1,20}", value):
                if int(value) > size_limit:
                    raise Refused(f"552 5.3.4 Message too big, the limit is {size_limit} octets")
            case "BODY" if value and value.upper() in {"7BIT", "8BITMIME"}:
                pass
            case "SMTPUTF8" if value is None:
                pass
            case "SIZE" | "BODY" | "SMTPUTF8":
                raise Refused(f"501 5.5.4 {keyword} does not take this value")
            case _:
                raise Refused("555 5.5.4 Parameter not supported")


class IncomingMessage:
    """What follows DATA, up to the lone dot (RFC 5321 4.1.1.4 and 4.5.2); only CRLF ends a line.

    Holds at most 4/3 of `size_limit`: no message needs more dots than that for transparency.
    """

    def __init__(self, size_limit: int) -> None:
        # The CRLF of the DATA command counts: with it an empty message ends like any other.
        self._octets = bytearray(b"\r\n")
        self._searched = 0
        self._size_limit = size_limit
        self._stuffed_limit = size_limit * 4 // 3 + len(END_OF_DATA)
        self._too_big = False
        self.received = 0

    def feed(self, octets: bytes) -> bytes | None:
        """Take what arrived. Returns what follows the lone dot, None while that is missing."""
        self.received += len(octets)
        self._octets += octets
        end = self._octets.find(END_OF_DATA, self._searched)
        if end >= 0:
            following = bytes(self._octets[end + len(END_OF_DATA) :])
            del self._octets[end + 2 :]
            return following
        if self._too_big or len(self._octets) > self._stuffed_limit:
            self._too_big = True
            del self._octets[: -len(END_OF_DATA)]
        self._searched = max(0, len(self._octets) - len(END_OF_DATA) + 1)
        return None

    def message(self) -> bytes | None:
        """The complete message as its sender meant it; None if it is beyond the limit."""
        self._octets = self._octets.replace(b"\r\n.", b"\r\n")
        del self._octets[:2]
        if self._too_big or len(self._octets) > self._size_limit:
            return None
        return bytes(self._octets)


def parse_argument(argument: str, keyword: str, bad_address: str) -> tuple[str, str]:
    """Split the argument of MAIL or RCPT into address and parameters; "" is the null sender.

    Raises Refused, with the reply `bad_address` if it is the address that is wrong.
    """
    if not argument.upper().startswith(keyword):
        raise Refused(f"501 5.5.4 Syntax: {keyword}<address>")
    text = argument[len(keyword) :].lstrip(" ")
    if text == "<>" or text.startswith("<> "):
        return "", text[2:]
    try:
        return parse_path(text)
    except ValueError:
        raise Refused(bad_address) from None


def check_characters(address: str, smtp_utf8: bool) -> None:
    """Raises Refused for an internationalised address without SMTPUTF8."""
    if not smtp_utf8 and not address.isascii():
        raise Refused("553 5.6.7 Such an address needs SMTPUTF8")  # RFC 6531 3.5
