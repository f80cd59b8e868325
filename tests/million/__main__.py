"""Generates the catalogue, drops it undisturbed and again under faults, and prints what must be so beside what was.

    python -m tests.million --rows 20000
    python -m tests.million --dry-run

Ctrl-C stops it; the same command goes on where it was. `--only undisturbed` leaves out the second pass. Exit status:
0, 1 where an output is not right or a planned fault did not strike, 130 after Ctrl-C.
`python -m tests.bench.scale --costs REPORT` sizes other runs by what this one has cost.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.local.port import free_port

from . import checks, report
from .catalogue import Expected
from .checks import Check, decisive
from .faults import PLAN
from .outcome import CONTENTS
from .passage import Passage, outcome_of
from .pictures import draw
from .result import Result
from .samples import Series
from .state import FAULTS, PASSES, UNDISTURBED, Order, State

_STATE = Path(".dropforge/million")
_ROWS_PER_S = 450
_GENERATED_PER_S = 15_000
_ROW_BYTES = 2000
_DISK_BYTES_A_ROW = 4 * _ROW_BYTES + 8192
"""The catalogue, its copy in the bucket, parts, composites and output; an image takes two blocks."""
_INTERRUPTED = 130


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard-rows", type=int, default=400)
    parser.add_argument("--state", type=Path, default=_STATE)
    parser.add_argument("--only", choices=PASSES, help="one pass alone")
    parser.add_argument("--one-bucket", action="store_true", help="keep the run's records beside the images")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument("--keep", action="store_true", help="keep the buckets of a pass that has ended")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    options = parser.parse_args()
    order = Order(options.rows, options.seed, options.shard_rows, options.one_bucket, free_port())
    if options.dry_run:
        print(_outlook(options.rows, options.state, (options.only,) if options.only else PASSES))
        return 0
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        state = State(options.state, order)
        expected = _generated(state)
        for name in (options.only,) if options.only else PASSES:
            _played(state, name, expected, options.every, keep=options.keep)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED
    except ValueError as error:
        parser.error(str(error))
    found = _told(state, expected)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    (state.folder / "report.json").write_text(json.dumps(found, indent=1))
    return int(not all(check["met"] for check in found["checks"] if decisive(check["group"])))


def _generated(state: State) -> Expected:
    if not state.generated:
        _tell("catalogue", f"writing {state.order.rows:,} rows")
    return state.generate()


def _played(state: State, name: str, expected: Expected, every_s: float, *, keep: bool) -> None:
    if state.result(name) is not None:
        return
    result = Passage(state, name, expected, every_s, lambda line: _tell(name, line)).play()
    state.keep_result(name, asdict(result))
    if not keep:
        state.forget_cloud(name)


def _told(state: State, expected: Expected) -> dict[str, Any]:
    """Prints the tables and draws the pictures; what is kept as JSON."""
    results = {name: Result(**kept) for name in PASSES if (kept := state.result(name)) is not None}
    passes = {name: Series.of(state.pass_folder(name) / "samples.jsonl") for name in results}
    for name, series in passes.items():
        print(f"\n{report.over_time(name, series)}")
    print(f"\n{report.sizes(results)}")
    if UNDISTURBED in results:
        print(f"\n{report.plan(results[UNDISTURBED])}")
    if FAULTS in results:
        print(f"\n{report.faults(results[FAULTS].faults)}")
        print(f"{results[FAULTS].replays} replays, {results[FAULTS].shards_reused} shards reused")
    found = list(_checked(state, expected, results, passes))
    print(f"\n{report.checks(found)}\n")
    for path in draw(state.folder, passes):
        print(path)
    sized = {"costs": results[UNDISTURBED].costs} if UNDISTURBED in results and results[UNDISTURBED].costs else {}
    return sized | {
        "checks": [asdict(check) for check in found],
        "passes": [{"name": name, **asdict(result)} for name, result in results.items()],
        "tenths": [{"name": name, **asdict(each)} for name, series in passes.items() for each in series.tenths()],
    }


def _checked(
    state: State, expected: Expected, results: dict[str, Result], passes: dict[str, Series]
) -> Iterator[Check]:
    for name, result in results.items():
        yield from checks.right(expected, name, result)
    if len(results) == len(PASSES):
        plain, struck = (outcome_of(state.pass_folder(name), results[name]) for name in PASSES)
        yield from checks.equal([(content, struck.difference(content, plain)) for content in CONTENTS])
    if FAULTS in results:
        yield from checks.struck(results[FAULTS], len(PLAN))
        yield from checks.fetched_twice(results[FAULTS])
    if UNDISTURBED in results:
        result = results[UNDISTURBED]
        yield from checks.once(result)
        yield from checks.failed_urls(expected, result)
        yield from checks.flat(passes[UNDISTURBED])
        yield from checks.writers_end(result)
        yield from checks.store(result, expected.rows)
        yield from checks.predicted(result)


def _outlook(rows: int, state: Path, names: tuple[str, ...]) -> str:
    minutes = (rows / _GENERATED_PER_S + len(names) * (rows / _ROWS_PER_S + 60)) / 60
    gigabytes = rows * (_DISK_BYTES_A_ROW + 2 * _ROW_BYTES) / 1e9
    return (
        f"Would write {rows:,} rows of some {rows * _ROW_BYTES / 1e9:.2f} GB below {state}, and drop them "
        f"{' and again with '.join(names)}: some {minutes:,.0f} minutes on two cores, and {gigabytes:.1f} GB at most."
    )


def _tell(name: str, line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name:<12}{line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
