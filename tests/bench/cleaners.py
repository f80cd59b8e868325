"""What a second cleaner brings: rows/s of whole runs without images, with one cleaner and with two.

    python -m tests.bench.cleaners --rows 12000

Each number of cleaners has a system of its own, warmed up by other rows; both clean the same catalogues.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from infra.local.port import free_port
from serve_app.cli.local_system import LocalSystem, LocalSystemOptions
from tests.bench.catalogue import catalogue
from tests.bench.drop import drop_and_wait

_DEADLINE_S = 1200.0
_WARM_UP_ROWS = 4000


def rows_per_s(cleaners: int, rows: int, rounds: int) -> list[float]:
    rates = []
    options = LocalSystemOptions(port=free_port(), settings={"fetch_images": False}, replicas={"Cleaner": cleaners})
    with tempfile.TemporaryDirectory() as folder, LocalSystem(options, on_progress=lambda line: None) as system:
        for number in range(rounds + 1):
            path = Path(folder) / f"{number}.csv"
            path.write_bytes(catalogue(rows if number else _WARM_UP_ROWS, seed=number, image_url="http://127.0.0.1"))
            started = time.perf_counter()
            view = drop_and_wait(system, path, deadline_s=_DEADLINE_S)
            seconds = time.perf_counter() - started
            assert view["state"] == "done", view
            if number:
                rates.append(rows / seconds)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rates = {cleaners: rows_per_s(cleaners, options.rows, options.rounds) for cleaners in (1, 2)}
    for cleaners, each in rates.items():
        print(
            f"{cleaners} cleaner{'s' * (cleaners > 1)}: {statistics.median(each):.0f} rows/s "
            f"({min(each):.0f} to {max(each):.0f} in {len(each)} runs of {options.rows:,} rows)"
        )
    ratio = statistics.median(rates[2]) / statistics.median(rates[1])
    print(f"ratio: {ratio:.2f} (goal: 1.8 on two free cores)")
    if options.json:
        options.json.write_text(json.dumps({"bench": "cleaners", "rows_per_s": rates, "ratio": ratio}, indent=2))


if __name__ == "__main__":
    main()
