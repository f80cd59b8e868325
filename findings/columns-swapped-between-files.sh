#!/usr/bin/env bash
# A folder of catalogues whose columns stand in another order: brands become names in two engines, silently.
#
# Run: daft 0.7.26, datafusion 55.0.0, polars 2.1.0, duckdb 2.0.1, pyarrow 25.0.0; two CSVs with headers,
# `id,name,brand` and `id,brand,name`, all text, read as one table.
# One would expect each cell under the name that its own file's header gives it, or an error where headers differ.
# What happens: daft and DataFusion take the names from one file and the cells of the others by position: "Acme" is a
# product's name. DuckDB and pyarrow.dataset go by each file's own header, polars raises. Where a file is a column
# short, daft fills up with null, by position too.
# Who meets it: whoever reads a shop's daily exports together after the shop's program was updated. Dropforge is not
# concerned: each drop is read by its own header.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    daft==0.7.26 datafusion==55.0.0 polars==2.1.0 duckdb==2.0.1 pyarrow==25.0.0
mkdir days
printf 'id,name,brand\nk1,shirt,Acme\nk2,shoe,Bolt\n' > days/1.csv
printf 'id,brand,name\nk3,Acme,hat\nk4,Bolt,sock\n' > days/2.csv
cat > look.py <<'PY'
import daft
import datafusion
import duckdb
import polars
import pyarrow.dataset


def by_datafusion():
    context = datafusion.SessionContext()
    context.sql("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'days/' OPTIONS ('has_header' 'true')").collect()
    return context.sql("SELECT id, name FROM t").to_pydict()


def by_polars():
    try:
        return polars.read_csv("days/*.csv", infer_schema=False).to_dict(as_series=False)
    except polars.exceptions.ComputeError as error:
        return str(error)


READERS = {
    "daft": lambda: daft.read_csv("days/*.csv").to_pydict(),
    "datafusion": by_datafusion,
    "duckdb": lambda: duckdb.sql("SELECT id, name FROM 'days/*.csv'").to_arrow_table().to_pydict(),
    "pyarrow": lambda: pyarrow.dataset.dataset("days", format="csv").to_table().to_pydict(),
    "polars": by_polars,
}
RIGHT = {"k1": "shirt", "k2": "shoe", "k3": "hat", "k4": "sock"}
# Which file gives the names is up to the engine: the cells of the other one are then swapped.
SWAPPED = ({**RIGHT, "k3": "Acme", "k4": "Bolt"}, {**RIGHT, "k1": "Acme", "k2": "Bolt"})
seen = {}
for engine, read in READERS.items():
    table = read()
    if isinstance(table, str):
        seen[engine] = "raises"
        print(f"{engine:12} raises: {table.splitlines()[0]}")
        continue
    names = dict(zip(table["id"], table["name"], strict=True))
    seen[engine] = "right" if names == RIGHT else "swapped" if names in SWAPPED else "other"
    print(f"{engine:12} {seen[engine]}: {dict(sorted(names.items()))}")
assert seen == {
    "daft": "swapped",
    "datafusion": "swapped",
    "duckdb": "right",
    "pyarrow": "right",
    "polars": "raises",
}, seen
print("as found: by position, silently, in daft and DataFusion")
PY
venv/bin/python look.py
