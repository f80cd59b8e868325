"""What is committed: the top level that was agreed on, and nothing that was only downloaded."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

_ROOT = Path(__file__).resolve().parents[2]
_TOP_LEVEL = {
    "serve_app",
    "actors",
    "infra",
    "tests",
    "findings",
    "Dockerfile",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "serve_config.yaml",
}

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


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


def test_links_in_markdown_have_targets(committed: list[Path]) -> None:
    pages = [page for path in committed if path.suffix == ".md" and (page := _ROOT / path).is_file()]
    assert [link for page in pages for link in _broken(page)] == []


def test_hooks_run_the_linters_of_make_lint() -> None:
    config = yaml.safe_load((_ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook["entry"].removeprefix(".venv/bin/") for repo in config["repos"] for hook in repo["hooks"]]
    linters = re.findall(r"^\t\$\(BIN\)/((?:ruff|mypy) .*)$", (_ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [_without_options(hook) for hook in hooks] == [_without_options(linter) for linter in linters]


def _without_options(command: str) -> list[str]:
    return [word for word in command.split() if word != "." and not word.startswith("-")]


def _broken(page: Path) -> Iterator[str]:
    for link in _LINK.findall(_FENCED.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if ":" in path:  # https: and the like
            continue
        target = page.parent / unquote(path) if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield f"{page.relative_to(_ROOT)}: {link}"


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives headings: lower case, spaces as hyphens, no other punctuation."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
