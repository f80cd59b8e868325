"""A test's name says what is so, in under 60 characters, and can be read in a report without scrolling."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
LONGEST = 59


def test_names_are_under_60_characters() -> None:
    assert [name for name in names() if len(name.rpartition("::")[2]) > LONGEST] == []


def test_names_are_found() -> None:
    assert "unit/test_names.py::test_names_are_found" in set(names())


def names() -> Iterator[str]:
    """Every test as its file below tests/ and its own name, those of classes too."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(TESTS)}::{node.name}"
