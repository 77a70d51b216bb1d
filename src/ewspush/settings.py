"""Settings: from a TOML file, then EWSPUSH_TABLE_KEY in the environment, then options."""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

ENVIRONMENT_PREFIX = "EWSPUSH_"
HIGHEST_PORT = 65535


class InvalidSettings(Exception):
    """A key that is unknown or a value that is not allowed. `str()` names it and says what is."""


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: object) -> Address:
    """`HOST:PORT`, the host in brackets if it is an IPv6 address. Raises ValueError."""
    if isinstance(text, Address):
        return text
    host, colon, port = str(text).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdigit() and int(port) <= HIGHEST_PORT
    if not colon or not host or not is_port:
        raise ValueError("should be HOST:PORT, with a port from 0 (any free one) to 65535")
    return Address(host, int(port))


def _parse_list(value: object) -> object:
    """In the environment a list is written with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _parse_version(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\.(\d+) (\w+)", value)
    if not parts:
        raise ValueError("should be four numbers and a name, like 14.2.390.3 Exchange2010_SP2")
    return parts.groups()


HostPort = Annotated[Address, BeforeValidator(parse_address)]
Network = IPv4Network | IPv6Network
Networks = Annotated[tuple[Network, ...], BeforeValidator(_parse_list)]


class ServerVersion(NamedTuple):
    """ServerVersionInfo, as in `14.2.390.3 Exchange2010_SP2`."""

    major: int
    minor: int
    major_build: int
    minor_build: int
    version: str


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Table):
    """[server]: where it listens and where its data are."""

    data: Path = Path("ewspush-data")
    database: str = ""  # SQLAlchemy URL; empty: SQLite in the data directory
    http: HostPort = Address("127.0.0.1", 8080)
    lmtp: HostPort = Address("127.0.0.1", 8024)
    tls_cert: Path | None = None  # PEM, with the chain
    tls_key: Path | None = None
    tls_at_proxy: bool = False  # TLS ends at a proxy in front: passwords may come over plain http
    body_limit: int = Field(4 * 1024 * 1024, ge=1024, le=1024**3)  # bytes of a request
    connections: int = Field(1000, ge=1, le=100_000)  # of http clients, at once
    version: Annotated[ServerVersion, BeforeValidator(_parse_version)] = ServerVersion(
        14, 2, 390, 3, "Exchange2010_SP2"
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "ServerSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        if not (self.tls_cert or self.tls_at_proxy or self.http.is_loopback):
            raise ValueError(
                f"http = {self.http} is not loopback, and passwords must not cross a network in"
                " the clear: set tls_cert and tls_key, or tls_at_proxy if TLS ends at a proxy"
            )
        return self

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'ewspush.db'}"


class MailSettings(_Table):
    """[mail]: messages that come in."""

    size_limit: int = Field(25 * 1024 * 1024, ge=1024, le=1024**3)  # bytes


class SubscriptionSettings(_Table):
    """[subscriptions]"""

    per_mailbox: int = Field(3, ge=1, le=100_000)  # live push subscriptions (WorkMail guide: three)
    keep_over_days: int = Field(30, ge=1, le=3650)  # rows of parked and ended ones, for inspection


class EventSettings(_Table):
    """[events]: the event log."""

    keep_days: int = Field(30, ge=1, le=3650)  # longer while a live subscription needs them

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.keep_days)


class DeliverySettings(_Table):
    """[delivery]: how notifications are sent."""

    batch: int = Field(100, ge=1, le=10_000)  # events in one notification; more follow at once
    timeout_s: float = Field(30, ge=0.1, le=600)  # one whole exchange with a responder
    first_retry_wait_s: float = Field(30, ge=0.01, le=3600)  # doubled with every failure
    answer_limit: int = Field(64 * 1024, ge=1024, le=16 * 1024**2)  # bytes read of an answer
    requests: int = Field(1000, ge=1, le=100_000)  # at once, in all
    origin_requests: int = Field(50, ge=1, le=10_000)  # at once, to one origin
    unwritten: int = Field(10_000, ge=1)  # acknowledgements not yet written before sending pauses
    callback_allow: Networks = ()  # networks that may be called although the policy refuses them
    ca_file: Path | None = None  # PEM, trusted in addition to the system's store


class LogSettings(_Table):
    """[log]: one line for each event, to standard error."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(_Table):
    """Everything that can be set, by table."""

    server: ServerSettings = ServerSettings()
    mail: MailSettings = MailSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()
    events: EventSettings = EventSettings()
    delivery: DeliverySettings = DeliverySettings()
    log: LogSettings = LogSettings()


def load(
    config: Path | None, environment: Mapping[str, str], options: Mapping[str, Mapping[str, Any]]
) -> Settings:
    """Settings from a file (None: no file), the environment and the command line, last wins.

    `options` are tables of keys, as in the file. Raises InvalidSettings.
    """
    tables = _from_file(config) if config else {}
    for source in (_from_environment(environment), options):
        for table, keys in source.items():
            tables[table] = {**_as_table(tables.get(table, {}), table), **keys}
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        raise InvalidSettings("; ".join(map(_describe, error.errors()))) from None


def _as_table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidSettings(f"{name}: should be a table")
    return value


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidSettings(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for name, value in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            table, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
            if table not in Settings.model_fields or not key:
                raise InvalidSettings(
                    f"{name}: should be {ENVIRONMENT_PREFIX}TABLE_KEY, the table being one of"
                    f" {', '.join(Settings.model_fields).upper()}"
                )
            tables.setdefault(table, {})[key] = value
    return tables


def _describe(error: Any) -> str:
    """`table.key: what is wrong`, with the keys that exist where one is unknown."""
    location = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        fields = Settings.model_fields
        if len(location) > 1:
            fields = fields[location[0]].annotation.model_fields  # type: ignore[union-attr]
        return f"{'.'.join(location)}: unknown; known are {', '.join(fields)}"
    text = error["msg"].removeprefix("Value error, ")
    return f"{'.'.join(location[:2])}: {text[:1].lower()}{text[1:]}"
