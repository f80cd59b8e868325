"""One benchmark of this tree beside the same of another revision, in turns.

    python -m tests.bench.against REVISION NAME [--rounds N] [-- OPTIONS OF THE BENCHMARK]

The revision is checked out and its own environment made, once, below .dropforge/against. Each round runs both sides,
and the one that goes first takes turns. Of every figure that both sides write to their JSON, the medians are printed,
and the median of the rounds' ratios, this tree's to the other's, with the least and the greatest.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both sides: medians of the rounds, and the median, least and greatest of the rounds' ratios."""

    figure: str
    ours: float
    other: float
    ratio: float
    least: float
    greatest: float


def checked_out(revision: str) -> Path:
    """The folder of the revision's tree, with its environment made."""
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    folder = ROOT / ".dropforge" / "against" / commit[:12]
    if not folder.exists():
        _git("worktree", "prune")
        _git("worktree", "add", "--detach", str(folder), commit)
    shared = folder.parent / "shared"
    if not shared.exists() and (ROOT.parent / "shared").exists():
        shared.symlink_to(ROOT.parent / "shared")  # else the other side would make its catalogues of another text
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    subprocess.run(["make", "--silent", ".venv/installed"], cwd=folder, env=environ, check=True)
    return folder


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def figures_of(tree: Path, name: str, options: Sequence[str]) -> dict[str, float]:
    """Runs the tree's benchmark. Its figures by their path in its JSON, such as `latency.p50_s`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        environ = {**os.environ, "PYTHONPATH": str(tree)}
        python = str(tree / ".venv" / "bin" / "python")
        command = [python, "-m", f"tests.bench.{name}", "--json", str(path), *options]
        subprocess.run(command, cwd=tree, env=environ, check=True, stdout=sys.stderr)
        return dict(_numbers(json.loads(path.read_text())))


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _numbers(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            words = [word for word in inner.values() if isinstance(word, str)] if isinstance(inner, dict) else []
            yield from _numbers(inner, ".".join(filter(None, (path, str(number), *words))))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, float(value)


def compared(ours: Sequence[dict[str, float]], other: Sequence[dict[str, float]]) -> list[Compared]:
    """The figures that every round of both sides has and that are never 0, one round of each side after the other."""
    found = []
    for figure in ours[0]:
        pairs = [(mine.get(figure, 0.0), theirs.get(figure, 0.0)) for mine, theirs in zip(ours, other, strict=True)]
        if not all(mine and theirs for mine, theirs in pairs):
            continue
        ratios = [mine / theirs for mine, theirs in pairs]
        mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        found.append(Compared(figure, mine, theirs, statistics.median(ratios), min(ratios), max(ratios)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision")
    parser.add_argument("name", help="a benchmark of this folder that both revisions have")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    own, _, its = " ".join(sys.argv[1:]).partition(" -- ")
    options = parser.parse_args(own.split())
    trees = ROOT, checked_out(options.revision)
    sides: tuple[list[dict[str, float]], list[dict[str, float]]] = [], []
    for number in range(options.rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            sides[side].append(figures_of(trees[side], options.name, its.split()))
    found = compared(*sides)
    print(f"{'':48}{'here':>12}{options.revision[:12]:>14}{'ratio':>8}  least to greatest of {options.rounds}")
    for one in found:
        print(
            f"{one.figure:48}{one.ours:12.4g}{one.other:14.4g}{one.ratio:8.2f}  {one.least:.2f} to {one.greatest:.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=2))


if __name__ == "__main__":
    main()
