"""docs/testing.md: what it shows is run as it stands there."""

import os
import re
import subprocess
import sys

import pytest

from support.schemas import ROOT

LONG_S = 120

PAGE = (ROOT / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {code.partition("\n")[0]: code for code in BLOCKS}
TESTS = [code for first, code in FILES.items() if first.startswith("def test_")]


@pytest.fixture
def run(tmp_path):
    """Runs a command in an empty folder, as a user; what it says."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("EWSPUSH_", "PYTEST_"))}
    (tmp_path / "pytest.ini").touch()

    def run(*command):
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env=own | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONG_S,
            check=False,
        )
        return ended.returncode, ended.stdout

    return run


def test_the_ten_minutes_lead_from_a_failing_test_to_a_passing_one(run, tmp_path):
    pytest_ = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist")
    wrong = FILES["# orders.py"]
    (tmp_path / "orders.py").write_text(wrong)
    (tmp_path / "test_orders.py").write_text(FILES["# test_orders.py"])
    status, said = run(*pytest_)
    assert status == 1
    assert "1 failed, 1 passed" in said
    assert re.search(
        r"^ {2}\S+ \S+ 9 events: 3 Created, 3 NewMail, 3 Modified -> OK \(HTTP 200\)$",
        said,
        re.MULTILINE,
    )
    right = FILES["# orders.py, from @app.post on"].partition("\n")[2]
    (tmp_path / "orders.py").write_text(wrong[: wrong.index("@app.post")] + right)
    status, said = run(*pytest_)
    assert (status, "2 passed" in said) == (0, True), said


def test_the_tests_that_are_shown_pass(run, tmp_path):
    assert len(TESTS) == 5
    (tmp_path / "test_shown.py").write_text("\n\n".join(TESTS))
    status, said = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    assert (status, f"{len(TESTS)} passed" in said) == (0, True), said


def test_it_can_be_used_without_pytest(run, tmp_path):
    (tmp_path / "no_pytest.py").write_text(FILES["# no_pytest.py"])
    assert run(sys.executable, "no_pytest.py") == (0, "")
