"""Values that a request gives, held against the rules."""

from ewspush.core import addresses, directory
from ewspush.core.management import Code, ManagementError
from ewspush.core.renewal import Period

LONGEST_PASSWORD = 1024  # characters: what is hashed comes from outside
LONGEST_NAME = 256
LONGEST_DESCRIPTION = 1024
LONGEST_SEARCH = 256
_LOCAL_PART_ALLOWED = (
    "a name of at most 64 octets without white space, control characters and @ < > ( ) [ ] , ; :"
    ' \\ ", and without dots at its ends or next to each other'
)


def name(text: str, field: str) -> str:
    """An alias of an organization, or the name of an administrator."""
    normalized = directory.normalize_name(text)
    if normalized is None:
        raise invalid(field, f"{_shown(text)} is not a name", directory.NAME_ALLOWED)
    return normalized


def domain_name(text: str) -> str:
    """The normalized name of a domain."""
    return _normalized("a", text, "Name", "a domain name, as in example.com")[1]


def local_part(text: str, domain: str, field: str) -> str:
    """The normalized local part of an address in a domain."""
    return _normalized(text, domain, field, _LOCAL_PART_ALLOWED)[0]


def address(text: str, field: str) -> tuple[str, str]:
    """The normalized local part and domain of an address."""
    try:
        before, _, after = addresses.normalize(text).rpartition("@")
    except addresses.InvalidAddress as error:
        raise invalid(field, str(error), "an address, as in user@example.com") from None
    return before, after


def display_name(text: str | None, otherwise: str, field: str) -> str:
    """The name of a user."""
    if text is None or not text.strip():
        return otherwise
    if len(text) > LONGEST_NAME or not all(c.isprintable() for c in text):
        allowed = f"at most {LONGEST_NAME} printable characters"
        raise invalid(field, f"{_shown(text)} is not a name", allowed)
    return text.strip()


def description(text: str | None) -> str | None:
    """The description of an alias."""
    if text is None or not text.strip():
        return None
    if len(text) > LONGEST_DESCRIPTION or not all(c.isprintable() for c in text):
        allowed = f"at most {LONGEST_DESCRIPTION} printable characters"
        raise invalid("Description", f"{_shown(text)} is not allowed", allowed)
    return text.strip()


def password(text: str, shortest: int, field: str, *, unlike: str = "") -> str:
    """A password that may be set: it is long enough, no single character, and no address."""
    allowed = f"{shortest} to {LONGEST_PASSWORD} characters, several different ones, no address"
    weak = len(text) < shortest or (shortest > 1 and len(set(text)) < min(shortest, _VARIETY))
    own = unlike and addresses.fold(text) in (unlike, unlike.rpartition("@")[0])
    if weak or own or len(text) > LONGEST_PASSWORD:
        raise ManagementError(
            Code.WEAK_PASSWORD, "the password is not allowed", field=field, allowed=allowed
        )
    return text


_VARIETY = 4  # different characters


def renewed_period(period: Period, field: str) -> Period:
    """A period that a mailbox can be created with."""
    if period is Period.CANCELED:
        raise invalid(field, "a mailbox cannot be created canceled", "monthly or yearly")
    return period


def search(text: str | None) -> str:
    """A text to search for, folded."""
    if text is not None and len(text) > LONGEST_SEARCH:
        allowed = f"at most {LONGEST_SEARCH} characters"
        raise invalid("Search", "the search is too long", allowed)
    return addresses.fold(text or "")


def invalid(field: str, text: str, allowed: str) -> ManagementError:
    """The error of a value that is not allowed."""
    return ManagementError(Code.INVALID_VALUE, text, field=field, allowed=allowed)


def _normalized(local: str, domain: str, field: str, allowed: str) -> tuple[str, str]:
    try:
        normalized = addresses.normalize(f"{local}@{domain}")
    except addresses.InvalidAddress as error:
        raise invalid(field, str(error), allowed) from None
    before, _, after = normalized.rpartition("@")
    if "@" in before or not local.strip() or not domain.strip():
        raise invalid(field, f"{_shown(normalized)} is not allowed", allowed)
    return before, after


def _shown(text: str) -> str:
    return repr(text[:64])
