"""Peak memory of every process, for a small and a large file: it must not grow with the file.

    python -m tests.bench.memory --mb 100 --mb 1000

Each size has a system of its own, which first cleans `--warm-up-rows` rows of as many different words: so what the
cleaner keeps of earlier rows has been as much as it may be (`text.cache_mb`) before either file, as in a process that
has been up for a while. The peak is that of the process's whole life.

Images are off. What is counted is a process's private memory (anonymous, in kernel terms): pages of the
object store are shared between processes and bounded by its size.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from infra.local.sample import COLUMNS
from tests.support.system import System

from .drop import drop_and_wait

_SAMPLE_EVERY_S = 0.25
_DEADLINE_S = 3600.0


def write_catalogue(path: Path, rows: int, row_bytes: int, *, first: int = 1) -> None:
    """A catalogue of rows numbered from `first`. Most of a row is in a column nobody reads."""
    words = random.Random(7)
    filler = "x" * row_bytes
    with path.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        for number in range(first, first + rows):
            colour = words.choice(("navy", "rust", "olive", "teal"))
            file.write(
                f'id{number},2016,{filler},Shirt {number},"[""Clothing >> Shirts >> Shirt {number}""]",p,9,9,'
                f'"[""http://127.0.0.1/{number}.jpg""]",FALSE,"Sells {colour} shirts, no {number}, with sleeves",4,4,B,'
                '"{""product_specification""=>[{""key""=>""Fit"", ""value""=>""Slim""}]}"\n'
            )


class PeakMemory:
    """Samples the private memory of this process's descendants, by name, while the `with` block runs."""

    def __init__(self) -> None:
        self.peaks_mb: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_EVERY_S):
            for name, private_mb in _processes():
                self.peaks_mb[name] = max(self.peaks_mb.get(name, 0.0), private_mb)


def _processes() -> Iterator[tuple[str, float]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            status = (entry / "status").read_text()
        except OSError:
            continue  # the process has ended since
        if found := re.search(r"ServeReplica:dropforge:(\w+)", command):
            name = found[1]
        elif "ServeController" in command:
            name = "controller"
        elif int(entry.name) == os.getpid():
            name = "driver of this benchmark"
        else:
            continue
        anonymous = re.search(r"RssAnon:\s+(\d+)", status)
        if anonymous:
            yield name, int(anonymous[1]) / 1024


def run(sizes_mb: list[int], row_bytes: int, warm_up_rows: int) -> dict[int, dict[str, float]]:
    peaks: dict[int, dict[str, float]] = {}
    for size_mb in sizes_mb:
        rows = (size_mb << 20) // row_bytes
        with tempfile.TemporaryDirectory(prefix="dropforge-bench-") as folder:
            warm_up, file, state = (
                Path(folder) / "warm-up.csv",
                Path(folder) / f"{size_mb}mb.csv",
                Path(folder) / "state",
            )
            write_catalogue(warm_up, warm_up_rows, 1, first=1 + rows)
            write_catalogue(file, rows, row_bytes)
            running = System({"fetch_images": False}, replicas={"Cleaner": 1}, state=state, tell=print)
            with running as system, PeakMemory() as memory:
                assert drop_and_wait(system, warm_up, deadline_s=_DEADLINE_S)["state"] == "done"
                view = drop_and_wait(system, file, deadline_s=_DEADLINE_S)
            assert view["state"] == "done", view
            assert view["counts"]["rows_out"] == rows, view["counts"]
            print(f"{size_mb} MB, {rows} rows: {view['elapsed_s']:.0f} s, {view['shards']['planned']} shards")
            peaks[size_mb] = memory.peaks_mb
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, action="append", help="file size, MB; may be repeated")
    parser.add_argument("--row-bytes", type=int, default=20_000, help="bytes of a row that no stage looks at")
    parser.add_argument("--warm-up-rows", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = options.mb or [100, 1000]
    peaks = run(sizes, options.row_bytes, options.warm_up_rows)
    print(f"\n{'peak private MB':28}" + "".join(f"{size:>9} MB" for size in sizes) + "   last/first")
    for name in sorted(peaks[sizes[0]]):
        values = [peaks[size].get(name, 0.0) for size in sizes]
        print(f"{name:28}" + "".join(f"{value:12.0f}" for value in values) + f"{values[-1] / values[0]:13.2f}")
    if options.json:
        options.json.write_text(json.dumps({"bench": "memory", "peaks_mb": peaks}, indent=2))


if __name__ == "__main__":
    main()
