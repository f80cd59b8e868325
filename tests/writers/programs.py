"""How each program is made to write a table: a command that gets the rows as JSON, and writes the file."""

from __future__ import annotations

from dataclasses import dataclass

HEADER = ("i", "n", "d", "b", "m", "s", "c")
CELLS: dict[str, str | None] = {
    "plain": "name",
    "quote": '5" pipe',
    "quotes at the start": '"Bio" milk',
    "open quote": '"Eco milk',
    "quotes around": '"Bio"',
    "comma": "a, b",
    "tab": "a\tb",
    "hash": '{"k"=>"v, w"}',
    "newline": "a\nb",
    "lone cr": "a\rb",
    "backslash": "C:\\dir",
    "last backslash": "C:\\",
    "two backslashes": "a\\\\b",
    "backslash and quote": 'a\\"b',
    "backslash n": "C:\\new",
    "null": None,
    "empty": "",
    "blanks": " x ",
}
"""The cells that are written, each as the name of a row."""


def rows() -> list[list[str | None]]:
    """The table: the cells as names, between plain ones."""
    return [[str(row), cell, "d", "b", "m", "s", "c"] for row, cell in enumerate(CELLS.values(), start=1)]


@dataclass(frozen=True, slots=True)
class Program:
    """`command` runs `code`; `{python}` is an interpreter that has the package. It writes the file `$OUT`, of the rows
    in the JSON file `$ROWS`, which begin with the header. `version` prints the program's version."""

    name: str
    command: tuple[str, ...]
    version: tuple[str, ...]
    code: str


def _python(name: str, package: str, code: str) -> Program:
    start = "import json, os; header, *rows = json.load(open(os.environ['ROWS'])); out = os.environ['OUT']\n"
    found = "platform.python_version()" if package == "platform" else f"{package}.__version__"
    version = ("{python}", "-c", f"import {package}; print({found})")
    return Program(name, ("{python}", "-c"), version, start + code)


def _pandas(name: str, options: str) -> Program:
    return _python(
        name, "pandas", f"import pandas; pandas.DataFrame(rows, columns=header).to_csv(out, index=False, {options})"
    )


def _duckdb(name: str, options: str) -> Program:
    code = f"""import duckdb
db = duckdb.connect()
db.execute("create table t (" + ", ".join(f"{{name}} varchar" for name in header) + ")")
db.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?)", rows)
db.execute(f"copy t to '{{out}}' ({options})")"""
    return _python(name, "duckdb", code)


def _spark(name: str, options: str) -> Program:
    code = f"""import glob, shutil
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
schema = ", ".join(f"{{name}} string" for name in header)
spark.createDataFrame(rows, schema).coalesce(1).write.csv(out + ".d", header=True, {options})
shutil.copy(glob.glob(out + ".d/part-*")[0], out)"""
    return _python(name, "pyspark", code)


def _php(name: str, arguments: str) -> Program:
    code = f"""$rows = json_decode(file_get_contents(getenv("ROWS")));
$out = fopen(getenv("OUT"), "w");
foreach ($rows as $row) {{ fputcsv($out, $row{arguments}); }}"""
    return Program(name, ("php", "-r"), ("php", "-r", "echo PHP_VERSION;"), code)


def _r(name: str, call: str) -> Program:
    code = f"""Sys.setlocale("LC_ALL", "C.UTF-8")
cells <- readRDS(Sys.getenv("RDS"))
{call}"""
    return Program(name, ("Rscript", "-e"), ("Rscript", "-e", "cat(as.character(getRversion()))"), code)


def _perl(name: str, options: str) -> Program:
    code = f"""use JSON::PP; use Text::CSV_XS; local $/; open my $in, "<", $ENV{{ROWS}};
my $rows = decode_json(<$in>); open my $out, ">:utf8", $ENV{{OUT}};
my $csv = Text::CSV_XS->new({{ binary => 1, eol => "\\n", {options} }});
$csv->print($out, $_) for @$rows;"""
    version = ("perl", "-MText::CSV_XS", "-e", "print $Text::CSV_XS::VERSION")
    return Program(name, ("perl", "-e"), version, code)


def _ruby(name: str, options: str) -> Program:
    code = f"""require "csv"; require "json"
CSV.open(ENV["OUT"], "w"{options}) {{ |csv| JSON.parse(File.read(ENV["ROWS"])).each {{ |row| csv << row }} }}"""
    return Program(name, ("ruby", "-e"), ("ruby", "-rcsv", "-e", "print CSV::VERSION"), code)


def _sqlite(name: str, mode: str) -> Program:
    code = f"""import json, os, subprocess
header, *rows = json.load(open(os.environ['ROWS']))
quote = lambda cell: "null" if cell is None else "'" + cell.replace("'", "''") + "'"
script = "create table t (" + ", ".join(header) + ");\\n"
script += "".join("insert into t values (" + ", ".join(map(quote, row)) + ");\\n" for row in rows)
script += f".headers on\\n{mode}\\n.once {{os.environ['OUT']}}\\nselect * from t;\\n"
subprocess.run(["sqlite3", ":memory:"], input=script.encode(), check=True)"""
    return Program(name, ("{python}", "-c"), ("sqlite3", "--version"), code)


def _jq(name: str, form: str) -> Program:
    code = f"""import os, subprocess
out = open(os.environ['OUT'], "wb")
subprocess.run(["jq", "-r", ".[] | {form}", os.environ['ROWS']], stdout=out, check=True)"""
    return Program(name, ("{python}", "-c"), ("jq", "--version"), code)


def _postgres(name: str, options: str) -> Program:
    """`$PGHOST` and the like name the server."""
    code = f"""import json, os, subprocess
header, *rows = json.load(open(os.environ['ROWS']))
quote = lambda cell: "null" if cell is None else "'" + cell.replace("'", "''") + "'"
script = "create temp table t (" + ", ".join(name + " text" for name in header) + ");\\n"
script += "".join("insert into t values (" + ", ".join(map(quote, row)) + ");\\n" for row in rows)
script += r"copy t to stdout with ({options})" + ";"
done = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", "-"], input=script.encode(), check=True,
    stdout=open(os.environ['OUT'], "wb"))"""
    return Program(name, ("{python}", "-c"), ("psql", "--version"), code)


def _mariadb(name: str, options: str) -> Program:
    """`$MARIADB` is the client's command, with where its server is. INTO OUTFILE writes no header: it is added."""
    delimiter = "," if "TERMINATED" in options else "\t"
    code = f"""import json, os, subprocess
header, *rows = json.load(open(os.environ['ROWS']))
quote = lambda cell: "null" if cell is None else "x'" + cell.encode().hex() + "'"
columns = ", ".join(name + " text" for name in header)
script = "create database if not exists test; use test; create or replace table t (" + columns + ");\\n"
script += "".join("insert into t values (" + ", ".join(map(quote, row)) + ");\\n" for row in rows)
script += f"select * from t into outfile '{{os.environ['OUT']}}.rows' " + {options!r} + ";"
subprocess.run(os.environ["MARIADB"].split(), input=script.encode(), check=True)
data = open(os.environ["OUT"] + ".rows", "rb").read()
open(os.environ["OUT"], "wb").write({delimiter!r}.join(header).encode() + b"\\n" + data)"""
    return Program(name, ("{python}", "-c"), ("sh", "-c", "$MARIADB -BNe 'select version()'"), code)


def _mysql_batch() -> Program:
    code = """import json, os, subprocess
header, *rows = json.load(open(os.environ['ROWS']))
quote = lambda cell: "null" if cell is None else "x'" + cell.encode().hex() + "'"
columns = ", ".join(name + " text" for name in header)
script = "create database if not exists test; use test; create or replace table t (" + columns + ");\\n"
script += "".join("insert into t values (" + ", ".join(map(quote, row)) + ");\\n" for row in rows)
script += "select * from t;"
subprocess.run(os.environ["MARIADB"].split() + ["--batch"], input=script.encode(), check=True,
    stdout=open(os.environ["OUT"], "wb"))"""
    return Program("mariadb --batch", ("{python}", "-c"), ("sh", "-c", "$MARIADB -BNe 'select version()'"), code)


_CSV = "import csv; csv.writer(open(out, 'w', newline=''), lineterminator='\\n', {}).writerows([header, *rows])"

PROGRAMS = (
    _pandas("pandas to_csv", ""),
    _pandas("pandas to_csv, escapechar", "escapechar='\\\\', doublequote=False"),
    _pandas("pandas to_csv, QUOTE_ALL", "quoting=1"),
    _pandas("pandas to_csv, QUOTE_ALL, escapechar", "quoting=1, escapechar='\\\\', doublequote=False"),
    _pandas("pandas to_csv, QUOTE_NONE, escapechar", "quoting=3, escapechar='\\\\', quotechar=None"),
    _pandas("pandas to_csv, tabs", "sep='\\t'"),
    _python("Python csv, excel-tab", "platform", _CSV.format("dialect='excel-tab'")),
    _python("Python csv, unix", "platform", _CSV.format("dialect='unix'")),
    _python(
        "polars write_csv",
        "polars",
        "import polars; polars.DataFrame(rows, schema=header, orient='row').write_csv(out)",
    ),
    _python(
        "polars write_csv, quote_style never",
        "polars",
        "import polars\npolars.DataFrame(rows, schema=header, orient='row')"
        ".write_csv(out, quote_style='never', separator='\\t')",
    ),
    _python(
        "pyarrow write_csv",
        "pyarrow",
        "import pyarrow as pa, pyarrow.csv\n"
        "pa.csv.write_csv(pa.table([pa.array(c, pa.string()) for c in zip(*rows)], names=header), out)",
    ),
    _duckdb("DuckDB COPY", "header"),
    _duckdb("DuckDB COPY, ESCAPE", "header, escape '\\\\'"),
    _duckdb("DuckDB COPY, tabs", "header, delimiter '\\t'"),
    _spark("PySpark write.csv", ""),
    _spark("PySpark write.csv, escape", "escape='\"'"),
    _spark("PySpark write.csv, tabs", "sep='\\t'"),
    _spark("PySpark write.csv, quoteAll", "quoteAll=True"),
    _php("PHP fputcsv", ""),
    _php("PHP fputcsv, no escape", ", ',', '\"', ''"),
    _r("R write.csv", "write.csv(cells, Sys.getenv('OUT'), row.names=FALSE)"),
    _r("R write.csv, row names", "write.csv(cells, Sys.getenv('OUT'))"),
    _r("R write.table, sep", "write.table(cells, Sys.getenv('OUT'), sep=',')"),
    _r("R write.table, no quotes", "write.table(cells, Sys.getenv('OUT'), sep='\\t', quote=FALSE, row.names=FALSE)"),
    _perl("Perl Text::CSV_XS", ""),
    _perl("Perl Text::CSV_XS, escape_char", "escape_char => '\\\\'"),
    _ruby("Ruby CSV", ""),
    _ruby("Ruby CSV, force_quotes", ", force_quotes: true"),
    _sqlite("sqlite3 .mode csv", ".mode csv"),
    _sqlite("sqlite3 .mode tabs", ".mode tabs"),
    _jq("jq @csv", "@csv"),
    _jq("jq @tsv", "@tsv"),
    _postgres("PostgreSQL COPY CSV", "format csv, header"),
    _postgres("PostgreSQL COPY CSV, ESCAPE", "format csv, header, escape '\\'"),
    _postgres("PostgreSQL COPY text", "format text, header"),
    _mariadb("MariaDB OUTFILE", ""),
    _mariadb("MariaDB OUTFILE, OPTIONALLY ENCLOSED", "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'"),
    _mariadb("MariaDB OUTFILE, commas", "FIELDS TERMINATED BY ','"),
    _mysql_batch(),
)
