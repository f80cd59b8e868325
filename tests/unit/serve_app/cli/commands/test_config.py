"""`dropforge config`, and where the other commands take their settings from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from serve_app.cli import main
from serve_app.config.config_file import CONFIG

pytestmark = pytest.mark.usefixtures("folder")

OWN = """\
applications:
- name: dropforge
  import_path: serve_app.app:build
  args: {source_bucket: shop-in, watched_prefix: drops/}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_one_that_comes_along_is_printed() -> None:
    result = run("config")
    assert (result.exit_code, result.stdout) == (0, CONFIG.read_text())
    assert str(CONFIG) in result.stderr


def test_the_folder_s_goes_before_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "serve_config.yaml").write_text(OWN)
    monkeypatch.setenv("DROPFORGE_SHARD_ROWS", "7")
    monkeypatch.setenv("DROPFORGE_API_TOKEN", "0123456789abcdef")
    result = run("config")
    assert result.stdout == OWN
    assert "DROPFORGE_SHARD_ROWS in the environment goes before it" in result.stderr
    found = json.loads(run("config", "--json").stdout)
    assert (found["path"], found["config"]) == (str(folder / "serve_config.yaml"), yaml.safe_load(OWN))
    assert (found["settings"]["source_bucket"], found["settings"]["shard_rows"]) == ("shop-in", 7)
    assert "0123456789abcdef" not in json.dumps(found)


def test_a_named_one_goes_before_the_folder_s(folder: Path) -> None:
    (folder / "serve_config.yaml").write_text(OWN)
    (folder / "other.yaml").write_text(OWN.replace("shop-in", "other-in"))
    assert "other-in" in run("config", "--config", "other.yaml").stdout


@pytest.mark.parametrize("command", ["up", "demo", "check", "drop", "doctor", "config"])
def test_each_command_can_be_given_a_file(command: str) -> None:
    assert "--config FILE" in run(command, "--help").output


def test_a_file_of_something_else_is_told(folder: Path) -> None:
    (folder / "serve_config.yaml").write_text("applications: [{import_path: shop:app}]")
    result = run("config")
    assert result.exit_code == 1
    assert "is no config file of Dropforge" in result.stderr
    assert "Traceback" not in result.output
