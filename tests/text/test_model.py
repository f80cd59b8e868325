"""The model is the official one, byte for byte, or nothing starts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from actors.errors import Code, DropforgeError
from actors.text.plain import model


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The installed model's files, linked, so that one can be replaced."""
    source = model.locate()
    for file in model.recorded_files():
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).symlink_to(source / file.path)
    return tmp_path


def test_the_installed_model_is_the_official_one() -> None:
    model.verify(model.locate())


def test_the_record_is_the_official_wheels(shared_data: Path) -> None:
    with (shared_data / "en_core_web_sm-3.8.0.record.csv").open(newline="", encoding="utf-8") as lines:
        official = {path: (sha256, int(size)) for path, sha256, size in csv.reader(lines)}
    ours = {file.path: (file.sha256, file.size_bytes) for file in model.recorded_files()}
    assert official.keys() - ours.keys() == {"meta.json"}
    assert ours == {path: official[path] for path in ours}


@pytest.mark.parametrize("path", ["tagger/model", "lemmatizer/lookups/lookups.bin", "config.cfg"])
def test_one_changed_bit_is_found(copy: Path, path: str) -> None:
    content = bytearray((copy / path).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / path).unlink()
    (copy / path).write_bytes(content)
    with pytest.raises(DropforgeError, match=path) as caught:
        model.verify(copy)
    assert caught.value.code is Code.MODEL_ALTERED
    assert "pip install" in caught.value.message


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "parser/moves").unlink()
    with pytest.raises(DropforgeError, match="parser/moves") as caught:
        model.verify(copy)
    assert caught.value.code is Code.MODEL_ALTERED


def test_an_absent_package_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "PACKAGE", "no_such_model")
    with pytest.raises(DropforgeError, match="not installed") as caught:
        model.load()
    assert caught.value.code is Code.MODEL_ALTERED


def test_versions_name_the_model_and_spacy() -> None:
    assert model.versions().keys() == {"model", "spacy"}
    assert model.versions()["model"] == "en_core_web_sm 3.8.0"
