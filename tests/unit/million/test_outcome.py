from __future__ import annotations

from pathlib import Path

import pytest

from tests.million.objects import objects
from tests.million.outcome import Outcome


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Outcome, Outcome]:
    made = []
    for generation in ("111", "222"):
        folder = tmp_path / generation
        folder.mkdir()
        (folder / "output").write_text(f"id,uri\n1,gs://out/images/m/{generation}/1_0.jpg\n")
        made.append(Outcome(folder, f"gs://out/images/m/{generation}/"))
    return made[0], made[1]


def test_the_runs_own_folder_makes_no_difference(pair: tuple[Outcome, Outcome]) -> None:
    one, other = pair
    assert one.difference("output", other) == ""
    assert one.difference("rejects", other) == ""


def test_another_byte_is_found(pair: tuple[Outcome, Outcome]) -> None:
    one, other = pair
    with (other.folder / "output").open("a") as file:
        file.write("2,\n")
    assert "line 3" in one.difference("output", other)


def test_objects_are_counted_by_kind(tmp_path: Path) -> None:
    for name in ("out/images/m/1/1_0.jpg", "out/images/m/1/2_0.jpg", "work/_dropforge/runs/ab/parts/00000.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"123")
    (tmp_path / "out.bucketMetadata").write_bytes(b"{}")
    found = objects(tmp_path)
    assert {kind: (each.count, each.bytes) for kind, each in found.items()} == {"images": (2, 6), "part record": (1, 3)}
