"""Runs the programs and compares what they write with the table. See the package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from .programs import HEADER, PROGRAMS, Program, rows
from .table import TABLE, Written

_R_ROWS = """
lines <- strsplit(readLines(Sys.getenv("HEXROWS")), " ")
cell <- function(hex) if (hex == "-") NA_character_ else if (hex == "_") "" else
  rawToChar(as.raw(strtoi(substring(hex, seq(1, nchar(hex), 2), seq(2, nchar(hex), 2)), 16L)))
cells <- as.data.frame(do.call(rbind, lapply(lines[-1], function(line) vapply(line, cell, ""))))
names(cells) <- vapply(lines[[1]], cell, "")
row.names(cells) <- NULL
saveRDS(cells, Sys.getenv("RDS"))
"""


def written(program: Program, python: str, folder: Path) -> Written:
    """What a program writes. Raises `OSError` or `CalledProcessError` where it is not there or fails."""
    table: list[list[str | None]] = [list(HEADER), *rows()]
    places = {"ROWS": folder / "rows.json", "OUT": folder / "out", "RDS": folder / "rds", "HEXROWS": folder / "hex"}
    environment = os.environ | {name: str(path) for name, path in places.items()}
    places["ROWS"].write_text(json.dumps(table))
    if program.command[0] == "Rscript":
        cells = [["-" if cell is None else cell.encode().hex() or "_" for cell in row] for row in table]
        places["HEXROWS"].write_text("".join(" ".join(row) + "\n" for row in cells))
        subprocess.run(("Rscript", "-e", _R_ROWS), env=environment, check=True, capture_output=True)

    def run(command: tuple[str, ...]) -> bytes:
        command = tuple(python if word == "{python}" else word for word in command)
        return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

    version = re.search(r"\d+\.[\d.]*\d", run(program.version).decode())
    run((*program.command, program.code))
    return Written(program.name, version[0] if version else "", places["OUT"].read_bytes())


@click.command(help=__doc__)
@click.option(
    "--python", default=sys.executable, show_default=True, help="has DuckDB, polars, pyarrow, pandas, PySpark"
)
@click.option("--only", default="", help="programs with this in their name")
@click.option("--write", is_flag=True, help="Print the table's lines instead of comparing.")
def main(python: str, only: str, write: bool) -> None:
    different = 0
    known = {entry.writer: entry for entry in TABLE}
    for program in PROGRAMS:
        if only.casefold() not in program.name.casefold():
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = written(program, python, Path(folder))
            except (OSError, subprocess.CalledProcessError) as error:
                reason = getattr(error, "stderr", None) or str(error).encode()
                click.echo(f"# {program.name}: not run: {reason[-300:].decode(errors='replace')}", err=True)
                continue
        if write:
            lines = "".join(f"        {line!r}\n" for line in found.data.splitlines(keepends=True))
            click.echo(
                f"    Written(\n        {found.writer!r},\n        {found.version!r},\n{lines.rstrip()},\n    ),"
            )
        elif found.writer not in known or known[found.writer].data != found.data:
            different += 1
            click.echo(f"{program.name} {found.version} writes otherwise than the table says:\n{found.data!r}")
        else:
            click.echo(f"{program.name} {found.version}: as in the table")
    sys.exit(different)


if __name__ == "__main__":
    main()
