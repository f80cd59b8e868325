from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.million import checks, report
from tests.million.catalogue import Expected
from tests.million.result import Result
from tests.million.samples import Sample, Series

EXPECTED = Expected(1000, 995, {"missing_value": 5}, {"stored": 990, "not_an_image": 5}, {"not_an_image": 5}, 10_000)
COUNTS: dict[str, Any] = {
    "records": 1000,
    "blank": 0,
    "rows_out": 995,
    "rejects": {"missing_value": 5},
    "images": {"stored": 990, "not_an_image": 5},
    "image_failures": {"not_an_image": 5},
}
RESULT = Result(
    seconds=10.0,
    shards=3,
    shards_reused=0,
    counts=COUNTS,
    add_up=True,
    images_folder="gs://out/images/m/1/",
    objects={"plan": (1, 200), "manifest": (1, 300), "part record": (3, 900)},
    requests={"image created": 990, "listed open runs": 4},
    commit_s=0.4,
    fetched=990,
    fetched_different=990,
    replays=0,
    plan_memory_bytes=1_000_000,
    plan_record_bytes=2_000_000,
    predicted_s=11.0,
)


def series(*, last_s: float = 10.0, mb: float = 100.0) -> Series:
    times = [1.0 * at for at in range(10)] + [9.0 + last_s / 10]
    return Series(
        [
            Sample(at_s, 100 * at, at, 100 * at, 0, memory_mb={"Writer": 100.0 if at < 9 else mb})
            for at, at_s in enumerate(times)
        ]
    )


def unmet(found: Any) -> list[str]:
    return [check.what for check in found if check.met is False]


def test_a_right_run_meets_all() -> None:
    assert unmet(checks.right(EXPECTED, "undisturbed", RESULT)) == []


def test_a_lost_row_and_a_lost_image_show() -> None:
    lost = replace(RESULT, counts=COUNTS | {"rows_out": 994}, add_up=False, fetched_different=989)
    assert len(unmet(checks.right(EXPECTED, "undisturbed", lost))) == 3


def test_differences_show() -> None:
    assert unmet(checks.equal([("output", ""), ("rejects", "line 3")])) == ["rejects with faults, byte for byte"]


def test_images_fetched_twice_are_bounded_by_those_in_flight() -> None:
    faults = ({"in_flight": 8}, {"in_flight": 2})
    assert unmet(checks.fetched_twice(replace(RESULT, fetched=1000, faults=faults))) == []
    assert unmet(checks.fetched_twice(replace(RESULT, fetched=1001, faults=faults))) == ["images fetched twice"]


def test_a_url_that_failed_without_a_plan_shows() -> None:
    assert unmet(checks.failed_urls(EXPECTED, RESULT)) == []
    more = replace(RESULT, counts=COUNTS | {"image_failures": {"not_an_image": 5, "timeout": 1}})
    assert unmet(checks.failed_urls(EXPECTED, more)) == ["image URLs that failed, undisturbed"]


def test_a_run_that_slows_down_or_grows_shows() -> None:
    assert unmet(checks.flat(series())) == []
    assert unmet(checks.flat(series(last_s=20.0))) == ["rows/s, last tenth to second"]
    assert unmet(checks.flat(series(mb=500.0))) == ["memory of Writer, second to last tenth"]


def test_a_bad_prediction_shows() -> None:
    assert unmet(checks.predicted(RESULT)) == []
    assert unmet(checks.predicted(replace(RESULT, predicted_s=12.0))) == ["the simulation's seconds"]


def test_the_tables_name_what_was_measured() -> None:
    found = [*checks.right(EXPECTED, "undisturbed", RESULT), *checks.store(RESULT, EXPECTED.rows)]
    text = report.checks(found) + report.sizes({"undisturbed": RESULT}) + report.over_time("undisturbed", series())
    for word in ("rows out", "995", "0.9940, 0.9900 of them images", "listed open runs", "MB of Writer"):
        assert word in text
    assert "NOT MET" not in text
