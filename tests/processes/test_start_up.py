"""What a command imports decides how fast it starts; what it has no use for is not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from serve_app.cli import main
from tests.support.fake_api import FakeApi, source_at, view_of

NEVER = ("ray", "pandas", "spacy", "aiohttp", "fastapi", "PIL", "opentelemetry")
GOOGLE = ("google.cloud.storage", "google.cloud.pubsub_v1", "grpc", "pyarrow", "numpy")
SETTINGS = ("pydantic_settings", "yaml")

PROGRAM = """
import sys
from serve_app.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print("exit", end.code, file=sys.stderr)
print("modules", *sorted(sys.modules), file=sys.stderr)
"""


def imported(folder: Path, *arguments: str) -> tuple[str, set[str]]:
    """How the command ended, and every module that was imported by then."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )
    lines = ran.stderr.splitlines()
    (end,) = [line for line in lines if line.startswith("exit ")] or ["exit 0"]
    return end, set(lines[-1].split()[1:])


def of(modules: set[str], names: Sequence[str]) -> set[str]:
    return {name for name in names if name in modules}


@pytest.mark.parametrize("command", sorted(main.commands))
def test_help_needs_the_options_alone(folder: Path, command: str) -> None:
    end, modules = imported(folder, command, "--help")
    assert end == "exit 0"
    assert of(modules, (*NEVER, *GOOGLE, *SETTINGS, "requests", "rich.console")) == set()


@pytest.mark.parametrize(
    "arguments",
    [("runs",), ("runs", "{run}"), ("watch", "{run}"), ("status",), ("dead-letters",), ("replay",)],
    ids=" ".join,
)
def test_what_only_talks_http_imports_no_client_and_no_settings(
    folder: Path, api: FakeApi, arguments: tuple[str, ...]
) -> None:
    view = view_of()
    api.hold(view)
    end, modules = imported(folder, *(word.format(run=view.run_id) for word in arguments), "--url", api.url)
    assert end in ("exit 0", "exit 1"), end
    assert "requests" in modules
    assert of(modules, (*NEVER, *GOOGLE, *SETTINGS)) == set()


def test_head_imports_pandas_and_no_ray(folder: Path, api: FakeApi) -> None:
    view = view_of(output="gs://dropforge-out/processed/a.csv")
    api.hold(view)
    api.source = source_at(api.url)  # has no such object
    end, modules = imported(folder, "runs", view.run_id, "--head", "--url", api.url)
    assert end == "exit 1", end
    assert of(modules, NEVER) - {"opentelemetry"} == {"pandas"}


def test_a_dry_run_imports_no_client(folder: Path) -> None:
    file = folder / "a.csv"
    file.write_text(
        "uniq_id,product_name,description,image,product_specifications,product_category_tree\n"
        "1,Shoe,A shoe,[],{},Shoes\n"
    )
    end, modules = imported(folder, "drop", "a.csv", "--dry-run")
    assert end == "exit 0"
    assert of(modules, (*NEVER, "google.cloud.storage", "google.cloud.pubsub_v1", "grpc", "requests")) == set()


def test_a_check_imports_pandas_and_no_client(folder: Path) -> None:
    (folder / "a.csv").write_text("sku,title,image\n1,Shoe,http://h.example/1.jpg\n")
    end, modules = imported(folder, "check", "a.csv")
    assert end == "exit 3"
    assert of(modules, NEVER) == {"pandas"}
    assert of(modules, ("google.cloud.storage", "google.cloud.pubsub_v1", "grpc", "requests")) == set()


@pytest.mark.parametrize("arguments", [("doctor",), ("drop", "a.csv"), ("rejects", "abc")], ids=" ".join)
def test_what_needs_a_client_imports_no_ray(
    folder: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    (folder / "a.csv").write_text("x\n")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", api.url)  # has no bucket: what can't be reached is tried for minutes
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    api.source = source_at(api.url, object_patterns=("*",))
    monkeypatch.setenv("DROPFORGE_URL", api.url)
    end, modules = imported(folder, *arguments)
    assert end in ("exit 1", "exit 2")
    assert of(modules, NEVER) <= {"opentelemetry"}
