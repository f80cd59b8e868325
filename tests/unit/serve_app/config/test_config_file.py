"""Which config file is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import Code, DropforgeError
from serve_app.config.config_file import CONFIG, config_file, own_application, read_yaml

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_named_file_goes_before_all_others(folder: Path) -> None:
    assert config_file() == CONFIG
    here = folder / "serve_config.yaml"
    here.write_text("")
    assert config_file() == here
    assert config_file(folder / "other.yaml") == folder / "other.yaml"


def test_the_package_s_file_is_the_checkout_s() -> None:
    assert CONFIG.read_bytes() == (ROOT / "serve_config.yaml").read_bytes()
    assert own_application(read_yaml(CONFIG), CONFIG)["name"] == "dropforge"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "[1]",
        "applications:",
        "applications: 5",
        "applications: [5]",
        "applications: [{import_path: shop:app}]",
    ],
)
def test_a_file_of_something_else_is_told(folder: Path, text: str) -> None:
    path = folder / "serve_config.yaml"
    path.write_text(text)
    with pytest.raises(DropforgeError, match="is no config file of Dropforge") as raised:
        own_application(read_yaml(path), path)
    assert raised.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", None])
def test_what_can_t_be_read_is_told(folder: Path, content: bytes | None) -> None:
    path = folder / "serve_config.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DropforgeError, match=r"(?s)can't be read.*dropforge config"):
        read_yaml(path)
