"""The samples for those who test responders of their own, run as their users run them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.schemas import ROOT

SAMPLES = ROOT / "samples" / "testing"
LONG_S = 120
JUNIT = Path("/usr/share/java/junit-platform-console-standalone.jar")
CLASS_PATH = f"{JUNIT.parent}/*"


@pytest.fixture
def environment(tmp_path):
    """That of a user: no settings, and the command is found."""
    command = tmp_path / "ewspush"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m ewspush "$@"\n')
    command.chmod(0o755)
    own = {name: value for name, value in os.environ.items() if not name.startswith("EWSPUSH_")}
    return own | {"EWSPUSH": str(command), "PYTHONPATH": str(ROOT / "src")}


def run(command, folder, environment):
    """What it says, if all is well."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize(("sample", "tests"), [("flask", 2), ("aws_lambda", 2)])
def test_the_samples_in_python_pass(environment, tmp_path, sample, tests):
    options = ("-p", "no:cacheprovider", f"--basetemp={tmp_path / 'pytest'}")
    said = run((sys.executable, "-m", "pytest", sample, *options), SAMPLES, environment)
    assert f"{tests} passed" in said


def test_the_sample_in_javascript_passes(environment):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node (Debian: nodejs)")
    said = run((node, "--test"), SAMPLES / "javascript", environment)
    assert re.search(r"^# pass 1$", said, re.MULTILINE)


def test_the_sample_in_java_passes(environment, tmp_path):
    java, javac = shutil.which("java"), shutil.which("javac")
    if java is None or javac is None:
        pytest.skip("there is no Java compiler (Debian: openjdk-17-jdk-headless)")
    if not JUNIT.exists():
        pytest.skip(f"there is no {JUNIT} (Debian: junit5)")
    sources = sorted(map(str, (SAMPLES / "java").glob("*.java")))
    compiled = tmp_path / "classes"
    run((javac, "-cp", CLASS_PATH, "-d", compiled, *sources), tmp_path, environment)
    console = ("org.junit.platform.console.ConsoleLauncher", "--disable-banner")
    where = ("-cp", f"{CLASS_PATH}:{compiled}")
    said = run((java, *where, *console, "--scan-class-path", compiled), tmp_path, environment)
    assert re.search(r"\[ +1 tests successful +\]", said)
