"""How the relay is reached: the settings, with the files that they name."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ewspush.settings import RelaySettings

_PASSWORD_LIMIT = 1024  # bytes of the file that are looked at


class UnusableRelay(ValueError):
    """A file that the relay's settings name cannot be used. `str()` names it and says why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the relay knows us by."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """Where the relay is, and how to speak to it."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    context: ssl.SSLContext
    credentials: Credentials | None
    timeout_s: float
    own_name: str  # this server's, for EHLO


def make_route(settings: RelaySettings, own_name: str) -> Route:
    """The route that is set. Blocks; raises UnusableRelay."""
    return Route(
        settings.host,
        settings.port,
        settings.tls,
        _context(settings.ca_file),
        _credentials(settings),
        settings.timeout_s,
        own_name,
    )


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except ssl.SSLError as error:
            raise UnusableRelay(f"relay.ca_file {ca_file}: no certificate in it") from error
        except OSError as error:
            raise UnusableRelay(f"relay.ca_file {ca_file}: {error.strerror}") from error
    return context


def _credentials(settings: RelaySettings) -> Credentials | None:
    if not settings.username:
        return None
    if settings.password_file is None:
        password = settings.password.get_secret_value()
    else:
        password = _first_line(settings.password_file)
    return Credentials(settings.username, password)


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            line = file.readline(_PASSWORD_LIMIT).decode().rstrip("\r\n")
    except OSError as error:
        raise UnusableRelay(f"relay.password_file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnusableRelay(f"relay.password_file {path}: not UTF-8") from error
    if not line:
        raise UnusableRelay(f"relay.password_file {path}: its first line is empty")
    return line
