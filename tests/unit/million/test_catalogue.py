from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from tests.million.catalogue import MOST_IMAGES, Catalogue, Expected
from tests.million.trouble import EVERY, KINDS, trouble_of

URL = "http://127.0.0.1:8081"
ROWS = EVERY * len(KINDS)


def written(folder: Path, *, rows: int = ROWS, seed: int = 1) -> tuple[bytes, Expected]:
    path = folder / f"{rows}-{seed}.csv"
    expected = Catalogue(rows, seed=seed, image_url=URL).write(path)
    return path.read_bytes(), expected


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    assert written(tmp_path, rows=50) == written(tmp_path, rows=50)
    assert written(tmp_path, rows=50)[0] != written(tmp_path, rows=50, seed=2)[0]


def test_one_row_in_200_is_in_trouble() -> None:
    troubled = [trouble for row in range(1, ROWS + 1) if (trouble := trouble_of(row))]
    assert Counter(troubled) == Counter(KINDS)


def test_every_row_is_expected_somewhere(tmp_path: Path) -> None:
    content, expected = written(tmp_path)
    records = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))
    assert expected.rows == len(records) - 1 == ROWS
    assert expected.rows_out + sum(expected.rejects.values()) == ROWS
    assert sum(expected.images.values()) == expected.rows_out
    assert expected.bytes == len(content)


def test_products_have_one_to_several_images(tmp_path: Path) -> None:
    content, _ = written(tmp_path, rows=EVERY // 2 - 1)
    rows = csv.DictReader(io.StringIO(content.decode()))
    assert {row["image"].count("http") for row in rows} == set(range(1, MOST_IMAGES + 1))


def test_expectations_are_kept(tmp_path: Path) -> None:
    _, expected = written(tmp_path)
    expected.save(tmp_path / "expected.json")
    assert Expected.load(tmp_path / "expected.json") == expected
