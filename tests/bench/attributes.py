"""How fast attributes and categories are, beside the reference's rules in their plain form.

    python -m tests.bench.attributes [--json PATH]

The plain forms do what the reference does, as it does it: chunks of a data frame, patterns compiled where they are
used, a walk over characters, jsonpickle where it is installed (else json, which is faster). Contenders take turns
and CPU time is measured; compare the ratios.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd
import pyarrow as pa

from actors.model.catalogue import Catalogue
from actors.reading.attribute_columns import attribute_columns
from tests.support.shared_data import SAMPLE

try:
    from jsonpickle import encode
except ImportError:
    encode = json.dumps

CHUNK_ROWS = 199


def ours(rows: pa.Table) -> list[list[str]]:
    columns = attribute_columns(rows, Catalogue())
    return [column.to_pylist() for column in (columns.attributes, *columns.levels)]


def plain(rows: pa.Table) -> list[list[str]]:
    frame = rows.to_pandas().astype(object)
    chunks = [plain_chunk(frame[at : at + CHUNK_ROWS].copy()) for at in range(0, len(frame), CHUNK_ROWS)]
    whole = pd.concat(chunks).reindex(columns=["attributes", *(f"c{level}_name" for level in range(8))]).fillna("")
    return [whole[name].tolist() for name in whole]


def plain_chunk(frame: pd.DataFrame) -> pd.DataFrame:
    frame["attributes"] = frame["specifications"].apply(plain_attributes)
    paths = frame["categories"].apply(lambda path: path.replace("[", "").replace("]", "").replace('"', ""))
    levels = paths.str.split(">>", expand=True)
    levels.columns = [f"c{level}_name" for level in range(levels.shape[1])]
    for name in levels:
        levels[name] = levels[name].apply(lambda level: level.strip() if isinstance(level, str) else "")
    return pd.concat([frame, levels], axis=1)


def plain_attributes(specification: str) -> str:
    found = re.compile(r"(.*?)\[(.*)\](.*)").match(specification)
    pairs = {}
    entry = ""
    for character in found.group(2) if found else "":
        if character != "}":
            entry += character
            continue
        pair = re.compile(r'(.*?)=>"(.*?)"(.*?)=>"(.*?)"(.*)').match(entry)
        if pair:
            pairs[pair.group(2)] = pair.group(4)
        entry = ""
    return encode(pairs)


CONTENDERS: tuple[Callable[[pa.Table], list[list[str]]], ...] = (ours, plain)


@click.command(help=__doc__)
@click.option("--rounds", default=7, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(rounds: int, json_path: Path | None) -> None:
    warnings.simplefilter("ignore")  # jsonpickle has one for each call, and printing it would count against it
    if not SAMPLE.exists():
        raise click.ClickException(f"{SAMPLE.name} is not on this machine.")
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        cells = [(row["product_specifications"], row["product_category_tree"]) for row in csv.DictReader(file)]
    cells = [pair for pair in cells if all(pair)] * 10
    rows = pa.table({"specifications": [pair[0] for pair in cells], "categories": [pair[1] for pair in cells]})
    if ours(rows) != plain(rows):
        raise click.ClickException("The contenders disagree on a cell.")
    seconds: dict[str, list[float]] = {contender.__name__: [] for contender in CONTENDERS}
    for _ in range(rounds):
        for contender in CONTENDERS:
            started = time.process_time()
            contender(rows)
            seconds[contender.__name__].append(time.process_time() - started)
    speed = {name: len(cells) / statistics.median(times) for name, times in seconds.items()}
    ratio = speed["ours"] / speed["plain"]
    click.echo(f"rows/s of CPU time, median: ours {speed['ours']:,.0f}, plain {speed['plain']:,.0f}, ratio {ratio:.1f}")
    if json_path:
        json_path.write_text(json.dumps({"unit": "rows/s", "median": speed, "ratio": ratio}, indent=2))


if __name__ == "__main__":
    main()
