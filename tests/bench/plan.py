"""How fast the plan scan is, beside a scan that only counts quotes and beside the standard library's csv.

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
from pathlib import Path

import click
import numpy as np

from actors.csv.boundaries import RecordSplitter
from actors.csv.fields import splitter
from actors.csv.ids import IdFilter
from actors.csv.scan import BLOCK_BYTES, ShardScanner
from actors.model.catalogue import Catalogue
from actors.model.dialect import Dialect
from actors.model.header import HeaderMap
from tests.support.catalogue import catalogue

MEGABYTES = 40
CATALOGUE_ROWS = 20_000
CHUNK_BYTES = 8 << 20
ESCAPED = b"escaped\n"
"""The header of the file whose quotes are behind backslashes."""


def shards(data: bytes) -> None:
    _scan(data, ShardScanner(",", shard_bytes=1 << 20, shard_rows=None, max_row_bytes=Catalogue().max_row_bytes))


def shards_with_ids(data: bytes) -> None:
    """What a run's plan does: it tells rows of repeated ids too."""
    dialect = Dialect("backslash", "backslash", found=True) if data.startswith(ESCAPED) else Dialect(found=True)
    _, first, _ = data[: 1 << 16].split(b"\n", 2)
    columns = len(splitter(",", dialect)(first.decode()))
    header = HeaderMap("id", "utf-8", ",", tuple(map(str, range(columns))), {"id": 0}, dialect=dialect)
    scanner = ShardScanner(
        ",",
        shard_bytes=1 << 20,
        shard_rows=400,
        max_row_bytes=Catalogue().max_row_bytes,
        ids=lambda _: IdFilter(header, len(data)),
        records=lambda _: RecordSplitter.of(header, Catalogue()),
    )
    _scan(data, scanner)


def _scan(data: bytes, scanner: ShardScanner) -> None:
    view = memoryview(data)
    for start in range(0, len(data), CHUNK_BYTES):
        scanner.feed(view[start : start + CHUNK_BYTES])
    scanner.finish()


def quote_parity(data: bytes) -> None:
    """The least that any quote-aware scan does. Wrong on quotes in unquoted fields, lone CRs and unclosed quotes."""
    for start in range(0, len(data), BLOCK_BYTES):
        block = np.frombuffer(data[start : start + BLOCK_BYTES], dtype=np.uint8)
        quotes = np.flatnonzero(block == ord('"'))
        line_ends = np.flatnonzero(block == ord("\n"))
        _ = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0]


def stdlib_csv(data: bytes) -> None:
    for _ in csv.reader(io.StringIO(data.decode(), newline="")):
        pass


CONTENDERS: tuple[Callable[[bytes], None], ...] = (shards, shards_with_ids, quote_parity, stdlib_csv)


def files() -> dict[str, bytes]:
    rows = {
        "short unquoted rows": b"123,abc,4.5,hello world\n",
        "every field quoted": b'"123","abc","4.5","hello ""world"""\r\n',
        "quotes in unquoted fields": b'12,5" pipe,"x ""y""",3" x 4"\n',
    }
    repeated = {name: b"header\n" + row * (MEGABYTES * 10**6 // len(row)) for name, row in rows.items()}
    _, _, body = catalogue(CATALOGUE_ROWS, seed=1, image_url="http://127.0.0.1").partition(b"\n")
    escaped = io.StringIO(newline="")
    for row in csv.reader(io.StringIO(body.decode(), newline="")):
        escaped.write(",".join('"{}"'.format(cell.replace("\\", "\\\\").replace('"', '\\"')) for cell in row) + "\n")
    backslash = {"its quotes behind backslashes": ESCAPED + escaped.getvalue().encode()}
    return {"product catalogue": b"header\n" + body} | backslash | repeated


def measure(data: bytes, rounds: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {contender.__name__: [] for contender in CONTENDERS}
    for _ in range(rounds):
        for contender in CONTENDERS:
            started = time.process_time()
            contender(data)
            seconds[contender.__name__].append(time.process_time() - started)
    return {name: len(data) / 1e6 / statistics.median(times) for name, times in seconds.items()}


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(rounds: int, json_path: Path | None) -> None:
    results = {}
    names = [contender.__name__ for contender in CONTENDERS]
    click.echo(
        f"{'MB/s of CPU time, median':28}" + "".join(f"{name:>17}" for name in names) + "   ratios to the last two"
    )
    for name, data in files().items():
        speed = results[name] = measure(data, rounds)
        figures = "".join(f"{speed[contender]:17.0f}" for contender in names)
        ratios = f"{speed['shards_with_ids'] / speed['quote_parity']:.2f} / "
        ratios += f"{speed['shards_with_ids'] / speed['stdlib_csv']:.1f}"
        click.echo(f"{name:28}{figures}   {ratios}")
    if json_path:
        json_path.write_text(json.dumps({"unit": "MB/s", "median": results}, indent=2))


if __name__ == "__main__":
    main()
