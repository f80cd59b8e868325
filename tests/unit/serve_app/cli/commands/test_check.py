"""`dropforge check` as a person or a script calls it, and the check that `drop --dry-run` makes."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from google.cloud import storage

from actors.model.catalogue import Catalogue
from serve_app.cli import main
from tests.unit.actors.profiling.shops import excel, reference

pytestmark = pytest.mark.usefixtures("folder")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def export(folder: Path) -> Path:
    file = folder / "export.csv"
    file.write_bytes(excel().encode("cp1252"))
    return file


def test_a_file_is_shown_with_its_settings(export: Path) -> None:
    result = run("check", str(export))
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "encoding cp1252: " in shown
    assert "delimiter semicolon: 100% of the first 25 records have 7 fields with it" in shown
    assert "Bilder image image list 100% 0% https://cdn.example/0.jpg|https://cdn.example/0b.jpg" in shown
    assert "24 of the first 24 would be in the output" in shown
    settings = result.stdout.partition("under the application's `args`:")[2]
    assert Catalogue.model_validate(yaml.safe_load(settings)["catalogue"]).columns.id == "Artikel-Nr"


def test_settings_are_written_as_yaml(export: Path, folder: Path) -> None:
    result = run("check", str(export), "--write", "catalogue.yaml", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    written = yaml.safe_load((folder / "catalogue.yaml").read_text())
    assert written == {"catalogue": told["settings"]}
    assert told["fine"]
    assert told["file"]["delimiter"] == ";"
    assert told["roles"]["id"]["column"] == "Artikel-Nr"
    assert told["trial"]["rows"] == 24
    assert told["trial"]["first_rows"][0]["c0_name"] == "Haus"


@pytest.mark.parametrize(("arguments", "start"), [([], "A long description of"), (["--clean"], "long description")])
def test_descriptions_are_cleaned_where_asked_for(folder: Path, arguments: list[str], start: str) -> None:
    (folder / "a.csv").write_text(reference())
    told = json.loads(run("check", "a.csv", "--json", *arguments).stdout)
    assert told["trial"]["first_rows"][0]["description"].startswith(start)


def test_a_role_without_a_column_is_told_by_the_exit_code(folder: Path) -> None:
    (folder / "a.csv").write_text("sku,title,description,image\nP-1,Pot,A pot of clay.,https://h.example/1.png\n")
    result = run("check", "a.csv")
    assert result.exit_code == 3
    assert "No column was found for specifications, categories." in result.stdout


def test_many_rejects_are_told_by_the_exit_code(folder: Path) -> None:
    (folder / "a.csv").write_text(reference() + "too,few\n" * 4)
    result = run("check", "a.csv")
    assert result.exit_code == 3
    assert "rejects 4 = 4 wrong_field_count" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("none.csv", None, "No such file"),
        ("empty.csv", b"", "empty"),
        ("program.csv", b"\x7fELF" + bytes(100), "an executable"),
        (".", None, "directory"),
    ],
)
def test_what_can_t_be_read_is_a_failure(folder: Path, name: str, content: bytes | None, why: str) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    result = run("check", name)
    assert result.exit_code == 1
    assert why in result.stderr


HOSTILE = ["\x1b]0;x\x07", "\u2028catalogue: x", "\x85encoding: x", "\u202egnp", "[red]", "a: &a [*a]", "\rb"]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_cells_forge_neither_terminal_nor_settings(folder: Path, text: str) -> None:
    forged = reference().replace("product_category_tree", "category").replace("Home >> ", f"{text} / ")
    (folder / "a.csv").write_text(forged.replace(">>", "/").replace("brand", f'"brand {text}"'), newline="")
    result = run("check", "a.csv", "--write", "settings.yaml")
    assert result.exit_code in (0, 3), result.output
    assert result.stdout.replace("\n", "").isprintable()
    written = yaml.safe_load((folder / "settings.yaml").read_text())
    assert written["catalogue"]["category_separator"] == "/"
    assert set(written["catalogue"]) <= {"columns", "category_separator", "optional_columns"}


@pytest.fixture
def bucket(client: storage.Client, storage_address: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{storage_address}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return prefix


@pytest.mark.parametrize("packed", [False, True])
def test_an_object_is_looked_at(bucket: str, client: storage.Client, packed: bool) -> None:
    data = reference().encode()
    client.bucket("work").blob(f"{bucket}a.csv").upload_from_string(gzip.compress(data) if packed else data)
    result = run("check", f"gs://work/{bucket}a.csv", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["trial"]["rows"] == 24


@pytest.mark.parametrize(
    ("uri", "why"), [("gs://work/none.csv", "no longer exists"), ("gs://work", "names no object"), ("gs:///a", "names")]
)
def test_an_object_that_is_not_there_is_a_failure(bucket: str, uri: str, why: str) -> None:
    result = run("check", uri)
    assert result.exit_code == 1
    assert why in result.stderr


class TestDryRun:
    def test_a_file_of_the_settings_in_force(self, folder: Path) -> None:
        (folder / "a.csv").write_text(reference())
        told = json.loads(run("drop", "a.csv", "--dry-run", "--json").stdout)
        assert (told["records"], told["trial"]["rows"], told["trial"]["rejects"]) == (24, 24, {})
        assert (told["trial"]["troubles"], told["proposals"]) == ([], [])

    def test_the_setting_that_is_off_is_named(self, folder: Path) -> None:
        (folder / "a.csv").write_text(reference().replace(">>", "|"))
        result = run("drop", "a.csv", "--dry-run", "--json")
        assert result.exit_code == 0
        told = json.loads(result.stdout)
        assert [(each["setting"], each["value"]) for each in told["proposals"]] == [("category_separator", "|")]
        shown = " ".join(run("drop", "a.csv", "--dry-run").stdout.split())
        assert "the category path has one level, but looks like more in 24 of 24 rows" in shown
        assert "category_separator: '|'" in shown

    def test_a_required_column_that_is_blank_is_named(self, folder: Path) -> None:
        (folder / "a.csv").write_text(re.sub('"A long description of the Oats[^"]*"', "", reference()))
        told = json.loads(run("drop", "a.csv", "--dry-run", "--json").stdout)
        assert told["trial"]["troubles"] == ["17% of the first 24 rows would be rejects"]
        assert [(each["setting"], each["evidence"]) for each in told["proposals"]] == [
            ("required", ["description is blank in 17% of the rows"])
        ]

    def test_a_refused_file_is_sent_to_the_check(self, export: Path) -> None:
        result = run("drop", str(export), "--dry-run")
        assert result.exit_code == 1
        assert f"`dropforge check {export}` proposes the settings" in result.stderr
