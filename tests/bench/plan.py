"""How fast the plan scan and the reading of rows are, beside counting quotes and the standard library's csv.

    python -m tests.bench.plan [--json PATH]

Contenders take turns, and CPU time is measured, so that a noisy machine disturbs all of them alike. The ratios
are what to compare between machines.
"""

from __future__ import annotations

import csv
import io
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from actors.csv.records import read_shard
from actors.csv.scan import BLOCK_BYTES, ShardScanner
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.header import HeaderMap
from actors.reading.head import Head, read_head
from tests.support.catalogue import catalogue

MEGABYTES = 40
CATALOGUE_ROWS = 20_000
CHUNK_BYTES = 8 << 20
SETTINGS = Catalogue(optional_columns=("image", "specifications", "categories"), required=())
HEADER = b"uniq_id,product_name,description,brand\n"


@dataclass(frozen=True, slots=True)
class File:
    """A file as its plan leaves it: its shards' rows are ready to be read."""

    data: bytes
    head: Head
    header: HeaderMap
    shards: tuple[Shard, ...]

    @classmethod
    def of(cls, data: bytes) -> File:
        head = read_head(data, SETTINGS)
        scanner = head.scanner(shard_bytes=1 << 20, shard_rows=400, text_bytes=len(data))
        found = (*scanner.feed(data), *scanner.finish())
        assert scanner.header is not None
        return cls(data, head, head.header(scanner.header), found)


def shards(file: File) -> None:
    scanner = ShardScanner(",", shard_bytes=1 << 20, shard_rows=None, max_row_bytes=SETTINGS.max_row_bytes)
    _scan(file.data, scanner)


def shards_with_ids(file: File) -> None:
    """What a run's plan does: it tells rows of repeated ids too."""
    _scan(file.data, file.head.scanner(shard_bytes=1 << 20, shard_rows=400, text_bytes=len(file.data)))


def _scan(data: bytes, scanner: ShardScanner) -> None:
    view = memoryview(data)
    for start in range(0, len(data), CHUNK_BYTES):
        scanner.feed(view[start : start + CHUNK_BYTES])
    scanner.finish()


def rows(file: File) -> None:
    """What a shard's bytes go through before its stages: records, fields, checks, and Arrow columns."""
    for shard in file.shards:
        read_shard(file.data[shard.start : shard.end], shard, file.header, SETTINGS)


def quote_parity(file: File) -> None:
    """The least that any quote-aware scan does. Wrong on quotes in unquoted fields, lone CRs and unclosed quotes."""
    for start in range(0, len(file.data), BLOCK_BYTES):
        block = np.frombuffer(file.data[start : start + BLOCK_BYTES], dtype=np.uint8)
        quotes = np.flatnonzero(block == ord('"'))
        line_ends = np.flatnonzero(block == ord("\n"))
        _ = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0]


def stdlib_csv(file: File) -> None:
    for _ in csv.reader(io.StringIO(file.data.decode(), newline="")):
        pass


CONTENDERS: tuple[Callable[[File], None], ...] = (shards, shards_with_ids, rows, quote_parity, stdlib_csv)


def files() -> dict[str, bytes]:
    lines = {
        "short unquoted rows": b"123,abc,4.5,hello world\n",
        "every field quoted": b'"123","abc","4.5","hello ""world"""\r\n',
        "quotes in unquoted fields": b'12,5" pipe,"x ""y""",3" x 4"\n',
    }
    repeated = {name: HEADER + line * (MEGABYTES * 10**6 // len(line)) for name, line in lines.items()}
    products = catalogue(CATALOGUE_ROWS, seed=1, image_url="http://127.0.0.1")
    escaped = io.StringIO(newline="")
    for row in csv.reader(io.StringIO(products.decode(), newline="")):
        escaped.write(",".join('"{}"'.format(cell.replace("\\", "\\\\").replace('"', '\\"')) for cell in row) + "\n")
    return {"product catalogue": products, "its quotes behind backslashes": escaped.getvalue().encode()} | repeated


def measure(data: bytes, rounds: int) -> dict[str, float]:
    file = File.of(data)
    seconds: dict[str, list[float]] = {contender.__name__: [] for contender in CONTENDERS}
    for _ in range(rounds):
        for contender in CONTENDERS:
            started = time.process_time()
            contender(file)
            seconds[contender.__name__].append(time.process_time() - started)
    return {name: len(data) / 1e6 / statistics.median(times) for name, times in seconds.items()}


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(rounds: int, json_path: Path | None) -> None:
    results = {}
    names = [contender.__name__ for contender in CONTENDERS]
    titles = "".join(f"{name:>17}" for name in names)
    click.echo(f"{'MB/s of CPU time, median':28}{titles}   plan to the last two, rows to the last")
    for name, data in files().items():
        speed = results[name] = measure(data, rounds)
        figures = "".join(f"{speed[contender]:17.0f}" for contender in names)
        ratios = f"{speed['shards_with_ids'] / speed['quote_parity']:.2f} / "
        ratios += f"{speed['shards_with_ids'] / speed['stdlib_csv']:.1f}, {speed['rows'] / speed['stdlib_csv']:.2f}"
        click.echo(f"{name:28}{figures}   {ratios}")
    if json_path:
        json_path.write_text(json.dumps({"unit": "MB/s", "median": results}, indent=2))


if __name__ == "__main__":
    main()
