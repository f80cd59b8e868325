"""What is committed: the top level that was agreed on, and nothing that was only downloaded."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_TOP_LEVEL = {
    "serve_app",
    "actors",
    "infra",
    "tests",
    "Dockerfile",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "serve_config.yaml",
}


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    if not (_ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # A checkout may be another user's, as in a container; git then asks to be told that it is trusted.
    command = ("git", "-c", "safe.directory=*", "ls-files", "-z")
    listed = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


def test_the_top_level_holds_what_was_agreed_on(committed: list[Path]) -> None:
    visible = {path.parts[0] for path in committed if not path.parts[0].startswith(".")}
    assert visible == _TOP_LEVEL


def test_only_pictures_are_binary(committed: list[Path]) -> None:
    binary = [path for path in committed if (_ROOT / path).is_file() and b"\0" in (_ROOT / path).read_bytes()]
    assert {path.parent for path in binary} == {Path("infra/pictures")}
