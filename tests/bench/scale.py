"""Run time against replicas for 20 thousand, 5.8 million and 100 million rows, simulated from costs measured here.

    python -m tests.bench.scale --json bench-scale.json
    python -m tests.bench.scale --costs bench-scale.json      # the table alone, from costs measured before

First a short calibration on this machine, with images 50 ms away: the same rows in few shards and in many, each on a
system of its own. Then one run of another size, whose time is both predicted and measured. Then the table: `first
limit` is what would save most time were there twice as much of it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serve_app.config.settings import Settings
from tests.support.system import System, images_at
from tests.support.table import table

from .bottleneck import Bottleneck, bottleneck
from .calibration import FEW, MANY, Player, calibrate, local_cloud, shape
from .images import origin, photo
from .simulation import Cloud, Cost, Costs, Fleet, Outcome, Work, simulate

_OF = ("owner", "read", "clean", "images", "write", "other")
_IMAGE_S = 0.05
_CLEANERS = 2
_VALIDATED_ROWS = 5000
_HEADINGS = (
    "rows", "cleaners", "fetchers", "attributes", "writers", "in flight", "time", "rows/s", "assembling", "owner MB",
    "takeover", "first limit",
)  # fmt: skip

FLEETS = (
    Fleet(cleaners=1, fetchers=1, shards_in_flight=8),
    Fleet(cleaners=4, fetchers=1, shards_in_flight=8),
    Fleet(cleaners=4, fetchers=2, shards_in_flight=24),
    Fleet(cleaners=8, fetchers=4, shards_in_flight=48),
    Fleet(cleaners=16, fetchers=8, shards_in_flight=96),
    Fleet(cleaners=16, fetchers=8, shards_in_flight=96, attributes=4, writers=2),
    Fleet(cleaners=64, fetchers=32, shards_in_flight=384, attributes=12, writers=8),
)
SIZES = {20_000: FLEETS[:4], 5_800_000: FLEETS[2:], 100_000_000: FLEETS[5:]}
"""Which fleets are of use for so many rows. A simulation of 100 million rows takes minutes itself."""


def measure() -> dict[str, Any]:
    """The costs, and what became of predicting a run from them."""
    with origin(int(_IMAGE_S * 1000), photo(160)) as port:
        with _player(port, FEW) as player:
            few = shape(player, print)
            start_s = player.start_s()
            local = local_cloud(player.system.output, _IMAGE_S)
        with _player(port, MANY) as player:
            many = shape(player, print)
            played, _ = player.play(_VALIDATED_ROWS, seed=200)
    costs = calibrate(few, many, start_s=start_s)
    cores = max(0.2, (os.cpu_count() or 1) - sum(many.idle_cores.values()) - played.others_cores)
    fleet = Fleet(cleaners=_CLEANERS, fetchers=1, shards_in_flight=Settings().shards_in_flight, cores=cores)
    predicted = simulate(Work(rows=played.rows, shard_rows=MANY, rejecting=0.0), fleet, costs, local)
    return {
        "costs": asdict(costs),
        "local": asdict(local),
        "validation": {
            "rows": played.rows,
            "shards": played.shards,
            "cores": cores,
            "others_cores": played.others_cores,
            "predicted_s": predicted.seconds,
            "measured_s": played.seconds,
            "error": predicted.seconds / played.seconds - 1,
        },
    }


@contextmanager
def _player(port: int, shard_rows: int) -> Iterator[Player]:
    given = {"images": images_at(port), "shard_rows": shard_rows}
    with System(given, replicas={"Cleaner": _CLEANERS}, tell=print) as system:
        yield Player(system, f"http://127.0.0.1:{port}")


def line(work: Work, fleet: Fleet, outcome: Outcome, limit: Bottleneck) -> tuple[str, ...]:
    return (
        f"{work.rows:,}",
        *map(str, (fleet.cleaners, fleet.fetchers, fleet.attributes, fleet.writers, fleet.shards_in_flight)),
        _time(outcome.seconds),
        f"{work.rows / outcome.seconds:,.0f}",
        _time(outcome.assembly_s),
        f"{outcome.owner_mb:,.0f}",
        _time(outcome.takeover_s),
        f"{limit.name} ({limit.saves:.0%})",
    )


def costs_of(record: dict[str, Any]) -> Costs:
    """Costs as the JSON has them."""
    values: dict[str, Any] = {name: Cost(**value) if name in _OF else value for name, value in record.items()}
    return Costs(**values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", type=Path, help="JSON of an earlier run, whose costs are used")
    parser.add_argument("--rows", type=int, action="append", help="a size; may be repeated")
    parser.add_argument("--shard-rows", type=int, default=400)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.costs:
        result: dict[str, Any] = json.loads(options.costs.read_text())
    else:
        result = {"bench": "scale", **measure()}
        validation = result["validation"]
        print(
            f"\nA run of {validation['rows']:,} rows in {validation['shards']:.0f} shards, on the "
            f"{validation['cores']:.1f} cores that others left: predicted {validation['predicted_s']:.1f} s, measured "
            f"{validation['measured_s']:.1f} s, {validation['error']:+.0%}"
        )
        if options.json:  # measured, whatever becomes of the rest
            options.json.write_text(json.dumps(result, indent=1))
    costs, cloud = costs_of(result["costs"]), Cloud()
    for name, value in result["costs"].items():
        text = f"{value['row_s'] * 1e3:.3f} ms a row, {value['shard_s'] * 1e3:.1f} ms a shard" if name in _OF else value
        print(f"{name:24}{text}")
    lines, outcomes = [], []
    for rows in options.rows or SIZES:
        for fleet in SIZES.get(rows, FLEETS):
            work = Work(rows, shard_rows=options.shard_rows)
            outcome = simulate(work, fleet, costs, cloud)
            limit = bottleneck(work, fleet, costs, cloud, outcome)
            lines.append(line(work, fleet, outcome, limit))
            outcomes.append({**asdict(work), **asdict(fleet), **asdict(outcome), **asdict(limit)})
    print(f"\n{table(_HEADINGS, lines)}")
    if options.json:
        options.json.write_text(json.dumps({**result, "simulated": outcomes}, indent=1))


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
