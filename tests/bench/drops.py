"""Small drops: how long one takes from upload to committed output, and how many a second a burst gets through.

    python -m tests.bench.drops

Goals: 100 rows with images on loopback p50 under 0.5 s and p95 under 1 s; 500 drops of 20 rows with no loss, at
least 20 drops a second. Memory before and after the burst is printed beside.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from actors.model.drop import Drop
from tests.support.catalogue import catalogue
from tests.support.system import System, images_at

from .cpu import CpuSeconds
from .drop import drop, wait
from .images import origin, photo
from .memory import PeakMemory

_WARM_UP = 5
_KEPT = 1000
"""Runs of before, at most."""
_LOOK_S = 0.7
_DEADLINE_S = 300.0


def latency(system: System, folder: Path, image_url: str, drops: int) -> dict[str, float]:
    """Seconds from the end of the upload to the commit, by the object store's clock, which is this machine's.

    A watcher that asked often enough to see it in time would be most of the load.
    """
    output = system.output
    seconds: list[float] = []
    for number in range(_WARM_UP + drops):
        path = folder / f"latency-{number}.csv"
        path.write_bytes(catalogue(100, seed=number, image_url=image_url))
        dropped = drop(system, path)
        uploaded = datetime.now(UTC)
        view = wait(system, dropped, deadline_s=60)
        assert view["counts"]["images"] == {"stored": 100}, view["counts"]
        committed = output.stat(view["manifest"].removeprefix(f"gs://{output.name}/"))
        assert committed is not None
        assert committed.updated is not None
        if number >= _WARM_UP:
            seconds.append((committed.updated - uploaded).total_seconds())
    cuts = statistics.quantiles(seconds, n=20)
    return {"p50_s": statistics.median(seconds), "p95_s": cuts[-1], "min_s": min(seconds), "max_s": max(seconds)}


def burst(system: System, folder: Path, image_url: str, drops: int) -> dict[str, Any]:
    paths = []
    for number in range(drops):
        path = folder / f"burst-{number}.csv"
        path.write_bytes(catalogue(20, seed=10_000 + number, image_url=image_url))
        paths.append(path)
    started = datetime.now(UTC)
    with PeakMemory() as memory, CpuSeconds() as cpu, ThreadPoolExecutor(8) as threads:
        dropped = list(threads.map(lambda path: drop(system, path), paths))
        uploaded_s = (datetime.now(UTC) - started).total_seconds()
        _until_closed(system, dropped)
    views = [wait(system, one, deadline_s=60) for one in dropped]
    seconds = (max(datetime.fromisoformat(view["finished_at"]) for view in views) - started).total_seconds()
    assert all(view["state"] == "done" and view["counts"]["rows_out"] == 20 for view in views), "a drop was lost"
    return {
        "drops": drops,
        "lost": 0,
        "upload_s": uploaded_s,
        "seconds": seconds,
        "drops_per_s": drops / seconds,
        "cpu_ms_a_drop": {name: round(1000 * spent / drops, 1) for name, spent in cpu.by_process.items()},
        "peak_private_mb": memory.peaks_mb,
    }


def _until_closed(system: System, dropped: Sequence[Drop]) -> None:
    """By one listing at a time: to ask the application for each run would be load of its own."""
    wanted, deadline = {one.run_id for one in dropped}, time.monotonic() + _DEADLINE_S
    while not wanted <= set(system.ledger.closed_run_ids(_WARM_UP + _KEPT + len(wanted))):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not all of {len(wanted)} drops were closed within {_DEADLINE_S:.0f} s")
        time.sleep(_LOOK_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency-drops", type=int, default=40)
    parser.add_argument("--burst-drops", type=int, default=500)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with origin(0, photo(160)) as port, TemporaryDirectory() as folder:
        image_url = f"http://127.0.0.1:{port}"
        with System({"images": images_at(port)}, tell=print) as system:
            urllib.request.urlopen(f"{system.url}/health", timeout=30).close()
            one = latency(system, Path(folder), image_url, options.latency_drops)
            print("100 rows: " + ", ".join(f"{name} {value:.3f}" for name, value in one.items()))
            many = burst(system, Path(folder), image_url, options.burst_drops)
            print(
                f"{many['drops']} drops of 20 rows: {many['seconds']:.1f} s, {many['drops_per_s']:.1f} drops/s, none "
                f"lost; uploads alone {many['upload_s']:.1f} s"
            )
            each = many["cpu_ms_a_drop"]
            print("CPU ms a drop: " + ", ".join(f"{name} {ms:.0f}" for name, ms in each.items()))
            print("peak private MB: " + ", ".join(f"{name} {mb:.0f}" for name, mb in many["peak_private_mb"].items()))
    if options.json:
        options.json.write_text(json.dumps({"bench": "drops", "latency": one, "burst": many}, indent=2))


if __name__ == "__main__":
    main()
