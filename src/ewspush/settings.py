"""Settings: from a TOML file, then EWSPUSH_TABLE_KEY in the environment, then options."""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from ewspush.core.server_version import ServerVersion

ENVIRONMENT_PREFIX = "EWSPUSH_"
HIGHEST_PORT = 65535
LONGEST_DATA_PATH = 94  # bytes: Linux lets the path of the control socket in it have 107


class InvalidSettings(Exception):
    """A key that is unknown or a value that is not allowed. `str()` names it and says what is."""


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^\s\[\]:]+)):(?P<port>[0-9]{1,5})")


def parse_address(text: object) -> Address:
    """`HOST:PORT`, the host in brackets if it is an IPv6 address. Raises ValueError."""
    if isinstance(text, Address):
        return text
    parts = _ADDRESS.fullmatch(str(text))
    if not parts or int(parts["port"]) > HIGHEST_PORT or not _is_host(parts):
        raise ValueError(
            "should be HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080, with a port from 0 (any"
            f" free one) to {HIGHEST_PORT}"
        )
    return Address(parts["name"] or parts["ipv6"], int(parts["port"]))


def _is_host(parts: re.Match[str]) -> bool:
    try:
        return bool(parts["name"] or IPv6Address(parts["ipv6"]))
    except ValueError:
        return False


Network = IPv4Network | IPv6Network


def _parse_networks(value: object) -> tuple[Network, ...]:
    """A list; in the environment its parts are separated by commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise ValueError("should be a list of networks, as in 10.0.0.0/8 or fd00::/8")
    return tuple(map(_parse_network, value))


def _parse_network(value: object) -> Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        return ip_network(str(value))
    except ValueError as error:
        raise ValueError(f"should be networks, as in 10.0.0.0/8 or fd00::/8: {error}") from None


def _parse_version(value: object) -> object:
    parts = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9}) ([A-Za-z0-9_]+)", str(value))
    if not parts:
        raise ValueError("should be four numbers and a name, as in 14.2.390.3 Exchange2010_SP2")
    return parts.groups()


def _parse_optional_path(value: object) -> object:
    """None if it is empty: TOML and the environment know no null."""
    if "\0" in str(value):
        raise ValueError("should be a path, which has no NUL")
    return None if value == "" else value


def _check_data(path: object) -> object:
    text = str(path)
    if not text or "\0" in text:
        raise ValueError("should be the path of a directory")
    if len(os.fsencode(text)) > LONGEST_DATA_PATH:
        raise ValueError(
            f"should be a path of at most {LONGEST_DATA_PATH} bytes (a Unix socket in it cannot"
            " have a longer one); a relative path or a symbolic link may help"
        )
    if "?" in text:
        raise ValueError("should not contain a question mark, which ends a path in database URLs")
    return path


def _is_database(url: str) -> bool:
    try:
        # A port that is none may be part of a password with a slash in it: nobody should quote it.
        urlsplit(url).port  # noqa: B018
    except ValueError:
        return False
    return bool(re.match(r"(sqlite:///|postgresql(\+psycopg)?://).", url))


def _check_database(url: str) -> str:
    if url and not _is_database(url):
        raise ValueError(
            "should be postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE, or empty for SQLite"
            " in the data directory"
        )
    return url


_PUBLIC_URL = re.compile(
    r"(?P<origin>(?P<scheme>https?)://"
    r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[a-z0-9-]+(?:\.[a-z0-9-]+)*))"
    r"(?::(?P<port>[0-9]{1,5}))?)/?",
    re.ASCII | re.IGNORECASE,
)


def _check_public_url(url: str) -> str:
    """The URL without its slash, or nothing."""
    if not url:
        return ""
    parts = _PUBLIC_URL.fullmatch(url)
    if not parts or int(parts["port"] or 0) > HIGHEST_PORT or not _is_host(parts):
        raise ValueError(
            "should be https://HOST or https://HOST:PORT, without a path, or empty for the host"
            " that a client's request names"
        )
    if parts["scheme"].lower() == "http" and not _is_loopback(parts["name"] or parts["ipv6"]):
        raise ValueError("should begin with https: passwords must not cross a network in the clear")
    return parts["origin"]


def _check_host(host: str) -> str:
    try:
        is_host = not host or bool(re.fullmatch(r"[^\s/@\[\]]+", host) and host.encode("idna"))
    except UnicodeError:
        is_host = False
    if not is_host:
        raise ValueError("should be a host name or an address, without port or brackets")
    return host


HostPort = Annotated[Address, BeforeValidator(parse_address)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_parse_networks)]
DataPath = Annotated[Path, BeforeValidator(_check_data)]
OptionalPath = Annotated[Path | None, BeforeValidator(_parse_optional_path)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        field = cls.model_fields[str(info.field_name)]
        if isinstance(value, bool) and field.annotation is not bool:
            raise ValueError(_allowed(field))
        return value


class ServerSettings(_Table):
    """[server]: where it listens and where its data are."""

    data: DataPath = Path("ewspush-data")
    database: Annotated[str, AfterValidator(_check_database)] = ""  # URL; empty: SQLite in `data`
    http: HostPort = Address("127.0.0.1", 8080)
    lmtp: HostPort = Address("127.0.0.1", 8024)
    tls_cert: OptionalPath = None  # PEM, with the chain
    tls_key: OptionalPath = None
    tls_at_proxy: bool = False  # TLS ends at a proxy in front: passwords may come over plain http
    public_url: Annotated[str, AfterValidator(_check_public_url)] = ""  # told to clients
    body_limit: int = Field(50 * 1024 * 1024, ge=1024, le=1024**3)  # bytes of a request
    connections: int = Field(1000, ge=1, le=100_000)  # of http clients, at once
    metrics_allow: Networks = ()  # that may read /metrics and /health besides loopback
    inspector: bool = True  # pages at /inspect, for administrators
    version: Annotated[ServerVersion, BeforeValidator(_parse_version)] = ServerVersion()

    @model_validator(mode="after")
    def _tls_is_whole(self, info: ValidationInfo) -> "ServerSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together: set both or neither")
        may_be_plain = self.http.is_loopback or (info.context or {}).get("plain_http")
        if not (self.tls_cert or self.tls_at_proxy or may_be_plain):
            raise ValueError(
                f"http = {self.http} is not loopback, and passwords must not cross a network in"
                " the clear: set tls_cert and tls_key, or tls_at_proxy if TLS ends at a proxy"
            )
        return self

    @property
    def database_file(self) -> Path:
        """Where the database is if `database` does not say otherwise."""
        return self.data / "ewspush.db"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.database_file}"


class MailSettings(_Table):
    """[mail]: messages that come in."""

    size_limit: int = Field(36 * 1024 * 1024, ge=1024, le=1024**3)  # bytes


class SubscriptionSettings(_Table):
    """[subscriptions]"""

    per_mailbox: int = Field(3, ge=1, le=100_000)  # live push subscriptions (WorkMail guide: three)
    pull_per_mailbox: int = Field(20, ge=1, le=100_000)  # pull and streaming ones (Exchange: 20)
    connections_per_mailbox: int = Field(10, ge=1, le=10_000)  # of GetStreamingEvents, at once
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
    origin_rate: float = Field(0, ge=0, le=1_000_000)  # a second, to one origin; 0: any
    linger_s: float = Field(0.01, ge=0, le=10)  # between two notifications of a subscription
    unwritten: int = Field(10_000, ge=1)  # acknowledgements not yet written before sending pauses
    callback_allow: Networks = ()  # networks that may be called although the policy refuses them
    ca_file: OptionalPath = None  # PEM, trusted in addition to the system's store


class AttemptSettings(_Table):
    """[attempts]: the log of attempts to deliver notifications."""

    keep: int = Field(1_000_000, ge=0, le=1_000_000_000)  # attempts in all
    keep_days: int = Field(7, ge=1, le=3650)
    bodies: int = Field(5, ge=0, le=10_000)  # attempts of a subscription kept with their bodies
    body_limit: int = Field(16 * 1024, ge=0, le=1024**2)  # bytes kept of a request, of an answer


class RelaySettings(_Table):
    """[relay]: the SMTP server that takes mail to recipients elsewhere."""

    host: Annotated[str, AfterValidator(_check_host)] = ""  # empty: none, such mail is refused
    port: int = Field(587, ge=1, le=HIGHEST_PORT)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    ca_file: OptionalPath = None  # PEM, trusted in addition to the system's store
    username: str = Field("", max_length=1024)
    password: SecretStr = Field(SecretStr(""), max_length=1024)
    password_file: OptionalPath = None  # its first line
    connections: int = Field(2, ge=1, le=100)  # at once
    timeout_s: float = Field(60, ge=0.1, le=600)  # for a connection, and for each reply
    give_up_after_h: float = Field(48, ge=0, le=720)  # hours that a message is tried for
    queued: int = Field(1000, ge=1, le=1_000_000)  # messages of one mailbox, waiting

    @model_validator(mode="after")
    def _credentials_are_whole_and_safe(self) -> "RelaySettings":
        has_password = bool(self.password.get_secret_value())
        if not self.host:
            return self
        if has_password and self.password_file:
            raise ValueError("password and password_file: set one of them, not both")
        if bool(self.username) != (has_password or self.password_file is not None):
            raise ValueError("username goes together with password or password_file")
        if self.username and self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(
                f"host = {self.host} is not loopback, and passwords must not cross a network"
                " in the clear: set tls to starttls or implicit"
            )
        return self

    @property
    def is_set(self) -> bool:
        """Whether there is a relay."""
        return bool(self.host)


class ManagementSettings(_Table):
    """[management]: mailboxes and their users."""

    retention_days: int = Field(30, ge=1, le=3650)  # that a deleted mailbox can be restored
    shortest_password: int = Field(8, ge=1, le=128)  # characters


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
    attempts: AttemptSettings = AttemptSettings()
    relay: RelaySettings = RelaySettings()
    management: ManagementSettings = ManagementSettings()
    log: LogSettings = LogSettings()


def load(
    config: Path | None,
    environment: Mapping[str, str],
    options: Mapping[str, Mapping[str, Any]],
    defaults: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    *,
    plain_http: bool = False,
) -> Settings:
    """Settings from a file (None: no file), the environment and the command line, last wins.

    `options` are tables of keys, as in the file; so are `defaults`, where others than the usual
    ones are wanted. With `plain_http` it may be anywhere: for passwords of tests. Raises
    InvalidSettings.
    """
    tables: dict[str, Any] = {table: {**keys} for table, keys in defaults.items()}
    file = _from_file(config) if config else {}
    for source in (file, _from_environment(environment), options):
        for table, keys in source.items():
            tables[table] = {**tables.get(table, {}), **_as_table(keys, table)}
    try:
        return Settings.model_validate(tables, context={"plain_http": plain_http})
    except ValidationError as error:
        raise InvalidSettings("; ".join(map(_describe, error.errors()))) from None


def _as_table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidSettings(f"{name}: {_A_TABLE}")
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


_A_TABLE = "should be a table of keys"


def _describe(error: Any) -> str:
    """`table.key: what is allowed`."""
    table, *keys = (str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden" and not keys:
        return f"{table}: unknown table; there are {', '.join(Settings.model_fields)}"
    if error["type"] == "model_type":
        return f"{table}: {_A_TABLE}"
    if not keys:  # about several keys of the table, which the text names
        return f"{table}: {_own_text(error)}"
    fields = _fields_of(table)
    name = f"{table}.{keys[0]}"
    if error["type"] == "extra_forbidden":
        return f"{name}: unknown key; there are {', '.join(fields)}"
    own = error["type"] == "value_error"
    return f"{name}: {_own_text(error) if own else _allowed(fields[keys[0]])}"


def _own_text(error: Any) -> str:
    return str(error["ctx"]["error"])


def _fields_of(table: str) -> dict[str, FieldInfo]:
    model: Any = Settings.model_fields[table].annotation
    fields: dict[str, FieldInfo] = model.model_fields
    return fields


def _allowed(field: FieldInfo) -> str:
    """What a field may be, where no validator of ours says it."""
    kinds = get_args(field.annotation) or (field.annotation,)
    if get_origin(field.annotation) is Literal:
        return f"should be {' or '.join(kinds)}"
    what = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        SecretStr: "text",
    }
    if (kind := kinds[0]) not in what:
        return "should be a path"
    return f"should be {what[kind]}{_range(field)}"


def _range(field: FieldInfo) -> str:
    ends: dict[str, str] = {}
    for rule in field.metadata:
        for end in ("ge", "le"):
            if hasattr(rule, end):
                ends[end] = f"{getattr(rule, end):.10g}"
    match ends:
        case {"ge": low, "le": high}:
            return f" from {low} to {high}"
        case {"ge": low}:
            return f" of at least {low}"
        case _:
            return ""
