"""What real programs wrote (`tests.writers`), read without a setting and with it: equal cells, or told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.reading import FileRead, read_file, short_catalogue
from tests.writers.programs import CELLS, PROGRAMS
from tests.writers.table import TABLE, Written

COUNT, QUOTING = "wrong_field_count", "ambiguous_quoting"

# What a program leaves of a cell, so that nothing could read it: another cell, or the codes of the rows it falls into.
TRIMMED = {"blanks": "x"}
BARE_CR = {"lone cr": COUNT}
NOTHING_QUOTED = {"tab": COUNT, "newline": COUNT, "lone cr": COUNT}
NA = {"null": "NA"}

# By program: the cells that don't come back without a setting, as above.
AS_FOUND: dict[str, dict[str, str]] = {
    "pandas to_csv": BARE_CR,
    "pandas to_csv, escapechar": BARE_CR,
    "pandas to_csv, QUOTE_NONE, escapechar": BARE_CR,
    "pandas to_csv, tabs": BARE_CR,
    "Python csv, excel-tab": BARE_CR,
    "polars write_csv, quote_style never": NOTHING_QUOTED,
    "PySpark write.csv": TRIMMED,
    "PySpark write.csv, escape": TRIMMED,
    "PySpark write.csv, tabs": TRIMMED,
    "PySpark write.csv, quoteAll": TRIMMED,
    "PHP fputcsv": {"backslash and quote": QUOTING},
    "R write.csv": NA,
    "R write.csv, row names": NA,
    "R write.table, sep": {"last backslash": QUOTING, "backslash and quote": QUOTING, **NA},
    "R write.table, no quotes": {**NOTHING_QUOTED, **NA},
    "sqlite3 .mode tabs": NOTHING_QUOTED,
    "MariaDB OUTFILE": BARE_CR,
    "MariaDB OUTFILE, commas": BARE_CR,
}
REFUSED = ("jq @tsv", "mariadb --batch")
TEXT = {"quoting": "none", "escapes": "backslash"}

# Program, settings, and the cells that don't come back with them.
AS_SET: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("jq @tsv", TEXT, {}),
    ("mariadb --batch", {**TEXT, "null_markers": ("NULL",)}, BARE_CR),
    ("PostgreSQL COPY text", TEXT, {}),
    ("MariaDB OUTFILE", TEXT, BARE_CR),
    ("R write.csv, row names", {"null_markers": ("NA",)}, {}),
    ("R write.table, sep", {"quoting": "backslash", "escapes": "none", "null_markers": ("NA",)},
     {"last backslash": QUOTING, "backslash and quote": QUOTING}),
    ("MariaDB OUTFILE, OPTIONALLY ENCLOSED", {"quoting": "backslash"}, {}),
    ("PySpark write.csv", {"quoting": "backslash"}, TRIMMED),
    ("Perl Text::CSV_XS, escape_char", {"quoting": "backslash", "escapes": "backslash"}, {}),
    ("polars write_csv", {"quoting": "doubled"}, {}),
    ("sqlite3 .mode tabs", {"quoting": "none", "escapes": "none"}, NOTHING_QUOTED),
]  # fmt: skip

BY_NAME = {entry.writer: entry for entry in TABLE}


def read(entry: Written, **settings: Any) -> FileRead:
    return read_file(entry.data, short_catalogue(required=("id",), **settings), shard_bytes=50, shard_rows=2)


def check(entry: Written, found: FileRead, others: dict[str, str]) -> None:
    assert found.refusal is None, found.refusal
    names = dict(zip(found.cells("id"), found.cells("name"), strict=True))
    codes = {COUNT, QUOTING}
    expected = {kind: others.get(kind, cell or "") for kind, cell in CELLS.items()}
    got = {kind: names.get(str(row)) for row, kind in enumerate(CELLS, start=1)}
    assert got == {kind: None if cell in codes else cell for kind, cell in expected.items()}
    assert set(found.codes) == set(expected.values()) & codes
    assert found.records == found.blank + len(found.rows) + len(found.rejects)


@pytest.mark.parametrize("entry", [entry for entry in TABLE if entry.writer not in REFUSED], ids=lambda e: e.writer)
def test_a_writer_s_cells_come_back_or_are_told(entry: Written) -> None:
    check(entry, read(entry), AS_FOUND.get(entry.writer, {}))


@pytest.mark.parametrize("name", REFUSED)
def test_an_unknowable_form_is_refused_with_its_setting(name: str) -> None:
    refusal = read(BY_NAME[name]).refusal
    assert refusal is not None
    assert refusal.code == "ambiguous_dialect"
    assert "`escapes`" in refusal.message
    assert "at line 8" in refusal.message


@pytest.mark.parametrize(("name", "settings", "others"), AS_SET, ids=[f"{name} {how}" for name, how, _ in AS_SET])
def test_with_the_setting_a_writer_s_cells_come_back(
    name: str, settings: dict[str, Any], others: dict[str, str]
) -> None:
    check(BY_NAME[name], read(BY_NAME[name], **settings), others)


def test_each_program_is_in_the_table_once() -> None:
    assert sorted(entry.writer for entry in TABLE) == sorted(program.name for program in PROGRAMS)


@pytest.mark.parametrize("entry", [entry for entry in TABLE if entry.writer not in REFUSED], ids=lambda e: e.writer)
def test_the_dialect_does_not_depend_on_shards(entry: Written) -> None:
    whole = read_file(entry.data, short_catalogue(required=("id",)))
    cut = read(entry)
    assert (whole.rows, whole.numbers, whole.raw, whole.codes) == (cut.rows, cut.numbers, cut.raw, cut.codes)
