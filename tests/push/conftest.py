from collections.abc import Iterator
from pathlib import Path

import pytest

from support.far_ends import authority, ca_file, make_sender, responder, sender  # noqa: F401
from support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
