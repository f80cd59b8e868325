"""How a drop is cut into shards changes no byte of its output."""

from __future__ import annotations

import csv
import io

import pytest

from actors.model.catalogue import Catalogue
from actors.model.manifest import Manifest
from tests.support.csv_records import records_of
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

WHOLE = {"shard_rows": 10**9, "shard_bytes": 1 << 30}
COLUMNS = [
    "uniq_id",
    "product_name",
    "description",
    "brand",
    "image",
    "product_specifications",
    "product_category_tree",
]


def first_records(data: bytes, count: int) -> bytes:
    """The header and the first records, line ends and quotes as they came."""
    text = data.decode("utf-8")
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines)
    for _ in range(count + 1):
        next(reader)
    return text[: lines.tell()].encode("utf-8")


def hostile() -> bytes:
    """Rows with what a cut could go wrong at: line ends of all kinds, quotes, and characters of many bytes."""
    texts = [
        "plain",
        "two\r\nlines",
        "two\nlines",
        'a "quoted" word',
        '"\r\n"',
        "größer, schöner",
        "目录 \U0001f600 \u2028 next",
        "x" * 5000,
        ',\n"",\r\n,',
        " outer blanks ",
    ]
    out = io.StringIO(newline="")
    out.write("\ufeff\r\n")
    crlf, lf = csv.writer(out, lineterminator="\r\n"), csv.writer(out, lineterminator="\n")
    crlf.writerow(COLUMNS)
    for number in range(200):
        text = texts[number % len(texts)]
        row = [
            f"{number}",
            text,
            f"Shoes are {text}",
            texts[(number + 3) % 10],
            "[]",
            '[{"key"=>"K", "value"=>"V"}]',
            text,
        ]
        (lf if number % 3 else crlf).writerow(row)
        if number % 7 == 0:
            out.write("\r\n")
        if number % 41 == 0:
            crlf.writerow(["", "no id", *row[2:]])
    out.write('200,"last, without a line end",shoes,,[],s,c')
    return out.getvalue().encode("utf-8")


class Results:
    """The output, rejects and reasons of each drop when it is one shard."""

    def __init__(self, stack: Stack, drops: dict[str, bytes]) -> None:
        self._stack = stack
        self.drops = drops
        self.of_whole = {name: self.of(name, "whole", WHOLE)[1:] for name in drops}

    def of(self, name: str, case: str, cut: dict[str, int]) -> tuple[Manifest, bytes, bytes, bytes]:
        drop = self._stack.drop(f"{UNWATCHED}{case}/{name}.csv", self.drops[name])
        # Its hostile rows are such that the file could be read in several ways.
        catalogue = Catalogue(quoting="doubled")
        run = self._stack.accept(drop, fetch_images=False, catalogue=catalogue, **cut)
        manifest = self._stack.done(drop)
        assert manifest.rejects in (None, run.rejects)
        rejects, reasons = (
            self._stack.output.read(found.name) if found else b"" for found in (manifest.rejects, manifest.reasons)
        )
        return manifest, self._stack.output_of(manifest), rejects, reasons


@pytest.fixture(scope="module")
def results(stack: Stack, sample: bytes) -> Results:
    return Results(stack, {"sample": sample, "first-60": first_records(sample, 60), "hostile": hostile()})


CUTS = [
    ("first-60", {"shard_rows": 1}, 60),
    ("first-60", {"shard_rows": 7, "shard_bytes": 5000}, None),
    ("sample", {"shard_rows": 7}, 101),
    ("sample", {"shard_rows": 50}, 14),
    ("sample", {"shard_rows": 400}, 2),
    ("sample", {"shard_rows": 10**6, "shard_bytes": 100_000}, None),
    ("hostile", {"shard_rows": 1}, 206),
    ("hostile", {"shard_rows": 7}, 30),
    ("hostile", {"shard_rows": 10**6, "shard_bytes": 3000}, None),
]


@pytest.mark.parametrize(("name", "cut", "shards"), CUTS, ids=[f"{name}-{cut}" for name, cut, _ in CUTS])
def test_a_cut_changes_no_byte(results: Results, name: str, cut: dict[str, int], shards: int | None) -> None:
    case = "-".join(f"{value}" for value in cut.values())
    manifest, *files = results.of(name, case, {**WHOLE, **cut})
    assert shards is None or manifest.shards == shards
    assert manifest.shards > 1
    assert tuple(files) == results.of_whole[name]


def test_the_hostile_rows_are_kept_as_they_came(results: Results) -> None:
    output, rejects, _ = results.of_whole["hostile"]
    source = [
        row for row in records_of(results.drops["hostile"].removeprefix("\ufeff\r\n".encode())) if any(row.values())
    ]
    good, bad = [row for row in source if row["uniq_id"]], [row for row in source if not row["uniq_id"]]
    rows = records_of(output)
    for theirs, ours in {
        "uniq_id": "uniq_id",
        "product_name": "product_name",
        "brand": "brand",
        "image": "image",
    }.items():
        assert [row[ours] for row in rows] == [row[theirs] for row in good]
    assert records_of(rejects) == bad
    assert (len(good), len(bad)) == (201, 5)
