"""Images per CPU second beside img2dataset, on the same URLs, without resizing.

    python -m tests.bench.img2dataset

img2dataset is installed from PyPI into an environment of its own for as long as this runs; where that fails, this
says so and ends. It has one process, and keeps files on this machine; ours decodes each image to check it and uploads
it. Three ways of it, none of which resizes: as it comes, decoding and encoding each image anew; keeping a JPEG's bytes
once it is decoded (`skip_reencode`), which is what ours does; and not looking at them (`disable_all_reencoding`).
All pay for starting up, so a cost per image is the difference between a long list of URLs and a short one.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.support.object_store import object_store

from .images import BUCKET, ORIGIN_HOSTS, origin, photo, stage

VERSION = "1.47.0"
WAYS: dict[str, dict[str, bool]] = {
    "img2dataset": {},
    "img2dataset, skip_reencode": {"skip_reencode": True},
    "img2dataset, disable_all_reencoding": {"disable_all_reencoding": True},
}
_SHORT = 1000
_THEIRS = """
import json, sys
from img2dataset import download
if __name__ == "__main__":
    download(**json.loads(sys.argv[1]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the images beyond the first `_SHORT`."""

    images_per_s: float
    images_per_cpu_s: float


def install(folder: Path) -> Path | None:
    """The interpreter of an environment that has img2dataset."""
    python = folder / "environment" / "bin" / "python"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(python.parents[1])],
        ["pip", "install", "--quiet", "--python", str(python), f"img2dataset=={VERSION}"],
    ):
        done = subprocess.run([sys.executable, "-m", "uv", *command], capture_output=True, text=True)
        if done.returncode:
            print(f"img2dataset {VERSION} can't be installed here: {done.stderr.strip()[-500:]}")
            return None
    return python


def theirs(python: Path, scratch: Path, way: dict[str, bool], urls: list[str], name: str) -> None:
    """Runs it to its end; what it stored must be all of the images."""
    listed = scratch / f"{name}.txt"
    listed.write_text("\n".join(urls))
    script = scratch / "download.py"
    script.write_text(_THEIRS)
    output = scratch / name
    options = {
        "url_list": str(listed),
        "input_format": "txt",
        "output_folder": str(output),
        "output_format": "files",
        "processes_count": 1,
        "thread_count": 256,
        "resize_mode": "no",
        "compute_hash": None,
        "number_sample_per_shard": 1000,
        **way,
    }
    environment = os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
    subprocess.run(
        [str(python), str(script), json.dumps(options)], check=True, capture_output=True, env=environment, cwd=scratch
    )
    stored = sum(1 for _ in output.rglob("*.jpg"))
    assert stored == len(urls), f"img2dataset stored {stored} of {len(urls)} images"


def ours(urls: list[str], name: str) -> None:
    """As a process, whose CPU seconds are counted as those of the other."""
    subprocess.run(
        [sys.executable, "-m", "tests.bench.img2dataset", "--ours", name], check=True, input="\n".join(urls), text=True
    )


def cost(fetch: Callable[[list[str], str], None], urls: list[str], name: str) -> Cost:
    spent = []
    for part in (urls[:_SHORT], urls):
        before, started = _children_s(), time.perf_counter()
        fetch(part, f"{name}-{len(part)}")
        spent.append((time.perf_counter() - started, _children_s() - before))
    more = len(urls) - _SHORT
    (short_s, short_cpu), (long_s, long_cpu) = spent
    return Cost(more / (long_s - short_s), more / (long_cpu - short_cpu))


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--side", type=int, default=500, help="pixels of the square test image's side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--ours", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.ours:
        gc.set_threshold(50_000, 20, 20)  # as in the replica
        stage(sys.stdin.read().split(), options.ours)
        return
    costs: dict[str, list[Cost]] = {"ours": [], **{name: [] for name in WAYS}}
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=memory) as root:
        python = install(Path(folder))
        if python is None:
            return
        with (
            object_store(Path(root), "bench", BUCKET) as address,
            origin(options.latency_ms, photo(options.side)) as port,
        ):
            os.environ["STORAGE_EMULATOR_HOST"] = f"http://{address}"
            urls = [f"http://{ORIGIN_HOSTS[i % 2]}:{port}/{i}.jpg" for i in range(options.images)]
            for number in range(options.rounds):
                costs["ours"].append(cost(ours, urls, f"ours-{number}"))
                for name, way in WAYS.items():
                    with tempfile.TemporaryDirectory(dir=root) as scratch:
                        costs[name].append(cost(partial(theirs, python, Path(scratch), way), urls, f"theirs-{number}"))
    ratios = {}
    for name, each in costs.items():
        pairs = zip(costs["ours"], each, strict=True)
        ratios[name] = statistics.median(us.images_per_cpu_s / them.images_per_cpu_s for us, them in pairs)
        print(
            f"{name:36} {statistics.median(one.images_per_cpu_s for one in each):6.0f} images per CPU-s, "
            f"{statistics.median(one.images_per_s for one in each):6.0f} images/s; ours {ratios[name]:.1f} times as "
            "many per CPU-s"
        )
    if options.json:
        every = {name: [asdict(one) for one in each] for name, each in costs.items()}
        options.json.write_text(json.dumps({"bench": "img2dataset", "ratios": ratios, "costs": every}, indent=2))


if __name__ == "__main__":
    main()
