"""The Markdown documents name settings, commands and catalogues that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from serve_app.cli.group import main
from serve_app.config.serve_config import checked_settings
from serve_app.config.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (".github", "actors", "infra", "serve_app", "tests")
_OF_THE_COMMAND = {"url"}
"""Variables that only the command reads."""

DOCUMENTS = [
    str(path.relative_to(_ROOT))
    for path in sorted([*_ROOT.glob("*.md"), *(path for folder in _FOLDERS for path in (_ROOT / folder).rglob("*.md"))])
]


def test_documents_are_found() -> None:
    assert {"README.md", "actors/README.md", "serve_app/README.md", ".github/CONTRIBUTING.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_in_documents_exist(document: str) -> None:
    named = re.findall(r"DROPFORGE_([A-Z][A-Z_]*[A-Z])", (_ROOT / document).read_text())
    settings = {name.lower().split("__")[0] for name in named}
    assert settings <= Settings.model_fields.keys() | _OF_THE_COMMAND


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_exist(document: str) -> None:
    named = re.findall(r"(?:`|bin/)dropforge ([a-z][a-z-]*)", (_ROOT / document).read_text())
    assert set(named) <= main.commands.keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_catalogues_in_documents_are_valid(document: str) -> None:
    for block in re.findall(r"^```yaml\n(catalogue:.*?)^```", (_ROOT / document).read_text(), re.DOTALL | re.MULTILINE):
        checked_settings(yaml.safe_load(block))
