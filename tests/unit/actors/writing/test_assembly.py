from __future__ import annotations

import csv
import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord, UnwrittenPart
from actors.model.plan import Plan
from actors.model.run import Run
from actors.storage.bucket import Bucket
from actors.storage.object_paths import Layout
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords
from actors.writing.assembly import Assembly
from actors.writing.part_objects import write_part
from tests.support.effects import meanwhile
from tests.support.proxy import Fault
from tests.support.run_samples import HEADER, part_of, plan_of, run_of
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

OUTPUT_HEADER = (
    b"uniq_id,product_name,description,brand,image,image_uri,attributes,"
    b"c0_name,c1_name,c2_name,c3_name,c4_name,c5_name,c6_name,c7_name\n"
)


def row(number: int) -> bytes:
    return f'{number},"näme, {number}"\n'.encode()


def reason(number: int) -> bytes:
    return b'{"row": %d, "detail": "No value."}\n' % number


@dataclass
class Finished:
    """A run whose every shard has its part."""

    run: Run
    records: RunRecords
    plan: Plan
    parts: list[PartRecord]
    rows: bytes

    def publish(self, output: Bucket, parts: Sequence[PartRecord] | None = None) -> Manifest:
        given = self.parts if parts is None else parts
        return Assembly.of_parts(self.run, self.plan, given, self.records, output).publish(shards_reused=0)


def finished(bucket: Bucket, run: Run, shard_rows: Sequence[int], *, rejected: Sequence[int] = ()) -> Finished:
    """Writes the parts of a plan; the rows numbered in `rejected` are rejects."""
    records, plan = RunRecords(bucket, Layout(run.work_prefix), run.run_id), plan_of(shard_rows)

    def write(shard: Shard) -> PartRecord:
        numbers = range(shard.first_row, shard.first_row + shard.rows)
        good = b"".join(row(number) for number in numbers if number not in rejected)
        bad = [number for number in numbers if number in rejected]
        names = records.names
        part = part_of(
            shard,
            rows_object=names.rows(shard, "0a") if good else None,
            rejects_object=names.rejects(shard, "0a", "csv") if bad else None,
            reasons_object=names.rejects(shard, "0a", "jsonl") if bad else None,
            bytes_out=len(good),
            counts=Counts(
                records=shard.rows, rows_out=shard.rows - len(bad), rejects={"missing_value": len(bad)} if bad else {}
            ),
        )
        if part.rows_object:
            bucket.put(part.rows_object, good, content_type="text/csv")
        if part.rejects_object and part.reasons_object:
            bucket.put(part.rejects_object, b"".join(row(number) for number in bad), content_type="text/csv")
            reasons = b"".join(map(reason, bad))
            bucket.put(part.reasons_object, reasons, content_type="application/x-ndjson")
        return part

    with ThreadPoolExecutor(16) as threads:
        parts = list(threads.map(write, plan.shards))
    total = sum(shard_rows)
    rows = b"".join(row(number) for number in range(1, total + 1) if number not in rejected)
    return Finished(run, records, plan, parts, rows)


@pytest.fixture(scope="module")
def letters(work: Bucket) -> list[str]:
    """A few objects to compose much of."""
    names = [f"letters/{letter}" for letter in "abcdefghijklmnopqrs"]
    for name in names:
        work.put(name, f"{name}\n".encode(), content_type="text/csv")
    return names


@pytest.mark.parametrize("shards", [1, 2, 31, 32, 33, 63, 64, 1023, 1024])
def test_parts_are_joined_in_file_order(work: Bucket, prefix: str, letters: list[str], shards: int) -> None:
    run, plan = run_of(prefix), plan_of([1] * shards)
    names = [letters[(5 * shard.index + shard.index // 32) % len(letters)] for shard in plan.shards]
    parts = [part_of(shard, rows_object=name) for shard, name in zip(plan.shards, names, strict=True)]
    Assembly.of_parts(run, plan, parts[::-1], RunRecords(work, Layout(prefix), run.run_id), work).publish(0)
    assert work.read(run.output.name) == OUTPUT_HEADER + b"".join(f"{name}\n".encode() for name in names)


def test_a_manifest_names_every_version_that_made_a_part(work: Bucket, prefix: str) -> None:
    run, plan = run_of(prefix), plan_of([1, 1, 1])
    made_by = [{"spacy": "3.8.18", "text_engine": engine} for engine in ("fast", "spacy", "fast")]
    parts = [part_of(shard, rows_object=None, versions=each) for shard, each in zip(plan.shards, made_by, strict=True)]
    manifest = Assembly.of_parts(run, plan, parts, RunRecords(work, Layout(prefix), run.run_id), work).publish(0)
    assert (manifest.versions["spacy"], manifest.versions["text_engine"]) == ("3.8.18", "fast, spacy")


def test_no_request_has_more_sources_than_cloud_storage_takes(
    proxy: StorageProxy, proxied_work: Bucket, work: Bucket, prefix: str
) -> None:
    done = finished(work, run_of(prefix), [1] * 40)
    records = RunRecords(proxied_work, Layout(prefix), done.run.run_id)
    Assembly.of_parts(done.run, done.plan, done.parts, records, proxied_work).publish(0)
    composed = [asked for asked in proxy.calls if asked.operation == "compose"]
    # 40 parts in two groups, then the header and the two.
    assert len(composed) == 3


def test_what_is_published_is_joined_side_by_side_before(
    proxy: StorageProxy, proxied_work: Bucket, work: Bucket, prefix: str
) -> None:
    done = finished(work, run_of(prefix), [2] * 33, rejected=range(1, 67, 2))
    records = RunRecords(proxied_work, Layout(prefix), done.run.run_id)
    Assembly.of_parts(done.run, done.plan, done.parts, records, proxied_work).publish(0)
    targets = [asked.name for asked in proxy.calls if asked.operation == "compose"]
    # Rows, rejects and reasons: two groups each, then three objects that are published.
    assert ["/compose/" in name for name in targets] == [True] * 6 + [False] * 3


def test_a_manifest_says_what_there_is(work: Bucket, prefix: str) -> None:
    done = finished(work, run_of(prefix, catalogue_name="shop-a"), [3, 2, 4], rejected=[2, 9])
    manifest = Assembly.of_parts(done.run, done.plan, done.parts, done.records, work).publish(shards_reused=1)
    info = work.stat(done.run.output.name)
    assert info is not None
    assert manifest.output_generation == info.generation
    assert (manifest.state, manifest.shards, manifest.shards_reused) == ("done", 3, 1)
    assert manifest.catalogue_name == "shop-a"
    assert manifest.counts == Counts(records=9, rows_out=7, rejects={"missing_value": 2})
    assert (manifest.source_bytes, manifest.accepted_at) == (done.plan.start.source_bytes, done.run.accepted_at)
    assert manifest.stage_s == {"read": 1.5, "clean": 4.5}
    assert manifest.versions["spacy"] == "3.8"
    assert (manifest.output, manifest.output_bytes) == (done.run.output, info.size)
    assert info.metadata == {
        "dropforge-run": done.run.run_id,
        "dropforge-source": f"gs://in/{done.run.drop.object}",
        "dropforge-source-generation": "1",
    }


def test_rejects_can_be_dropped_again(work: Bucket, prefix: str) -> None:
    done = finished(work, run_of(prefix), [3, 2, 4], rejected=[2, 3, 9])
    manifest = done.publish(work)
    assert (manifest.rejects, manifest.reasons) == (done.run.rejects, done.run.reasons)
    rejects = work.read(done.run.rejects.name)
    assert rejects == HEADER + b"\n" + row(2) + row(3) + row(9)
    assert [line[0] for line in csv.reader(io.StringIO(rejects.decode()))] == ["uniq_id", "2", "3", "9"]
    assert work.read(done.run.reasons.name) == reason(2) + reason(3) + reason(9)


@pytest.mark.parametrize("failing", [[], [1], [0, 2]])
def test_failed_urls_are_joined_in_file_order(work: Bucket, prefix: str, failing: list[int]) -> None:
    run, plan = run_of(prefix), plan_of([1, 1, 1])
    records = RunRecords(work, Layout(run.work_prefix), run.run_id)
    parts = []
    for shard in plan.shards:
        line = b'{"row": %d}\n' % shard.first_row if shard.index in failing else b""
        written = UnwrittenPart(part_of(shard, rows_object=None), b"1\n", b"", b"", failed_urls=line)
        parts.append(write_part(written, records))
    manifest = Assembly.of_parts(run, plan, parts[::-1], records, work).publish(0)
    assert manifest.failed_urls == (run.failed_urls if failing else None)
    if failing:
        assert work.read(run.failed_urls.name) == b"".join(b'{"row": %d}\n' % (index + 1) for index in failing)
        info = work.stat(run.failed_urls.name)
        assert info is not None
        assert info.metadata["dropforge-run"] == run.run_id


@pytest.mark.parametrize(("catalogue_s", "mark"), [("utf-8", b""), ("cp1252", b"\xef\xbb\xbf")])
def test_rejects_are_marked_where_they_would_be_read_otherwise(
    work: Bucket, prefix: str, catalogue_s: Literal["utf-8", "cp1252"], mark: bytes
) -> None:
    run = run_of(prefix, catalogue=Catalogue(encoding=catalogue_s))
    done = finished(work, run, [3], rejected=[2])
    done.publish(work)
    assert work.read(run.rejects.name) == mark + HEADER + b"\n" + row(2)


def test_more_rejects_than_one_request_takes(work: Bucket, prefix: str) -> None:
    numbers = list(range(1, 71))
    done = finished(work, run_of(prefix), [1] * 71, rejected=numbers)
    done.publish(work)
    assert work.read(done.run.output.name) == OUTPUT_HEADER + row(71)
    assert work.read(done.run.rejects.name) == HEADER + b"\n" + b"".join(map(row, numbers))
    assert work.read(done.run.reasons.name) == b"".join(map(reason, numbers))


@pytest.mark.parametrize("shard_rows", [[6], [2, 4], [1] * 6, [0, 6, 0]], ids=str)
def test_a_run_of_rejects_alone_is_refused_and_keeps_them(work: Bucket, prefix: str, shard_rows: list[int]) -> None:
    done = finished(work, run_of(prefix), shard_rows, rejected=range(1, 7))
    manifest = done.publish(work)
    assert (manifest.state, manifest.output, manifest.output_generation) == ("refused", None, None)
    assert manifest.reason is not None
    assert manifest.reason.code == Code.NO_USABLE_ROWS
    assert manifest.reason.message.startswith("None of the 6 rows can be used: 6 missing_value. The first is row 1: ")
    assert "No value." in manifest.reason.message
    assert (manifest.counts.rejected, manifest.shards, manifest.warnings) == (6, len(shard_rows), ())
    assert work.stat(done.run.output.name) is None
    assert (manifest.rejects, manifest.reasons) == (done.run.rejects, done.run.reasons)
    assert work.read(done.run.rejects.name) == HEADER + b"\n" + b"".join(map(row, range(1, 7)))


def test_a_run_of_rejects_alone_leaves_the_older_output(work: Bucket, prefix: str) -> None:
    finished(work, run_of(prefix, generation=1), [2]).publish(work)
    older = work.stat(run_of(prefix).output.name)
    finished(work, run_of(prefix, generation=2), [2], rejected=[1, 2]).publish(work)
    assert work.stat(run_of(prefix).output.name) == older


@pytest.mark.parametrize("shard_rows", [[10], [1, 2, 7], [1] * 10], ids=str)
@pytest.mark.parametrize(("rejected", "warned"), [(0, False), (1, False), (2, True), (9, True)])
def test_more_rejects_than_the_share_are_a_warning(
    work: Bucket, prefix: str, shard_rows: list[int], rejected: int, warned: bool
) -> None:
    done = finished(work, run_of(prefix), shard_rows, rejected=range(1, rejected + 1))
    manifest = done.publish(work)
    assert manifest.state == "done"
    assert [warning.code for warning in manifest.warnings] == ["many_rejects"] * warned
    if warned:
        (warning,) = manifest.warnings
        assert warning.message.startswith(
            f"{rejected} of 10 rows ({rejected * 10} %) are rejects, more than the 10 % that the setting "
            f"rejects_warning_share allows: {rejected} missing_value. The first is row 1: "
        )


def test_the_share_is_the_run_s_own(work: Bucket, prefix: str) -> None:
    for share, warned in ((0.5, 0), (0.4, 1), (0.0, 1), (1.0, 0)):
        run = run_of(f"{prefix}{share}/", rejects_warning_share=share)
        assert len(finished(work, run, [4], rejected=[1, 2]).publish(work).warnings) == warned


def test_a_drop_without_rows_gives_the_header(work: Bucket, prefix: str) -> None:
    done = finished(work, run_of(prefix), [])
    manifest = done.publish(work)
    assert work.read(done.run.output.name) == OUTPUT_HEADER
    assert (manifest.rejects, manifest.reasons) == (None, None)
    assert (manifest.counts, manifest.output_bytes) == (Counts(), len(OUTPUT_HEADER))


def with_counts(part: PartRecord, **changes: int) -> PartRecord:
    return part.model_copy(update={"counts": part.counts.model_copy(update=changes)})


DISAGREEING = {
    "a part is missing": (lambda parts: parts[:2], r"2 parts for 3 planned shards.*\[2\].*Replay"),
    "the first part is missing": (lambda parts: parts[1:], r"\[0\]"),
    "no part": (lambda parts: [], r"0 parts for 3 planned shards"),
    "a part of another plan": (
        lambda parts: [*parts[:2], part_of(Shard(2, 5, 6, 6, 4))],
        r"these shards have no part: \[2\]",
    ),
    "a part too many": (lambda parts: [*parts, part_of(Shard(3, 90, 99, 10, 1))], "4 parts for 3 planned shards"),
    "a part twice": (lambda parts: [*parts, parts[0]], "4 parts for 3 planned shards"),
    "a row vanished": (
        lambda parts: [with_counts(parts[0], rows_out=2), *parts[1:]],
        "shard 0: its 3 records do not equal 0 blank .* 2 rows out",
    ),
    "a row came from nowhere": (
        lambda parts: [with_counts(parts[0], rows_out=4), *parts[1:]],
        "shard 0: .* 4 rows out",
    ),
    "a record vanished": (
        lambda parts: [with_counts(parts[0], rows_out=2, records=2), *parts[1:]],
        "shard 0: its 2 records .* not the planned 3",
    ),
    "two shards are wrong by the same number": (
        lambda parts: [
            with_counts(parts[0], rows_out=2, records=2),
            with_counts(parts[1], rows_out=3, records=3),
            parts[2],
        ],
        "shard 0",
    ),
    "two shards lose and win a row": (
        lambda parts: [with_counts(parts[0], rows_out=2), with_counts(parts[1], rows_out=3), parts[2]],
        "shard 0",
    ),
}


@pytest.mark.parametrize("case", DISAGREEING)
def test_parts_that_disagree_publish_nothing(work: Bucket, prefix: str, case: str) -> None:
    change, told = DISAGREEING[case]
    done = finished(work, run_of(prefix), [3, 2, 4])
    before = {info.name for info in work.objects(prefix)}
    with pytest.raises(DropforgeError, match=told) as raised:
        done.publish(work, parts=change(done.parts))
    assert raised.value.code is Code.PARTS_DISAGREE
    assert done.run.drop.uri in raised.value.message
    assert {info.name for info in work.objects(prefix)} == before


@pytest.mark.parametrize("rejected", [[], [2, 9]])
def test_published_twice_it_is_the_same_output(work: Bucket, prefix: str, rejected: list[int]) -> None:
    done = finished(work, run_of(prefix), [3, 2, 4], rejected=rejected)
    first, second = done.publish(work), done.publish(work)
    assert first.output_generation == second.output_generation
    info = work.stat(done.run.output.name)
    assert info is not None
    assert info.generation == first.output_generation


def test_published_by_two_at_once_it_is_one_output(proxied_work: Bucket, prefix: str) -> None:
    done = finished(proxied_work, run_of(prefix), [1] * 5)
    writers = 6
    together = threading.Barrier(writers)

    def publish(_: int) -> int | None:
        together.wait(10)
        return done.publish(proxied_work).output_generation

    with ThreadPoolExecutor(writers) as threads:
        assert len(set(threads.map(publish, range(writers)))) == 1
    assert proxied_work.read(done.run.output.name) == OUTPUT_HEADER + done.rows


def test_a_newer_drop_replaces_an_older_one_s_output(work: Bucket, prefix: str) -> None:
    finished(work, run_of(prefix, generation=5), [2]).publish(work)
    newer = finished(work, run_of(prefix, generation=6), [3])
    manifest = newer.publish(work)
    info = work.stat(newer.run.output.name)
    assert info is not None
    assert (info.generation, work.read(newer.run.output.name)) == (
        manifest.output_generation,
        OUTPUT_HEADER + newer.rows,
    )


def test_an_older_drop_never_replaces_a_newer_one_s_output(work: Bucket, prefix: str) -> None:
    # Generations are compared as numbers: as text, 10 comes before 9.
    newer = finished(work, run_of(prefix, generation=10), [3])
    manifest = newer.publish(work)
    older = finished(work, run_of(prefix, generation=9), [2])
    with pytest.raises(DropforgeError, match="superseded by generation 10 of the same object") as raised:
        older.publish(work)
    assert raised.value.code is Code.SUPERSEDED
    info = work.stat(newer.run.output.name)
    assert info is not None
    assert (info.generation, work.read(newer.run.output.name)) == (
        manifest.output_generation,
        OUTPUT_HEADER + newer.rows,
    )


def test_two_objects_never_share_an_output(work: Bucket, prefix: str) -> None:
    first = finished(work, run_of(prefix, name="a.csv"), [3])
    manifest = first.publish(work)
    other = run_of(prefix, name="a.CSV", generation=9, output=first.run.output)
    with pytest.raises(DropforgeError, match=rf"is the output of gs://in/{prefix}a\.csv,") as raised:
        finished(work, other, [2]).publish(work)
    assert raised.value.code is Code.OUTPUT_TAKEN
    assert work.read(first.run.output.name, generation=manifest.output_generation) == OUTPUT_HEADER + first.rows


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"generation": 5}, None),
        ({"generation": 6}, None),
        ({"generation": 4}, Code.SUPERSEDED),
        ({"name": "a.CSV", "generation": 9}, Code.OUTPUT_TAKEN),
    ],
    ids=["itself", "newer", "older", "another object"],
)
def test_what_would_not_be_published_is_known_before(
    work: Bucket, prefix: str, changes: dict[str, Any], code: Code | None
) -> None:
    first = run_of(prefix, name="a.csv", generation=5)
    finished(work, first, [3]).publish(work)
    run = run_of(prefix, **{"name": "a.csv", **changes}, output=first.output)
    publication = Publication(run, work)
    if code is None:
        publication.check(run.output)
        return
    with pytest.raises(DropforgeError) as raised:
        publication.check(run.output)
    assert raised.value.code is code


def test_an_older_drop_that_looked_before_the_newer_one_wrote(
    proxy: StorageProxy, proxied_work: Bucket, work: Bucket, prefix: str
) -> None:
    older = finished(work, run_of(prefix, generation=1), [2])
    newer = finished(work, run_of(prefix, generation=2), [3])
    overtaken = proxy.add(Fault(call("compose"), meanwhile(lambda: newer.publish(work))))
    records = RunRecords(proxied_work, Layout(prefix), older.run.run_id)
    with pytest.raises(DropforgeError) as raised:
        Assembly.of_parts(older.run, older.plan, older.parts, records, proxied_work).publish(0)
    assert overtaken.hits == 1
    assert raised.value.code is Code.SUPERSEDED
    assert work.read(newer.run.output.name) == OUTPUT_HEADER + newer.rows


def test_what_somebody_else_put_there_is_replaced(work: Bucket, prefix: str) -> None:
    done = finished(work, run_of(prefix), [2])
    work.put(done.run.output.name, b"by hand", content_type="text/csv")
    done.publish(work)
    assert work.read(done.run.output.name) == OUTPUT_HEADER + done.rows


class TestAnotherOutputBucket:
    @pytest.fixture
    def run(self, prefix: str) -> Run:
        run = run_of(prefix)
        return run.model_copy(
            update={
                "output": run.output.model_copy(update={"bucket": "out"}),
                "rejects": run.rejects.model_copy(update={"bucket": "out"}),
            }
        )

    @pytest.mark.parametrize("shards", [1, 40])
    def test_the_output_is_copied(self, work: Bucket, out: Bucket, run: Run, shards: int) -> None:
        done = finished(work, run, [2] * shards, rejected=[1])
        manifest = done.publish(out)
        info = out.stat(run.output.name)
        assert info is not None
        assert (info.generation, info.metadata["dropforge-run"]) == (manifest.output_generation, run.run_id)
        assert out.read(run.output.name) == OUTPUT_HEADER + done.rows
        assert out.read(run.rejects.name) == HEADER + b"\n" + row(1)
        assert out.read(run.reasons.name) == reason(1)
        assert work.stat(run.output.name) is None

    def test_published_twice_it_is_the_same_output(self, work: Bucket, out: Bucket, run: Run) -> None:
        done = finished(work, run, [3, 2])
        assert done.publish(out).output_generation == done.publish(out).output_generation

    def test_published_by_two_at_once_it_is_one_output(
        self, proxy: StorageProxy, work: Bucket, run: Run, proxied_client: storage.Client
    ) -> None:
        done = finished(work, run, [3, 2])
        output = Bucket(proxied_client, "out")
        together = threading.Barrier(4)

        def publish(_: int) -> int | None:
            together.wait(10)
            return done.publish(output).output_generation

        with ThreadPoolExecutor(4) as threads:
            assert len(set(threads.map(publish, range(4)))) == 1
