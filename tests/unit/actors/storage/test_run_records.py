from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.errors import Code, DropforgeError
from actors.model.drop import Shard
from actors.model.part import Counts
from actors.storage.bucket import Bucket
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from tests.support.effects import answer, lose_reply
from tests.support.proxy import Fault
from tests.support.run_samples import failure_of, manifest_of, part_of, plan_of, run_of
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy


@pytest.fixture
def records(work: Bucket, prefix: str) -> RunRecords:
    return RunRecords(work, Layout(prefix), run_of(prefix).run_id)


def test_an_absent_record_is_none(records: RunRecords) -> None:
    shard = plan_of([1]).shards[0]
    assert (records.run(), records.plan(), records.manifest(), records.part(shard)) == (None, None, None, None)
    assert (records.parts(), records.failures(), records.failure(shard), records.failure(None)) == ([], [], None, None)


def test_records_come_back_as_they_were(records: RunRecords, prefix: str) -> None:
    run, plan = run_of(prefix), plan_of([3, 2])
    records.write_run(run)
    records.write_plan(plan)
    part = records.write_part(part_of(plan.shards[1]))
    failure = failure_of(run, plan.shards[0])
    records.write_failure(failure)
    manifest = records.commit(manifest_of(run))
    assert (records.run(), records.plan(), records.manifest()) == (run, plan, manifest)
    assert (records.part(plan.shards[1]), records.parts()) == (part, [part])
    assert (records.failure(plan.shards[0]), records.failures()) == (failure, [failure])


def test_odd_names_come_back_as_they_were(work: Bucket, prefix: str) -> None:
    run = run_of(prefix, name='größe "目录" \U0001f600 {run}.csv')
    records = RunRecords(work, Layout(prefix), run.run_id)
    records.write_run(run)
    assert records.run() == run


def test_what_is_written_once_stays(records: RunRecords, prefix: str) -> None:
    run, plan = run_of(prefix), plan_of([3, 2])
    assert records.write_run(run)
    assert not records.write_run(run_of(prefix, shard_rows=99))
    records.write_plan(plan)
    records.write_plan(plan_of([5]))
    first = part_of(plan.shards[0], rows_object="first")
    assert records.write_part(first) == first
    assert records.write_part(part_of(plan.shards[0], rows_object="second")) == first
    done = manifest_of(run, output_generation=1)
    assert records.commit(done) == done
    assert records.commit(manifest_of(run, output_generation=2)) == done
    assert (records.run(), records.plan(), records.parts(), records.manifest()) == (run, plan, [first], done)


def test_the_newest_failure_of_a_shard_counts(records: RunRecords, prefix: str) -> None:
    run, shard = run_of(prefix), plan_of([3]).shards[0]
    records.write_failure(failure_of(run, shard))
    newer = failure_of(run, shard).model_copy(update={"attempts": 9})
    records.write_failure(newer)
    records.write_failure(failure_of(run, None))
    assert records.failures() == [newer, failure_of(run, None)]


def test_parts_are_in_file_order(records: RunRecords) -> None:
    plan = plan_of([1] * 25)
    for shard in reversed(plan.shards):
        records.write_part(part_of(shard))
    assert [part.shard for part in records.parts()] == list(plan.shards)


WRITES: dict[str, Callable[[RunRecords, str, Shard], object]] = {
    "part": lambda records, prefix, shard: records.write_part(part_of(shard)),
    "manifest": lambda records, prefix, shard: records.commit(manifest_of(run_of(prefix))),
}


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_whose_reply_was_lost_counts(proxy: StorageProxy, patient_work: Bucket, prefix: str, kind: str) -> None:
    records, shard = RunRecords(patient_work, Layout(prefix), run_of(prefix).run_id), plan_of([1]).shards[0]
    proxy.add(Fault(call("upload"), lose_reply))
    written = WRITES[kind](records, prefix, shard)
    assert written == {"part": part_of(shard), "manifest": manifest_of(run_of(prefix))}[kind]
    assert written == {"part": records.part(shard), "manifest": records.manifest()}[kind]


def test_a_storage_failure_is_not_an_absent_record(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxy.add(Fault(call("read", "stat", "list"), answer(503), times=None))
    with pytest.raises(DropforgeError) as raised:
        RunRecords(proxied_work, Layout(prefix), "0").manifest()
    assert raised.value.code is Code.STORAGE_UNAVAILABLE


class TestCounts:
    def test_a_total_is_the_sum_of_each_count(self) -> None:
        one = Counts(records=5, blank=1, rows_out=3, rejects={"a": 1}, images={"stored": 3}, image_bytes=10)
        two = Counts(records=4, rows_out=1, rejects={"b": 2, "a": 1}, images={"stored": 1}, images_reused=1)
        assert Counts.total([one, two]) == Counts(
            records=9,
            blank=1,
            rows_out=4,
            rejects={"a": 2, "b": 2},
            images={"stored": 4},
            image_bytes=10,
            images_reused=1,
        )
        assert Counts.total([]) == Counts()

    @pytest.mark.parametrize(
        ("counts", "add_up"),
        [
            (Counts(), True),
            (Counts(records=6, blank=2, rows_out=3, rejects={"a": 1}), True),
            (Counts(records=6, blank=2, rows_out=4, rejects={"a": 1}), False),
            (Counts(records=9, blank=2, rows_out=3, merged=3, rejects={"a": 1}), True),
            (Counts(records=6, blank=2, rows_out=3, merged=3, rejects={"a": 1}), False),
            (Counts(records=6, blank=2, rows_out=3), False),
            (Counts(records=6, rows_out=3, rejects={"a": 1}), False),
        ],
    )
    def test_rows_in_add_up(self, counts: Counts, add_up: bool) -> None:
        assert counts.add_up is add_up
        assert counts.rows_in == counts.records - counts.blank


class TestLayout:
    """Where a run's records are is part of what is stored: a change would lose every run in the bucket."""

    def test_names_stay_as_they_are(self) -> None:
        layout, shard = Layout("_dropforge/"), Shard(7, 0, 1, 1, 1)
        names = layout.of("ab12")
        assert layout.open_marker("ab12") == "_dropforge/open/ab12"
        assert layout.incomplete_marker("ab12") == "_dropforge/incomplete/ab12"
        assert layout.closed_marker("ab12", 1_795_544_930_614) == "_dropforge/closed/98204455069386-ab12"
        assert names.run == "_dropforge/runs/ab12/run.json"
        assert names.lease == "_dropforge/runs/ab12/lease.json"
        assert names.plan == "_dropforge/runs/ab12/plan.json"
        assert names.manifest == "_dropforge/runs/ab12/manifest.json"
        assert names.part(shard) == "_dropforge/runs/ab12/parts/000007.json"
        assert names.failure(shard) == "_dropforge/runs/ab12/failed/000007.json"
        assert names.failure(None) == "_dropforge/runs/ab12/failed/run.json"

    def test_the_newest_closed_run_has_the_smallest_name(self) -> None:
        names = [Layout("").closed_marker("x", accepted_ms) for accepted_ms in (1, 999, 1_795_544_930_614)]
        assert names == sorted(names, reverse=True)
        assert len({len(name) for name in names}) == 1
