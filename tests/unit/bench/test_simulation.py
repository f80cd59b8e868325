"""The simulation against what can be said without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.bottleneck import bottleneck
from tests.bench.calibration import line_through
from tests.bench.simulation import Cloud, Cost, Costs, Fleet, Work, levels, simulate

FREE = Cost(0.0, 0.0)
NOTHING = Costs(FREE, FREE, FREE, FREE, FREE, FREE, 0.0, 0.0, 1000.0, 0.0)
FAST = Cloud(storage_s=0.0, compose_s=0.0, read_mb_per_s=1e9, image_s=0.0, writes_per_s=1e9)
WORK = Work(rows=40_000)
MANY = Fleet(cleaners=4, fetchers=4, shards_in_flight=1000)


def test_cleaners_share_the_work() -> None:
    costs = replace(NOTHING, clean=Cost(0.0025, 0.0))

    assert simulate(WORK, MANY, costs, FAST).seconds == pytest.approx(25.0)
    outcome = simulate(WORK, replace(MANY, cleaners=8), costs, FAST)
    assert outcome.seconds == pytest.approx(13.0)  # 100 shards of a second: twelve rounds of eight, and a last one
    assert outcome.busy["cleaners"] == pytest.approx(100 / 8 / 13)


def test_no_more_shards_are_worked_on_than_may_be() -> None:
    cloud = replace(FAST, image_s=1.0)
    fleet = replace(MANY, shards_in_flight=5, images_in_flight=10**9)

    outcome = simulate(WORK, fleet, NOTHING, cloud)

    assert outcome.seconds == pytest.approx(20.0, rel=0.01)
    assert outcome.busy["slots"] == pytest.approx(1.0, rel=0.01)
    assert bottleneck(WORK, fleet, NOTHING, cloud, outcome).name == "slots"


def test_shards_are_handed_out_while_the_scan_goes_on() -> None:
    costs = replace(NOTHING, clean=Cost(0.0, 1.0))
    cloud = replace(FAST, read_mb_per_s=0.8)  # a shard of 0.8 MB a second

    assert simulate(WORK, MANY, costs, cloud).seconds == pytest.approx(101.0)


def test_one_owner_drives_a_run() -> None:
    costs = replace(NOTHING, owner=Cost(0.0, 0.02), clean=Cost(0.001, 0.0))
    fleet = Fleet(cleaners=100, fetchers=1, shards_in_flight=1000)
    work = Work(rows=400_000)

    outcome = simulate(work, fleet, costs, FAST)

    assert outcome.seconds == pytest.approx(20.4)
    limit = bottleneck(work, fleet, costs, FAST, outcome)
    assert limit.name == "owner"
    assert limit.saves == pytest.approx(0.49, abs=0.01)


def test_a_machine_s_cores_are_shared_by_all() -> None:
    costs = replace(NOTHING, clean=Cost(0.001, 0.0), read=Cost(0.001, 0.0), other=Cost(0.001, 0.0))
    fleet = replace(MANY, attributes=4, cores=2.0)

    assert simulate(WORK, fleet, costs, FAST).seconds == pytest.approx(60.0, rel=0.02)
    assert simulate(WORK, replace(fleet, cores=1.0), costs, FAST).seconds == pytest.approx(120.0, rel=0.02)
    assert simulate(WORK, replace(fleet, cores=1.5), costs, FAST).seconds == pytest.approx(80.0, rel=0.02)


def test_a_bucket_takes_its_time_to_scale() -> None:
    cloud = replace(FAST, writes_per_s=100, writes_double_every_s=1200)
    work = Work(rows=580_000)
    fleet = Fleet(cleaners=1, fetchers=1, shards_in_flight=10**6)

    outcome = simulate(work, fleet, NOTHING, cloud)

    # 2 ** (t / 1200) = 1 + (images and parts) * ln 2 / 120,000
    assert outcome.seconds == pytest.approx(2551, rel=0.01)
    assert bottleneck(work, fleet, NOTHING, cloud, outcome).name == "bucket's writes"


def test_parts_are_composed_as_a_tree() -> None:
    assert list(levels(1)) == [1]
    assert list(levels(31)) == [1]
    assert list(levels(32)) == [1, 1]
    assert list(levels(33)) == [2, 1]
    assert list(levels(250_001)) == [7813, 245, 8, 1]
    assert list(levels(0)) == []


def test_a_composition_s_level_waits_for_the_one_below() -> None:
    cloud = replace(FAST, compose_s=1.0)
    work = Work(rows=400 * 33 * 32, rejecting=0.0)

    # 1,056 objects: 33 compositions, 32 at a time, then 2, then 1.
    assert simulate(work, MANY, NOTHING, cloud).assembly_s == pytest.approx(2 + 1 + 1)


def test_trees_grow_side_by_side_and_are_published_in_turn() -> None:
    cloud = replace(FAST, compose_s=1.0)
    work = Work(rows=400 * 32 * 8, rejecting=1.0)

    # 8 compositions for each of three trees at once, then the last one of each.
    assert simulate(work, MANY, NOTHING, cloud).assembly_s == pytest.approx(1 + 3)


def test_costs_of_a_row_and_of_a_shard_are_told_apart() -> None:
    cost = line_through((5, 2000 * 0.002 + 5 * 0.03), (40, 2000 * 0.002 + 40 * 0.03), rows=2000)

    assert (cost.row_s, cost.shard_s) == (pytest.approx(0.002), pytest.approx(0.03))
