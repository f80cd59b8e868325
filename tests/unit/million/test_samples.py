from __future__ import annotations

from pathlib import Path

import pytest

from tests.million.pictures import rates
from tests.million.samples import Sample, Series


def sample(at_s: float, rows: int, *, mb: float = 100.0, **latency: float | None) -> Sample:
    return Sample(at_s, rows, rows // 400, 2 * rows, rows, memory_mb={"Writer": mb}, latency_s=latency)


def test_tenths_have_their_own_pace() -> None:
    series = Series([sample(0, 0), sample(10, 500), sample(30, 1000)])
    tenths = series.tenths()
    assert [round(tenth.rows_per_s) for tenth in tenths] == [50] * 5 + [25] * 5
    assert {tenth.requests_a_row for tenth in tenths} == {2.0}


def test_a_machine_that_slows_down_slows_cleaning_as_much() -> None:
    def cleaned(at_s: float, rows: int, cleaning_s: float) -> Sample:
        return Sample(at_s, rows, rows // 400, rows, rows, cpu_s={"clean": cleaning_s})

    slower = Series([cleaned(0, 0, 0), cleaned(10, 500, 5), cleaned(30, 1000, 15)]).tenths()
    assert slower[-1].rows_per_s == pytest.approx(slower[1].rows_per_s / 2)
    assert slower[-1].cleaning_cores == pytest.approx(slower[1].cleaning_cores)


def test_an_owner_that_knows_of_fewer_rows_takes_none_back() -> None:
    series = Series([sample(0, 0), sample(10, 500), sample(20, 100), sample(30, 1000)])
    assert series.rows == 1000
    assert [tenth.seconds for tenth in series.tenths()] == pytest.approx([2.0] * 5 + [4.0] * 5)


def test_nothing_done_has_no_tenths() -> None:
    assert Series([sample(0, 0), sample(5, 0)]).tenths() == []
    assert rates(Series()) == []


def test_a_series_goes_on_after_a_line_that_broke_off(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    Series.of(path).add(sample(0, 0))
    with path.open("a") as file:
        file.write('{"at_s": 1.0, "row\n')
    Series.of(path).add(sample(5, 400))
    assert [each.rows for each in Series.of(path).samples] == [0, 400]


def test_answers_that_never_came_have_no_latency() -> None:
    series = Series([sample(0, 0, page=2.0), sample(1, 1, page=None), sample(2, 2, page=1.0)])
    assert series.latencies() == {"page": [1.0, 2.0]}


def test_peaks_are_of_every_sample() -> None:
    assert Series([sample(0, 0, mb=7.0), sample(1, 1, mb=9.0), sample(2, 2, mb=8.0)]).peaks_mb() == {"Writer": 9.0}
