"""Plays every scenario from printed seeds and prints a table.

python -m tests.chaos --seeds 2
python -m tests.chaos --only kill-node --first-seed 7
python -m tests.chaos --only kill-owner-part
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from .node_stack import NodeStack
from .run import Played, Series
from .scenarios import ALL
from .table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds each scenario is played from")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="a scenario, or one of its variants; may be repeated"
    )
    parser.add_argument("--logs", type=Path, help="folder for the logs of runs that went wrong")
    parser.add_argument("--json", type=Path, help="file for the figures of every run")
    arguments = parser.parse_args()
    only = set(arguments.only or ())
    names = {scenario.name for scenario in ALL}
    if unknown := only - names - set(map(str, ALL)):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was started is ended then
    chosen = [scenario for scenario in ALL if not only or {scenario.name, str(scenario)} & only]
    with NodeStack() as stack:
        series = Series(stack, _tell, arguments.logs)
        print(f"undisturbed: {series.undisturbed.seconds:.1f} s", flush=True)
        for scenario in chosen:
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
                series.play(scenario, seed)
        wrong = series.audit()
    print(f"\n{table(series.played)}\n")
    print("\n".join(f"At the end: {each}" for each in wrong) or "At the end: nothing is left behind.")
    if arguments.json:
        runs = [{"scenario": str(each.scenario), "seed": each.seed, **asdict(each.figures)} for each in series.played]
        arguments.json.write_text(
            json.dumps({"undisturbed_s": series.undisturbed.seconds, "runs": runs, "end": wrong}, indent=1)
        )
    return 1 if wrong or any(each.figures.wrong for each in series.played) else 0


def _tell(played: Played) -> None:
    figures = played.figures
    recovery = f"recovered in {figures.recovery_s:.1f} s" if figures.recovery_s is not None else "nothing to recover"
    print(
        f"{time.strftime('%H:%M:%S')} {played.scenario} seed {played.seed}: {'WRONG' if figures.wrong else 'ok'}, "
        f"{figures.seconds:.1f} s, {recovery}, {figures.shards_reused} shards reused, "
        f"{figures.duplicate_fetches} duplicate fetches",
        flush=True,
    )
    for text in figures.wrong:
        print(f"    {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
