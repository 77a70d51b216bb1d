"""The folders are the architecture: who may import whom, and where each library is at home."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.schemas import ROOT

PACKAGE = ROOT / "src" / "ewspush"
EWSPUSH = "ewspush"  # the package's own `__init__`, which has the version

# What each part may import of the others; its own modules always.
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "wire": {"core"},
    "store": {"core"},
    "mail": set(),
    "operations": {"core", "mail", "store"},
    "relay": {"core", "mail", "operations", "settings", "threads"},
    "endpoint": {"core", "wire", "operations", "settings", "threads", EWSPUSH},
    "intake": {"core", "wire", "operations", "settings", "threads", EWSPUSH},
    "push": {"core", "wire", "store", "metrics", "settings", "threads", EWSPUSH},
    "doctor": {"core", "wire", "push", "endpoint", "settings"},
    "testing": {"core", "wire", "settings"},
    "control": {"core", "wire", "store", "operations", "settings", "threads", EWSPUSH},
    "inspector": {
        "core",
        "wire",
        "store",
        "mail",
        "operations",
        "control",
        "endpoint",
        "doctor",
        "settings",
        "threads",
    },
    "log": {"settings", EWSPUSH},
    "metrics": set(),
    "server_time": {"push"},
    "chores": {"operations", "settings", "store", "threads"},
    "settings": {"core"},
    "threads": set(),
    EWSPUSH: set(),
}
MAY_IMPORT_ALL = ("server", "running_engine", "emulator", "cli", "__main__")
PARTS = {*MAY_IMPORT, *MAY_IMPORT_ALL}

# Where a library may be imported. One that is not here is at home nowhere yet: decide where.
HOMES: dict[str, set[str]] = {
    "aiosmtpd": {"intake"},
    "alembic": {"store"},
    "argon2": {"operations"},
    "click": {"cli"},
    "cryptography": {"endpoint", "doctor"},
    "idna": {"push"},
    "jinja2": {"inspector"},
    "lxml": {"wire", "endpoint", "inspector", "cli"},
    "OpenSSL": {"endpoint", "doctor"},
    "prometheus_client": {"metrics"},
    "pycurl": {"push"},
    "pydantic": {"settings", "emulator"},
    "pytest": {"testing"},
    "six": {"endpoint"},
    "spyne": {"endpoint"},
    "sqlalchemy": {"store"},
    "structlog": {
        "endpoint",
        "intake",
        "push",
        "relay",
        "control",
        "server",
        "chores",
        "emulator",
        "inspector",
        "cli",
        "log",
    },
    "twisted": {
        "endpoint",
        "push",
        "relay",
        "doctor",
        "control",
        "server",
        "running_engine",
        "chores",
        "emulator",
        "inspector",
        "cli",
        "threads",
        "log",
    },
    "tzlocal": {"wire"},
    "zope": {"push", "log"},
}


def part_of(module: str) -> str:
    """The part of the package that a module of it belongs to."""
    return [*module.split("."), EWSPUSH][1]


def imported(source: str, package: str) -> Iterator[str]:
    """The modules that a module in this package imports, anywhere in it, by their full names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            # What is imported from the package itself is a part of it, or a name of its own.
            names = {alias.name for alias in node.names} & PARTS if base == EWSPUSH else ()
            yield from (f"{base}.{name}" for name in names)
            if not names:
                yield base
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant))


def _name(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def wrong_imports(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What a module imports and may not."""
    part = part_of(module)
    package = module if is_package else module.rpartition(".")[0]
    return [each for each in imported(source, package) if not _may_import(part, each)]


def _may_import(part: str, module: str) -> bool:
    library = module.partition(".")[0]
    if library == EWSPUSH:
        other = part_of(module)
        return part in (other, *MAY_IMPORT_ALL) or other in MAY_IMPORT[part]
    return library in sys.stdlib_module_names or part in HOMES.get(library, ())


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_imports_what_its_place_allows(path: Path) -> None:
    is_package = path.name == "__init__.py"
    assert wrong_imports(path.read_text(), module_of(path), is_package=is_package) == []


def test_every_module_belongs_to_a_part_and_every_part_is_there() -> None:
    assert {part_of(module_of(path)) for path in FILES} == PARTS


def test_no_part_imports_itself_by_way_of_others() -> None:
    def reached(part: str) -> set[str]:
        return MAY_IMPORT[part].union(*map(reached, MAY_IMPORT[part]))

    assert all(part not in reached(part) for part in MAY_IMPORT)


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("core.events", "import ewspush.store", ["ewspush.store"]),
        ("core.events", "from ewspush import store", ["ewspush.store"]),
        ("core.events", "from ewspush.wire.ids import decode", ["ewspush.wire.ids"]),
        ("core.events", "from ..store import schema", ["ewspush.store"]),
        ("core.events", "from .. import store", ["ewspush.store"]),
        ("core.events", "from ewspush import settings", ["ewspush.settings"]),
        ("core.events", "import ewspush", ["ewspush"]),
        ("core.events", "import lxml.etree", ["lxml.etree"]),
        ("core.events", "def f():\n    import structlog", ["structlog"]),
        ("core.events", "if TYPE_CHECKING:\n    from twisted.web import http", ["twisted.web"]),
        ("core.events", "importlib.import_module('sqlalchemy')", ["sqlalchemy"]),
        ("core.events", "import re, ewspush.core.ids, idna", ["idna"]),
        ("wire.ids", "from ewspush.store import schema", ["ewspush.store"]),
        ("store.schema", "from ewspush.wire import ids", ["ewspush.wire"]),
        ("operations.mail", "from ewspush.wire import ids", ["ewspush.wire"]),
        ("operations.mail", "from sqlalchemy import select", ["sqlalchemy"]),
        ("push.engine", "from ewspush.operations import mail", ["ewspush.operations"]),
        ("push.engine", "import lxml", ["lxml"]),
        ("endpoint.web", "from ewspush.push.engine import Engine", ["ewspush.push.engine"]),
        ("endpoint.ews.call", "from ... import push", ["ewspush.push"]),
        ("intake.lmtp", "from ewspush import push, core", ["ewspush.push"]),
        ("mail.compose", "from ewspush.operations import mail", ["ewspush.operations"]),
        ("operations.outgoing", "from ewspush import relay", ["ewspush.relay"]),
        ("relay.relay", "from ewspush.store import outgoing", ["ewspush.store"]),
        ("intake.lmtp", "import twisted.internet.reactor", ["twisted.internet.reactor"]),
        ("control.server", "from ewspush.push import engine", ["ewspush.push"]),
        ("control.server", "from ewspush.server import Server", ["ewspush.server"]),
        ("settings", "from ewspush.store import events", ["ewspush.store"]),
        ("metrics", "from ewspush.push import meter", ["ewspush.push"]),
        ("push.engine", "import prometheus_client", ["prometheus_client"]),
        ("server", "import pycurl", ["pycurl"]),
        ("cli.serve", "import a_library_of_tomorrow", ["a_library_of_tomorrow"]),
    ],
)
def test_a_wrong_import_is_noticed(module: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(source, f"{EWSPUSH}.{module}") == wrong


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.events", "import re\nfrom ewspush.core import ids\nfrom . import ids"),
        ("wire.ids", "from lxml import etree\nfrom ewspush.core import ids"),
        ("store.schema", "import sqlalchemy, alembic\nfrom .database import Database"),
        ("operations.mail", "from ewspush.store import folders\nfrom argon2 import hash"),
        ("endpoint.web", "import ewspush\nfrom ewspush import settings, operations"),
        ("push.sender", "import pycurl\nfrom ewspush.threads import InThread"),
        ("server", "from ewspush import push, endpoint\nfrom ewspush.intake import lmtp"),
        ("cli.serve", "from ewspush.server import Server\nimport click"),
    ],
)
def test_a_right_import_is_let_pass(module: str, source: str) -> None:
    assert wrong_imports(source, f"{EWSPUSH}.{module}") == []


def test_relative_imports_of_a_package_are_those_of_its_own_folder() -> None:
    assert wrong_imports("from . import ids", "ewspush.core", is_package=True) == []
    assert wrong_imports("from .. import push", "ewspush.core", is_package=True) == ["ewspush.push"]
