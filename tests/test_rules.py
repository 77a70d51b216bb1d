"""The table of rules in the documentation: each row names a test, which exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (?P<rule>[^|]+) \| `(?P<file>tests/[\w/]+\.py)::(?P<test>test_\w+)` \|$")


def rows() -> list[tuple[str, str, str]]:
    lines = (ROOT / "docs" / "rules.md").read_text().splitlines()
    of_table = [line for line in lines if line.startswith("| ") and "---" not in line]
    found = [ROW.match(line) for line in of_table if not line.startswith("| What it says")]
    assert all(found), "a row is not of the form that is read here"
    return [(row["rule"], row["file"], row["test"]) for row in found if row]


@pytest.mark.parametrize(("rule", "file", "test"), rows(), ids=lambda value: value)
def test_each_rule_has_its_test(rule: str, file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    assert test in names, f"{rule}: there is no {test} in {file}"


def test_no_rule_is_there_twice() -> None:
    rules = [rule for rule, _, _ in rows()]
    assert len(rules) == len(set(rules)) > 40
