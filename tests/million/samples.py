"""What is seen of a run every few seconds, kept as a line of a file, and what a series of it says."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

TENTHS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s` are seconds since the run's drop in which the system ran. `cpu_s` and `requests` are sums so far.

    A latency is None where there was no answer.
    """

    at_s: float
    rows: int
    shards: int
    requests: int
    fetched: int
    memory_mb: Mapping[str, float] = field(default_factory=dict)
    cpu_s: Mapping[str, float] = field(default_factory=dict)
    busy_s: float = 0.0
    latency_s: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tenth:
    """The part of a run in which one tenth of the rows was done; `memory_mb` are means of the samples in it.

    `cleaning_s` is the CPU time of the cleaners, negative where they were started anew in it.
    """

    rows: int
    seconds: float
    requests: float
    cleaning_s: float
    memory_mb: Mapping[str, float]

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0

    @property
    def cleaning_cores(self) -> float:
        """Rows/s times what cleaning a row took then: what it takes depends on the machine's speed alone."""
        return self.cleaning_s / self.seconds if self.seconds else 0.0

    @property
    def requests_a_row(self) -> float:
        return self.requests / self.rows if self.rows else 0.0


class Series:
    """The samples of one run, in their order; those of a file come first, and new ones are added to it."""

    def __init__(self, samples: Sequence[Sample] = (), path: Path | None = None) -> None:
        self.samples = list(samples)
        self._path = path

    @classmethod
    def of(cls, path: Path) -> Self:
        """What a file holds; a line that was cut off by a crash is left out."""
        samples = []
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                samples.append(Sample(**json.loads(line)))
            except ValueError:
                continue
        return cls(samples, path)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(sample)) + "\n")

    @property
    def ended_s(self) -> float:
        return self.samples[-1].at_s if self.samples else 0.0

    @property
    def rows(self) -> int:
        """The most rows seen done: an owner that has just taken over knows of fewer."""
        return max((sample.rows for sample in self.samples), default=0)

    def tenths(self) -> list[Tenth]:
        """Ten parts of as many rows each; empty where nothing was done yet."""
        grown = self._grown()
        if len(grown) < 2 or not grown[-1].rows:
            return []
        bounds = [grown[-1].rows * at / TENTHS for at in range(TENTHS + 1)]
        found = []
        for begin, end in pairwise(bounds):
            one, two = _at(grown, begin), _at(grown, end)
            inside = [sample for sample in self.samples if one.at_s <= sample.at_s <= two.at_s] or grown[-1:]
            found.append(
                Tenth(
                    rows=round(end - begin),
                    seconds=two.at_s - one.at_s,
                    requests=two.requests - one.requests,
                    cleaning_s=two.cleaning_s - one.cleaning_s,
                    memory_mb=_means(inside),
                )
            )
        return found

    def peaks_mb(self) -> dict[str, float]:
        kinds = sorted({kind for sample in self.samples for kind in sample.memory_mb})
        return {kind: max(sample.memory_mb.get(kind, 0.0) for sample in self.samples) for kind in kinds}

    def latencies(self) -> dict[str, list[float]]:
        """Answers' seconds by what was asked for, sorted."""
        found: dict[str, list[float]] = {}
        for sample in self.samples:
            for name, seconds in sample.latency_s.items():
                if seconds is not None:
                    found.setdefault(name, []).append(seconds)
        return {name: sorted(seconds) for name, seconds in found.items()}

    def _grown(self) -> list[Sample]:
        """The samples at which more rows were done than at any before."""
        found: list[Sample] = []
        for sample in self.samples:
            if not found or sample.rows > found[-1].rows:
                found.append(sample)
        return found


@dataclass(frozen=True, slots=True)
class _SoFar:
    """Sums up to a time of the run."""

    at_s: float
    requests: float
    cleaning_s: float

    @classmethod
    def of(cls, sample: Sample) -> Self:
        return cls(sample.at_s, sample.requests, sample.cpu_s.get("clean", 0.0))


def _at(grown: Sequence[Sample], rows: float) -> _SoFar:
    """When so many rows were done, on the line between two samples."""
    after = min(bisect_left(grown, rows, key=lambda sample: sample.rows), len(grown) - 1)
    if after == 0:
        return _SoFar.of(grown[0])
    one, two = _SoFar.of(grown[after - 1]), _SoFar.of(grown[after])
    share = (rows - grown[after - 1].rows) / (grown[after].rows - grown[after - 1].rows)
    return _SoFar(
        one.at_s + share * (two.at_s - one.at_s),
        one.requests + share * (two.requests - one.requests),
        one.cleaning_s + share * (two.cleaning_s - one.cleaning_s),
    )


def _means(samples: Sequence[Sample]) -> dict[str, float]:
    kinds = {kind for sample in samples for kind in sample.memory_mb}
    return {kind: sum(sample.memory_mb.get(kind, 0.0) for sample in samples) / len(samples) for kind in kinds}
