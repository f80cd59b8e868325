"""What the simulation of tests/bench says of a run, from what the run itself has cost once a tenth was done.

`python -m tests.bench.scale --costs REPORT` sizes other runs from the same costs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.simulation import Cloud, Cost, Costs, Fleet, Work, simulate

from .samples import Sample, Series
from .stack import REPLICAS

_WINDOW = (0.1, 0.3)
_KINDS = ("owner", "read", "clean", "images", "write", "other")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the samples can't tell: `scan_s_per_mb`, and what a shard costs at the end, by tests/bench/calibration."""

    scan_s_per_mb: float
    assemble_s_per_shard: float
    owner_bytes_per_shard: float
    idle_cores: Mapping[str, float]
    cloud: Cloud


def costs(series: Series, measured: Measured) -> tuple[Costs, float] | None:
    """The cost of a row by kind of process, and the cores that others kept busy; None where too little was seen.

    All shards being of one size, what a shard costs whatever it holds is part of its rows' cost.
    """
    window = _window(series)
    if window is None:
        return None
    first, last = window
    rows, seconds = last.rows - first.rows, last.at_s - first.at_s
    spent = {kind: last.cpu_s[kind] - first.cpu_s[kind] for kind in _KINDS}
    others = max(0.0, (last.busy_s - first.busy_s - sum(spent.values())) / seconds)
    of_rows = {
        kind: Cost(row_s=max(0.0, spent[kind] - measured.idle_cores.get(kind, 0.0) * seconds) / rows, shard_s=0.0)
        for kind in _KINDS
    }
    made = Costs(
        **of_rows,
        scan_s_per_mb=measured.scan_s_per_mb,
        assemble_s_per_shard=measured.assemble_s_per_shard,
        owner_bytes_per_shard=measured.owner_bytes_per_shard,
        start_s=0.5,
    )
    return made, others


@dataclass(frozen=True, slots=True)
class Prediction:
    """Seconds of the whole run on this machine, less what others took of it, and the costs that they come from."""

    seconds: float
    costs: Costs


def prediction(series: Series, measured: Measured, work: Work, shards_in_flight: int) -> Prediction | None:
    """None where too little was seen."""
    found = costs(series, measured)
    if found is None:
        return None
    of_rows, others = found
    cores = max(0.2, (os.cpu_count() or 1) - sum(measured.idle_cores.values()) - others)
    fleet = Fleet(REPLICAS["Cleaner"], REPLICAS["ImageFetcher"], shards_in_flight, cores=cores)
    return Prediction(simulate(work, fleet, of_rows, measured.cloud).seconds, of_rows)


def _window(series: Series) -> tuple[Sample, Sample] | None:
    begin, end = (series.rows * share for share in _WINDOW)
    first = next((sample for sample in series.samples if sample.rows >= begin and sample.rows), None)
    last = next((sample for sample in series.samples if sample.rows >= end), None)
    if first is None or last is None or last.rows <= first.rows:
        return None
    return first, last
