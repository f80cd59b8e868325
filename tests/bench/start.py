"""Where the seconds go between starting the application and its first drop, disk caches warm.

    python -m tests.bench.start

Each round is a process of its own, from its first instruction: loading our modules, the local cloud, Ray, Serve, each
deployment's wait, the first drop accepted, and done.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

BEGUN = time.perf_counter()


def once() -> dict[str, float]:
    """Seconds of each phase, in their order."""
    from tests.support.catalogue import catalogue
    from tests.support.system import System

    from .drop import drop, wait

    marks = [("loading modules", BEGUN)]

    def mark(phase: str) -> None:
        marks.append((phase, time.perf_counter()))

    with TemporaryDirectory() as folder, System({"fetch_images": False}, tell=mark) as system:
        path = Path(folder) / "first.csv"
        path.write_bytes(catalogue(20, seed=1, image_url="http://127.0.0.1"))
        mark("first drop uploaded and accepted")
        dropped = drop(system, path)
        wait(system, dropped, deadline_s=60, every_s=0.005, until_seen=True)
        mark("first drop done")
        wait(system, dropped, deadline_s=60, every_s=0.005)
        mark("end")
    pairs = itertools.pairwise(marks)
    return {phase: round(after - at, 3) for (phase, at), (_, after) in pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="one round in this process, as JSON")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(once()))
        return
    rounds: list[dict[str, float]] = []
    for _ in range(options.rounds):
        command = [sys.executable, "-m", "tests.bench.start", "--once"]
        rounds.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1]))
    phases = dict.fromkeys(phase for each in rounds for phase in each)
    medians = {phase: statistics.median(each.get(phase, 0.0) for each in rounds) for phase in phases}
    to_accepted = [sum(s for phase, s in each.items() if phase != "first drop done") for each in rounds]
    for phase, seconds in medians.items():
        print(f"{seconds:7.2f} s  {phase}")
    print(f"{statistics.median(to_accepted):7.2f} s  from start to the first accepted drop (goal: under 30)")
    if options.json:
        options.json.write_text(json.dumps({"bench": "start", "rounds": rounds}, indent=2))


if __name__ == "__main__":
    main()
