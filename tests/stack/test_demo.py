"""`dropforge demo`, as `make demo` calls it: everything for real, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.sample import sample

DEADLINE_S = 280


@dataclass(frozen=True, slots=True)
class Demo:
    exit_code: int
    answer: dict[str, Any]
    told: str
    mark: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    mark = uuid.uuid4().hex
    command = [sys.executable, "-c", "from serve_app.cli import main; main()", "demo", "--json"]
    finished = subprocess.run(
        command,
        cwd=tmp_path_factory.mktemp("demo"),
        env={**os.environ, "TEST_DEMO_MARK": mark},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert finished.stdout, finished.stderr
    return Demo(finished.returncode, json.loads(finished.stdout), finished.stderr, mark)


def test_it_ends_well(demo: Demo) -> None:
    assert (demo.exit_code, demo.answer["ok"], demo.answer["faults"]) == (0, True, [])


def test_its_counts_are_those_of_the_planned_trouble(demo: Demo) -> None:
    planned = sample("http://127.0.0.1").expected
    counts = demo.answer["run"]["counts"]
    for name in ("records", "blank", "rows_out", "rejects", "images", "image_failures"):
        assert counts[name] == getattr(planned, name), name
    assert demo.answer["run"]["shards"]["done"] > 1
    assert demo.answer["output"]["rows"] == planned.rows_out


def test_its_rows_are_processed(demo: Demo) -> None:
    row = demo.answer["output"]["first"][0]
    assert row["description"] == row["description"].lower()
    assert json.loads(row["attributes"])["Fabric"]
    assert row["image_uri"].startswith("gs://dropforge-out/images/sample/")
    assert row["c0_name"]


def test_it_tells_what_runs_where_and_what_happens(demo: Demo) -> None:
    for told in (
        "gs://dropforge-in, watched for in/*.csv, in/*.csv.gz,",
        "dropforge-drops",
        "http://127.0.0.1:",
        "Dropped gs://dropforge-in/in/sample.csv#",
        "done        7/7 shards",
        "240 in = 234 out + 6 rejects",
        "2 images were fetched at the third attempt, after their host had answered 503 twice",
        "Everything is stopped and removed",
    ):
        assert told in demo.told


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look for processes")
def test_it_leaves_nothing_running(demo: Demo) -> None:
    assert [path for path in Path("/proc").glob("[0-9]*/environ") if _has(path, demo.mark)] == []


def _has(path: Path, mark: str) -> bool:
    try:
        return mark.encode() in path.read_bytes()
    except OSError:  # it has ended, or is somebody else's
        return False
