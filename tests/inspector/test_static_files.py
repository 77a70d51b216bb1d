"""The files that pages load: those of others as they were published."""

import hashlib
from pathlib import Path

import pytest

import ewspush.inspector
from ewspush.inspector.static_files import StaticFiles

FOLDER = Path(ewspush.inspector.__file__).parent / "static"


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("htmx.min.js", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"),
    ],
)
def test_what_others_made_is_unchanged(name: str, digest: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_licences_are_shipped_with_what_they_are_of() -> None:
    licence = (FOLDER / "LICENSE.htmx").read_text()
    assert "Permission to use, copy, modify, and/or distribute" in licence


def test_a_name_changes_with_its_file() -> None:
    files = StaticFiles()
    name = files.name("style.css")
    digest = hashlib.sha256((FOLDER / "style.css").read_bytes()).hexdigest()
    assert name == f"{digest[:16]}-style.css"
    found = files.find(name)
    assert found is not None
    assert found.content_type == b"text/css; charset=utf-8"
    assert files.find("style.css") is None
    assert files.find("README.md") is None


def test_the_style_is_short() -> None:
    assert len((FOLDER / "style.css").read_text().splitlines()) < 300
