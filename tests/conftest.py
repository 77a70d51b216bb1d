import json

import pytest
import structlog

# Log lines belong to a test's captured output only when it asks for them.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture(scope="session")
def ews_emulate_options(tmp_path_factory):
    """The emulator of the plugin has a log that can be read here."""
    config = tmp_path_factory.mktemp("emulator") / "ewspush.toml"
    config.write_text('[log]\nformat = "json"\n')
    return ("--config", str(config))


@pytest.fixture(scope="session")
def ews_emulator(ews_emulator):
    """The plugin's, which must not have failed by itself when all tests are done."""
    yield ews_emulator
    lines = ews_emulator.said.splitlines()
    assert [line for line in lines if not _is_a_warning(line)] == []


def _is_a_warning(line):
    return line.startswith("{") and json.loads(line)["level"] == "warning"
