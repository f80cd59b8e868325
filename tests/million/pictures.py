"""The pictures of a million: rows/s and memory over time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .plot import Line, plot
from .samples import Series

_SPAN = 60
"""Points of a line of rows/s: what is between two is a mean, for a shard's rows are done at once."""


def draw(folder: Path, passes: Mapping[str, Series]) -> list[Path]:
    """Writes them, and returns their paths."""
    paths = [folder / "rows.png"]
    plot(paths[0], "rows/s", "seconds", {name: rates(series) for name, series in passes.items()})
    for name, series in passes.items():
        paths.append(folder / f"memory-{name}.png")
        plot(paths[-1], f"private memory, MB, {name}", "rows", _memory(series))
    return paths


def rates(series: Series) -> Line:
    """Mean rows/s in spans of one length, each at its end."""
    samples = series.samples
    if not samples:
        return []
    span_s, line, last, most = series.ended_s / _SPAN, [], samples[0], 0
    for sample in samples[1:]:
        if sample.at_s - last.at_s >= span_s > 0:
            most = max(most, last.rows)
            line.append((sample.at_s, max(0, sample.rows - most) / (sample.at_s - last.at_s)))
            last = sample
    return line


def _memory(series: Series) -> dict[str, Line]:
    return {
        kind: [(sample.rows, sample.memory_mb[kind]) for sample in series.samples if kind in sample.memory_mb]
        for kind in series.peaks_mb()
    }
