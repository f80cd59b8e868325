"""What a second cleaner brings, to its stage alone and to whole runs without images.

    python -m tests.bench.cleaners --rows 16000

Each number of cleaners has a system of its own, warmed up by other rows; both clean the same catalogues. The stage is
given read shards one behind the other and nothing else runs meanwhile. In a whole run the other stages, the local
cloud and the load take their part of the same cores, so that on two cores a second cleaner can't have one of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import ray
from ray import serve
from ray.serve.handle import DeploymentHandle

from actors.model.frame import AttributeColumns, ShardFrame
from actors.model.handoff import Handoff, ReadShard
from serve_app.config.settings import Settings
from tests.support.catalogue import catalogue
from tests.support.system import System

from .drop import drop_and_wait

_DEADLINE_S = 1200.0
_WARM_UP_ROWS = 4000


def read_shards(rows: int, seed: int) -> list[Handoff]:
    """A catalogue's descriptions as the reader leaves them in the object store, in shards of the default size."""
    shard_rows = Settings().shard_rows
    text = catalogue(rows, seed=seed, image_url="http://127.0.0.1").decode()
    descriptions = [row["description"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    nothing = AttributeColumns(pa.array([], pa.string()), (), 0, 0)
    handoffs = []
    for start in range(0, rows, shard_rows):
        table = pa.table({"description": descriptions[start : start + shard_rows]})
        shard = ReadShard(ShardFrame(table, (), blank=0, records=len(table)), nothing)
        handoffs.append(Handoff(ray.put(shard), len(table), 0.0))
    return handoffs


async def clean(cleaner: DeploymentHandle, shards: Sequence[Handoff], at_a_time: int) -> None:
    free = asyncio.Semaphore(at_a_time)

    async def one(shard: Handoff) -> None:
        async with free:
            cleaned = await cleaner.clean.remote(shard)
            assert cleaned.rows == shard.rows, cleaned

    await asyncio.gather(*map(one, shards))


def stage_rates(cleaners: int, rows: int, rounds: int) -> list[float]:
    cleaner = serve.get_deployment_handle("Cleaner", "dropforge")
    rates = []
    for number in range(rounds):
        shards = read_shards(rows, seed=100 + number)
        started = time.perf_counter()
        asyncio.run(clean(cleaner, shards, at_a_time=4 * cleaners))
        rates.append(rows / (time.perf_counter() - started))
    return rates


def run_rates(system: System, folder: Path, rows: int, rounds: int) -> list[float]:
    rates = []
    for number in range(rounds + 1):
        path = folder / f"{number}.csv"
        path.write_bytes(catalogue(rows if number else _WARM_UP_ROWS, seed=number, image_url="http://127.0.0.1"))
        started = time.perf_counter()
        view = drop_and_wait(system, path, deadline_s=_DEADLINE_S)
        seconds = time.perf_counter() - started
        assert view["state"] == "done", view
        if number:
            rates.append(rows / seconds)
    return rates


def measure(cleaners: int, rows: int, rounds: int) -> dict[str, list[float]]:
    running = System({"fetch_images": False}, replicas={"Cleaner": cleaners})
    with tempfile.TemporaryDirectory() as folder, running as system:
        runs = run_rates(system, Path(folder), rows, rounds)
        return {"whole runs": runs, "the stage alone": stage_rates(cleaners, rows, rounds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=16_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rates = {cleaners: measure(cleaners, options.rows, options.rounds) for cleaners in (1, 2)}
    ratios = {}
    for what in rates[1]:
        for cleaners, each in rates.items():
            print(
                f"{what}, {cleaners} cleaner{'s' * (cleaners > 1)}: {statistics.median(each[what]):.0f} rows/s "
                f"({min(each[what]):.0f} to {max(each[what]):.0f} in {len(each[what])} rounds of {options.rows:,} rows)"
            )
        ratios[what] = statistics.median(rates[2][what]) / statistics.median(rates[1][what])
        print(f"{what}, ratio: {ratios[what]:.2f} (goal: 1.8 on two free cores)")
    if options.json:
        options.json.write_text(json.dumps({"bench": "cleaners", "rows_per_s": rates, "ratio": ratios}, indent=2))


if __name__ == "__main__":
    main()
