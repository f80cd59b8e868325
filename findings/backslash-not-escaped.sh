#!/usr/bin/env bash
# Two engines write backslash-escaped CSV that most readers of the same dialect read otherwise, one losing rows.
#
# Run: datafusion 55.0.0 and duckdb 2.0.1 write; they, pandas 3.1.1, pyarrow 25.0.0, daft 0.7.26 and Python's csv
# read, each told that `\` escapes and quotes are not doubled. The cells hold backslashes: a Windows path, `\`, `\n`.
# One would expect the cells back: both document the option as the character that escapes (DataFusion's "Format
# Options", DuckDB's COPY).
# What happens: DataFusion escapes quotes but not the escape character: the cell `a\` is written as "a\". csv, pandas,
# pyarrow, daft and DataFusion itself take what follows for more of the cell: 5 rows of 7, silently; DuckDB raises.
# (BurntSushi/rust-csv#432, open since August 2026, is about the writer underneath.)
# DuckDB doubles the backslash where it quotes the cell and leaves it alone where it doesn't: it, daft and DataFusion
# read that back, while csv and pandas drop backslashes and merge cells (`a\,z` is one), silently; pyarrow raises.
# Who meets it: whoever asks for backslashes because the next program is MySQL or Spark. Doubled quotes, the default of
# both, come back right everywhere.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    datafusion==55.0.0 duckdb==2.0.1 pandas==3.1.1 pyarrow==25.0.0 daft==0.7.26
cat > look.py <<'PY'
import csv
from pathlib import Path

import daft
import datafusion
import duckdb
import pandas
import pyarrow
import pyarrow.csv

CELLS = ["plain", "C:\\dir\\new", "a\\", "5\" pipe", "\\", "b\\n", "last"]
ROWS = [[f"k{n}", cell, "z"] for n, cell in enumerate(CELLS)]
NAMES = ["id", "text", "end"]
TABLE = pyarrow.table({name: [row[at] for row in ROWS] for at, name in enumerate(NAMES)})


def datafusion_writes(path):
    context = datafusion.SessionContext()
    context.from_arrow(TABLE, "t")
    options = "'format.has_header' 'true', 'format.escape' '\\', 'format.double_quote' 'false'"
    context.sql(f"COPY t TO '{path}' STORED AS CSV OPTIONS ({options})").collect()


def duckdb_writes(path):
    connection = duckdb.connect()
    connection.register("t", TABLE)
    connection.execute(f"COPY t TO '{path}' (FORMAT csv, HEADER, ESCAPE '\\')")


def by_csv(path):
    with open(path, newline="") as file:
        return list(csv.reader(file, escapechar="\\", doublequote=False))[1:]


def by_pandas(path):
    return pandas.read_csv(path, dtype=str, keep_default_na=False, escapechar="\\", doublequote=False).values.tolist()


def by_pyarrow(path):
    read = pyarrow.csv.read_csv(
        path, parse_options=pyarrow.csv.ParseOptions(escape_char="\\", double_quote=False, newlines_in_values=True)
    )
    return [list(row.values()) for row in read.to_pylist()]


def by_daft(path):
    schema = {name: daft.DataType.string() for name in NAMES}
    read = daft.read_csv(path, schema=schema, escape_char="\\", double_quote=False).to_pydict()
    return [list(row) for row in zip(*read.values(), strict=True)]


def by_datafusion(path):
    context = datafusion.SessionContext()
    context.sql(
        f"CREATE EXTERNAL TABLE x(id VARCHAR, text VARCHAR, \"end\" VARCHAR) STORED AS CSV LOCATION '{path}' OPTIONS("
        "'has_header' 'true', 'newlines_in_values' 'true', 'format.escape' '\\', 'format.double_quote' 'false')"
    ).collect()
    read = pyarrow.Table.from_batches(context.sql("SELECT * FROM x").collect())
    return [list(row.values()) for row in read.to_pylist()]


def by_duckdb(path):
    options = "all_varchar=true, delim=',', quote='\"', escape='\\', header=true"
    return [list(row) for row in duckdb.connect().execute(f"FROM read_csv('{path}', {options})").fetchall()]


def seen(read, path):
    try:
        rows = read(path)
    except Exception:
        return "raises"
    if rows == ROWS:
        return "all cells"
    return f"{len(rows)} rows, {sum(row in rows for row in ROWS)} right"


RESULTS = {}
for write in (datafusion_writes, duckdb_writes):
    path = f"{write.__name__}.csv"
    write(path)
    print(f"{path}: {Path(path).read_bytes()}")
    for read in (by_csv, by_pandas, by_pyarrow, by_daft, by_datafusion, by_duckdb):
        RESULTS[write.__name__, read.__name__] = seen(read, path)
        print(f"  {read.__name__:14} {RESULTS[write.__name__, read.__name__]}")
WANTED = {
    ("datafusion_writes", "by_csv"): "5 rows, 2 right",
    ("datafusion_writes", "by_pandas"): "5 rows, 2 right",
    ("datafusion_writes", "by_pyarrow"): "5 rows, 2 right",
    ("datafusion_writes", "by_daft"): "5 rows, 2 right",
    ("datafusion_writes", "by_datafusion"): "5 rows, 2 right",
    ("datafusion_writes", "by_duckdb"): "raises",
    ("duckdb_writes", "by_csv"): "7 rows, 3 right",
    ("duckdb_writes", "by_pandas"): "7 rows, 3 right",
    ("duckdb_writes", "by_pyarrow"): "raises",
    ("duckdb_writes", "by_daft"): "all cells",
    ("duckdb_writes", "by_datafusion"): "all cells",
    ("duckdb_writes", "by_duckdb"): "all cells",
}
assert RESULTS == WANTED, {pair: got for pair, got in RESULTS.items() if WANTED[pair] != got}
print("as found: DataFusion loses rows of its own file; DuckDB's unquoted backslashes are lost by csv and pandas")
PY
venv/bin/python look.py
