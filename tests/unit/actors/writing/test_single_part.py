"""The output of a drop of one shard, whose part goes straight into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from actors.errors import Code, DropforgeError
from actors.model.manifest import Manifest
from actors.model.part import Counts, UnwrittenPart
from actors.model.run import Run
from actors.storage.bucket import Bucket
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from actors.writing.assembly import Assembly
from tests.support.effects import lose_reply
from tests.support.proxy import Fault
from tests.support.run_samples import HEADER, part_of, plan_of, run_of
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

ROWS = b"1,a\n3,c\n"
REJECTED = b"2,b\n"
REASONS = b'{"row": 2}\n'
FAILED = b'{"row": 1, "url": "http://h/"}\n{"row": 3, "url": "http://h/"}\n'

Publish = Callable[[Bucket, Run], Manifest]


def direct(bucket: Bucket, run: Run, *, rows: bytes = ROWS, rejects: int = 1, failed: bytes = FAILED) -> Manifest:
    """Publishes a part that is nowhere but in memory."""
    plan = plan_of([2 + rejects])
    counts = Counts(records=2 + rejects, rows_out=2, rejects={"missing_value": rejects} if rejects else {})
    record = part_of(plan.shards[0], rows_object=None, bytes_out=len(rows), counts=counts)
    part = UnwrittenPart(record, rows, REJECTED if rejects else b"", REASONS if rejects else b"", failed_urls=failed)
    return Assembly.of_single_part(run, plan, part, bucket).publish(0)


def composed(bucket: Bucket, run: Run) -> Manifest:
    """Publishes the same part from the bucket."""
    plan = plan_of([3])
    records = RunRecords(bucket, Layout(run.work_prefix), run.run_id)
    names: dict[str, Any] = {}
    for field, data in {
        "rows_object": ROWS,
        "rejects_object": REJECTED,
        "reasons_object": REASONS,
        "failed_urls_object": FAILED,
    }.items():
        names[field] = f"{run.work_prefix}{field}"
        bucket.put(names[field], data, content_type="text/csv")
    counts = Counts(records=3, rows_out=2, rejects={"missing_value": 1})
    record = part_of(plan.shards[0], bytes_out=len(ROWS), counts=counts, **names)
    return Assembly.of_parts(run, plan, [record], records, bucket).publish(0)


def stored(bucket: Bucket, run: Run) -> dict[str, tuple[bytes, dict[str, str]]]:
    found = {}
    for target in (run.output, run.rejects, run.reasons, run.failed_urls):
        info = bucket.stat(target.name)
        assert info is not None
        found[target.name] = (bucket.read(target.name), dict(info.metadata))
    return found


def test_it_is_what_composing_gives(work: Bucket, prefix: str) -> None:
    one, other = run_of(f"{prefix}one/", name="a.csv"), run_of(f"{prefix}other/", name="a.csv")
    first, second = direct(work, one), composed(work, other)
    hidden = {"run_id", "drop", "finished_at", "output", "output_generation", "rejects", "reasons", "failed_urls"}
    assert first.model_dump(exclude=hidden) == second.model_dump(exclude=hidden)
    written, joined = stored(work, one), stored(work, other)
    assert [data for data, _ in written.values()] == [data for data, _ in joined.values()]
    assert [data for data, _ in written.values()][1] == HEADER + b"\n" + REJECTED
    assert [data for data, _ in written.values()][3] == FAILED
    assert (first.failed_urls, second.failed_urls) == (one.failed_urls, other.failed_urls)
    for _, metadata in written.values():
        assert metadata == {
            "dropforge-run": one.run_id,
            "dropforge-source": f"gs://in/{one.drop.object}",
            "dropforge-source-generation": "1",
        }


def test_rejects_alone_are_refused_as_of_many_shards(work: Bucket, prefix: str) -> None:
    run, plan = run_of(prefix), plan_of([2])
    record = part_of(plan.shards[0], rows_object=None, bytes_out=0, counts=Counts(records=2, rejects={"poison_row": 2}))
    part = UnwrittenPart(record, b"", REJECTED * 2, b'{"row": 1, "detail": "It kills."}\n{"row": 2}\n')
    manifest = Assembly.of_single_part(run, plan, part, work).publish(0)
    assert (manifest.state, manifest.output, manifest.rejects) == ("refused", None, run.rejects)
    assert manifest.reason is not None
    assert (manifest.reason.code, manifest.reason.message.split(" Correct")[0]) == (
        "no_usable_rows",
        "None of the 2 rows can be used: 2 poison_row. The first is row 1: It kills.",
    )
    assert work.stat(run.output.name) is None
    assert work.read(run.rejects.name) == HEADER + b"\n" + REJECTED * 2


def test_nothing_else_is_written_or_looked_for(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    direct(proxied_work, run_of(prefix), rejects=0, failed=b"")
    assert [asked.operation for asked in proxy.calls] == ["upload"]


@pytest.mark.parametrize("again", [direct, composed])
def test_published_again_it_is_the_same_output(work: Bucket, prefix: str, again: Publish) -> None:
    run = run_of(prefix)
    assert direct(work, run).output_generation == again(work, run).output_generation


def test_a_lost_reply_is_known_by_the_run(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    run = run_of(prefix)
    proxy.add(Fault(call("upload"), lose_reply))
    manifest = direct(proxied_work, run, rejects=0, failed=b"")
    info = proxied_work.stat(run.output.name)
    assert info is not None
    assert info.generation == manifest.output_generation


def test_by_two_at_once_it_is_one_output(work: Bucket, prefix: str) -> None:
    run, writers = run_of(prefix), 6
    together = threading.Barrier(writers)

    def publish(_: int) -> int | None:
        together.wait(10)
        return direct(work, run).output_generation

    with ThreadPoolExecutor(writers) as threads:
        assert len(set(threads.map(publish, range(writers)))) == 1


def test_a_newer_drop_s_output_stays(work: Bucket, prefix: str) -> None:
    direct(work, run_of(prefix, generation=10), rows=b"new,a\nnew,b\n")
    with pytest.raises(DropforgeError, match="superseded by generation 10") as raised:
        direct(work, run_of(prefix, generation=9))
    assert raised.value.code is Code.SUPERSEDED
    assert b"new,a" in work.read(run_of(prefix).output.name)


def test_an_older_drop_s_output_is_replaced(work: Bucket, prefix: str) -> None:
    direct(work, run_of(prefix, generation=1), rows=b"old,a\nold,b\n")
    manifest = direct(work, run_of(prefix, generation=2))
    info = work.stat(run_of(prefix).output.name)
    assert info is not None
    assert (info.generation, work.read(info.name)[-len(ROWS) :]) == (manifest.output_generation, ROWS)


def test_what_another_source_became_stays(work: Bucket, prefix: str) -> None:
    first = run_of(prefix, name="a.csv")
    direct(work, first)
    with pytest.raises(DropforgeError) as raised:
        direct(work, run_of(prefix, name="a.CSV", output=first.output))
    assert raised.value.code is Code.OUTPUT_TAKEN
