"""How fast attributes and categories are, beside the reference's rules in their plain form.

    python -m tests.bench.attributes [--json PATH]

The plain forms do what the reference does per row, as it does it: patterns compiled where they are used, a walk
over characters, a strip per level. Contenders take turns and CPU time is measured; compare the ratios.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import pyarrow as pa

from actors.attribute_columns import attribute_columns
from actors.catalogue import Catalogue

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "flipkart_sample.csv"


def ours(rows: pa.Table) -> list[list[str]]:
    columns = attribute_columns(rows, Catalogue())
    return [column.to_pylist() for column in (columns.attributes, *columns.levels)]


def plain(rows: pa.Table) -> list[list[str]]:
    attributes = [plain_attributes(text) for text in rows["specifications"].to_pylist()]
    paths = [plain_levels(text) for text in rows["categories"].to_pylist()]
    return [attributes, *([path[n] if n < len(path) else "" for path in paths] for n in range(8))]


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
    return json.dumps(pairs)


def plain_levels(path: str) -> list[str]:
    return [level.strip() for level in path.replace("[", "").replace("]", "").replace('"', "").split(">>")]


CONTENDERS: tuple[Callable[[pa.Table], list[list[str]]], ...] = (ours, plain)


@click.command(help=__doc__)
@click.option("--rounds", default=7, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(rounds: int, json_path: Path | None) -> None:
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
