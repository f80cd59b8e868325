from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.bench.scale import costs_of
from tests.bench.simulation import Cloud, Work
from tests.million.prediction import Measured, prediction
from tests.million.samples import Sample, Series

_ROWS_PER_S = 200
_CPU_MS_A_ROW = {"owner": 0.3, "read": 0.2, "clean": 2.0, "images": 2.0, "write": 0.2, "other": 2.0}
_IDLE = {"owner": 0.05, "other": 0.1}
_LOCAL = Cloud(storage_s=0.002, compose_s=0.05, image_s=0.05, writes_per_s=1e9)
_MEASURED = Measured(0.01, 1e-5, 5000.0, _IDLE, _LOCAL)


def sample(at_s: float) -> Sample:
    rows = round(at_s * _ROWS_PER_S)
    cpu_s = {kind: ms * rows / 1000 + _IDLE.get(kind, 0.0) * at_s for kind, ms in _CPU_MS_A_ROW.items()}
    return Sample(at_s, rows, rows // 400, rows, rows, cpu_s=cpu_s, busy_s=sum(cpu_s.values()))


def run(seconds: int) -> Series:
    return Series([sample(at_s) for at_s in range(0, seconds + 1, 5)])


def test_costs_are_those_of_the_rows_without_what_is_spent_idly() -> None:
    found = prediction(run(200), _MEASURED, Work(rows=40_000), shards_in_flight=8)
    assert found is not None
    assert {kind: getattr(found.costs, kind).row_s for kind in _CPU_MS_A_ROW} == pytest.approx(
        {kind: ms / 1000 for kind, ms in _CPU_MS_A_ROW.items()}
    )


def test_the_scale_table_reads_the_costs_of_a_report(tmp_path: Path) -> None:
    found = prediction(run(200), _MEASURED, Work(rows=40_000), shards_in_flight=8)
    assert found is not None
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"costs": asdict(found.costs)}))
    assert costs_of(json.loads(report.read_text())["costs"]) == found.costs


def test_too_little_seen_predicts_nothing() -> None:
    assert prediction(Series([sample(0)]), _MEASURED, Work(rows=40_000), shards_in_flight=8) is None
