from __future__ import annotations

import random
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from actors.reading.source import Source
from actors.storage.bucket import Bucket
from tests.support.effects import answer, cut, lose_reply, meanwhile
from tests.support.proxy import Fault
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

TEXT = "text/plain"


def test_of_many_creators_one_wins(work: Bucket, prefix: str) -> None:
    writers = 24
    together = threading.Barrier(writers)

    def create(writer: int) -> int | None:
        together.wait(10)
        return work.create(f"{prefix}x", f"writer {writer}".encode(), content_type=TEXT)

    with ThreadPoolExecutor(writers) as threads:
        generations = list(threads.map(create, range(writers)))
    (winner,) = [writer for writer, generation in enumerate(generations) if generation is not None]
    assert work.read_if_present(f"{prefix}x") == (f"writer {winner}".encode(), generations[winner])


def test_created_objects_keep_their_metadata(work: Bucket, prefix: str) -> None:
    generation = work.create(f"{prefix}x", b"abc", content_type=TEXT, metadata={"run": "5"})
    info = work.stat(f"{prefix}x")
    assert info is not None
    assert (info.name, info.generation, info.size, info.metadata) == (f"{prefix}x", generation, 3, {"run": "5"})
    assert info.updated is not None


def test_metadata_is_sent_only_where_there_is_some(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxied_work.create(f"{prefix}x", b"abc", content_type=TEXT)
    proxied_work.compose(f"{prefix}y", [f"{prefix}x"], content_type=TEXT)
    assert [b'"metadata"' in request.body for request in proxy.asked if request.method == "POST"] == [False, False]
    proxied_work.create(f"{prefix}z", b"abc", content_type=TEXT, metadata={"run": "5"})
    assert b'"metadata": {"run": "5"}' in proxy.asked[-1].body


def test_a_swap_needs_the_expected_generation(work: Bucket, prefix: str) -> None:
    name = f"{prefix}x"
    first = work.replace(name, b"one", generation=0, content_type=TEXT)
    assert first is not None
    assert work.replace(name, b"two", generation=0, content_type=TEXT) is None
    second = work.replace(name, b"two", generation=first, content_type=TEXT)
    assert second is not None
    assert work.replace(name, b"three", generation=first, content_type=TEXT) is None
    assert work.read_if_present(name) == (b"two", second)


def test_of_many_swappers_one_wins(work: Bucket, prefix: str) -> None:
    generation = work.put(f"{prefix}x", b"start", content_type=TEXT)
    writers = 16
    together = threading.Barrier(writers)

    def swap(writer: int) -> int | None:
        together.wait(10)
        return work.replace(f"{prefix}x", f"writer {writer}".encode(), generation=generation, content_type=TEXT)

    with ThreadPoolExecutor(writers) as threads:
        won = [written for written in threads.map(swap, range(writers)) if written is not None]
    assert len(won) == 1


def test_a_swap_whose_reply_was_lost_is_known_by_its_bytes(
    proxy: StorageProxy, patient_work: Bucket, prefix: str
) -> None:
    proxy.add(Fault(call("upload"), lose_reply))
    written = patient_work.replace(f"{prefix}x", b"mine", generation=0, content_type=TEXT)
    assert [asked.operation for asked in proxy.calls[:2]] == ["upload", "upload"]
    assert written is not None
    assert patient_work.read_if_present(f"{prefix}x") == (b"mine", written)


def test_a_create_whose_reply_was_lost_counts_as_lost(proxy: StorageProxy, patient_work: Bucket, prefix: str) -> None:
    proxy.add(Fault(call("upload"), lose_reply))
    assert patient_work.create(f"{prefix}x", b"mine", content_type=TEXT) is None
    assert patient_work.read(f"{prefix}x") == b"mine"


def test_a_put_overwrites(work: Bucket, prefix: str) -> None:
    first = work.put(f"{prefix}x", b"one", content_type=TEXT)
    second = work.put(f"{prefix}x", b"two", content_type=TEXT)
    assert second > first
    assert work.read(f"{prefix}x") == b"two"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (0, 4, b"0123"), (2, 5, b"234"), (8, 99, b"89"), (4, 4, b"")],
)
def test_ranges_are_half_open(work: Bucket, prefix: str, start: int, end: int | None, expected: bytes) -> None:
    work.put(f"{prefix}x", b"0123456789", content_type=TEXT)
    assert work.read(f"{prefix}x", start=start, end=end) == expected


def test_an_empty_object_is_read(work: Bucket, prefix: str) -> None:
    work.put(f"{prefix}x", b"", content_type=TEXT)
    assert work.read(f"{prefix}x") == b""


@pytest.mark.parametrize("kept_bytes", [0, 1, 70_000])
@pytest.mark.parametrize(("start", "end"), [(0, None), (1000, 150_000)])
def test_a_read_that_breaks_off_is_completed(
    proxy: StorageProxy, patient_work: Bucket, prefix: str, kept_bytes: int, start: int, end: int | None
) -> None:
    data = bytes(range(256)) * 800
    patient_work.put(f"{prefix}x", data, content_type=TEXT)
    broken_off = proxy.add(Fault(call("read"), cut(kept_bytes), times=2))
    assert patient_work.read(f"{prefix}x", start=start, end=end) == data[start:end]
    assert broken_off.hits == 2


def test_a_read_that_always_breaks_off_may_pass(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxied_work.put(f"{prefix}x", b"0123456789", content_type=TEXT)
    proxy.add(Fault(call("read"), cut(0), times=None))
    with pytest.raises(DropforgeError) as raised:
        proxied_work.read(f"{prefix}x")
    assert raised.value.code is Code.STORAGE_UNAVAILABLE


def test_what_is_absent_is_told(work: Bucket, prefix: str) -> None:
    assert work.stat(f"{prefix}x") is None
    assert work.read_if_present(f"{prefix}x") is None
    work.delete(f"{prefix}x")
    with pytest.raises(DropforgeError, match=f"gs://work/{prefix}x does not exist") as raised:
        work.read(f"{prefix}x")
    assert raised.value.code is Code.NOT_FOUND


def test_nobody_asks_for_the_bucket(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxied_work.create(f"{prefix}x", b"x", content_type=TEXT)  # which starts the writes' own thread
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(DropforgeError):
            proxied_work.read(f"{prefix}absent")
    assert threading.active_count() <= before
    assert len(proxy.asked) == len(proxy.calls) == 4


def test_a_deleted_object_is_absent(work: Bucket, prefix: str) -> None:
    work.put(f"{prefix}x", b"one", content_type=TEXT)
    work.delete(f"{prefix}x")
    assert work.stat(f"{prefix}x") is None


def test_an_overwritten_generation_is_gone(work: Bucket, prefix: str) -> None:
    old = work.put(f"{prefix}x", b"one", content_type=TEXT)
    new = work.put(f"{prefix}x", b"two", content_type=TEXT)
    assert work.stat(f"{prefix}x", generation=old) is None
    with pytest.raises(DropforgeError) as raised:
        work.read(f"{prefix}x", generation=old)
    assert raised.value.code is Code.NOT_FOUND
    assert work.read(f"{prefix}x", generation=new) == b"two"


def overwriting(proxy: StorageProxy, bucket: Bucket, name: str, times: int) -> None:
    """Overwrites the object just before each of the next `times` reads of it."""
    numbers = count()

    def overwrite() -> None:
        bucket.put(name, f"newer {next(numbers)}".encode(), content_type=TEXT)

    proxy.add(Fault(call("read"), meanwhile(overwrite), times=times))


def test_an_object_replaced_in_mid_read_is_read_as_one(
    proxy: StorageProxy, proxied_work: Bucket, work: Bucket, prefix: str
) -> None:
    work.put(f"{prefix}x", b"old", content_type=TEXT)
    overwriting(proxy, work, f"{prefix}x", times=1)
    found = proxied_work.read_if_present(f"{prefix}x")
    info = work.stat(f"{prefix}x")
    assert info is not None
    assert found == (b"newer 0", info.generation)


def test_an_object_that_never_rests_may_pass(
    proxy: StorageProxy, proxied_work: Bucket, work: Bucket, prefix: str
) -> None:
    work.put(f"{prefix}x", b"old", content_type=TEXT)
    overwriting(proxy, work, f"{prefix}x", times=100)
    with pytest.raises(DropforgeError, match="was replaced during each attempt") as raised:
        proxied_work.read_if_present(f"{prefix}x")
    assert raised.value.code is Code.STORAGE_UNAVAILABLE


def test_objects_are_listed_in_name_order(work: Bucket, prefix: str) -> None:
    for name in ("b", "a/2", "a/10", "c"):
        work.put(f"{prefix}{name}", b"", content_type=TEXT)
    assert [info.name.removeprefix(prefix) for info in work.objects(prefix)] == ["a/10", "a/2", "b", "c"]
    assert [info.name.removeprefix(prefix) for info in work.objects(prefix, limit=2)] == ["a/10", "a/2"]
    assert [info.name.removeprefix(prefix) for info in work.objects(f"{prefix}a/")] == ["a/10", "a/2"]
    assert list(work.objects(f"{prefix}none/")) == []


def test_compose_joins_in_order(work: Bucket, prefix: str) -> None:
    for name in ("one", "two", "none"):
        work.put(f"{prefix}{name}", b"" if name == "none" else name.encode(), content_type=TEXT)
    sources = [f"{prefix}{name}" for name in ("two", "none", "one", "two")]
    generation = work.compose(f"{prefix}x", sources, content_type="text/csv", metadata={"run": "5"})
    info = work.stat(f"{prefix}x")
    assert info is not None
    assert (work.read(f"{prefix}x"), info.generation, info.metadata) == (b"twoonetwo", generation, {"run": "5"})


def test_compose_keeps_its_precondition(proxied_work: Bucket, prefix: str) -> None:
    generation = proxied_work.put(f"{prefix}x", b"old", content_type=TEXT)
    proxied_work.put(f"{prefix}one", b"one", content_type=TEXT)

    def compose(given: int) -> int | None:
        return proxied_work.compose(f"{prefix}x", [f"{prefix}one"], content_type=TEXT, generation=given)

    assert compose(0) is None
    assert compose(generation - 1) is None
    assert proxied_work.read(f"{prefix}x") == b"old"
    assert compose(generation) is not None
    assert proxied_work.read(f"{prefix}x") == b"one"


def test_a_copy_keeps_its_precondition(proxied_work: Bucket, out: Bucket, prefix: str) -> None:
    out.put(f"{prefix}whole", b"whole", content_type=TEXT)
    generation = proxied_work.put(f"{prefix}x", b"old", content_type=TEXT)

    def copy(given: int) -> int | None:
        return proxied_work.copy_from(
            out, f"{prefix}whole", f"{prefix}x", content_type="text/csv", metadata={"run": "5"}, generation=given
        )

    assert copy(0) is None
    assert proxied_work.read(f"{prefix}x") == b"old"
    written = copy(generation)
    info = proxied_work.stat(f"{prefix}x")
    assert info is not None
    assert (info.generation, info.metadata, proxied_work.read(f"{prefix}x")) == (written, {"run": "5"}, b"whole")


CALLS: dict[str, Callable[[Bucket, str], object]] = {
    "read": lambda bucket, name: bucket.read(name),
    "read_if_present": lambda bucket, name: bucket.read_if_present(name),
    "stat": lambda bucket, name: bucket.stat(name),
    "create": lambda bucket, name: bucket.create(name, b"x", content_type=TEXT),
    "replace": lambda bucket, name: bucket.replace(name, b"x", generation=0, content_type=TEXT),
    "put": lambda bucket, name: bucket.put(name, b"x", content_type=TEXT),
    "objects": lambda bucket, name: list(bucket.objects(name)),
    "pages": lambda bucket, name: list(bucket.pages(name)),
    "delete": lambda bucket, name: bucket.delete(name),
    "compose": lambda bucket, name: bucket.compose(name, [f"{name}-source"], content_type=TEXT),
    "copy_from": lambda bucket, name: bucket.copy_from(
        bucket, f"{name}-source", name, content_type=TEXT, metadata={}, generation=0
    ),
}


def refuse_all(proxy: StorageProxy, status: int) -> None:
    proxy.add(Fault(call(), answer(status), times=None))


@pytest.mark.parametrize(("call", "status"), [("stat", 400), ("stat", 401), *((call, 403) for call in CALLS)])
def test_a_refusal_is_told_at_once(proxied_work: Bucket, proxy: StorageProxy, call: str, status: int) -> None:
    refuse_all(proxy, status)
    with pytest.raises(DropforgeError, match=r"gs://work/x.*permissions") as raised:
        CALLS[call](proxied_work, "x")
    assert raised.value.code is Code.BAD_SETTINGS
    assert len(proxy.calls) == 1


@pytest.mark.parametrize(
    ("call", "status"), [("stat", 408), ("stat", 429), ("stat", 500), *((call, 503) for call in CALLS)]
)
def test_what_may_pass_is_tried_again_for_a_while(
    proxied_work: Bucket, proxy: StorageProxy, call: str, status: int
) -> None:
    refuse_all(proxy, status)
    with pytest.raises(DropforgeError, match="gs://work/x") as raised:
        CALLS[call](proxied_work, "x")
    assert raised.value.code is Code.STORAGE_UNAVAILABLE
    assert raised.value.retryable
    assert len(proxy.calls) > 1


@pytest.mark.parametrize("call", ["read", "put", "compose"])
def test_a_store_that_can_t_be_reached(unreachable_work: Bucket, call: str) -> None:
    with pytest.raises(DropforgeError, match="gs://work/x") as raised:
        CALLS[call](unreachable_work, "x")
    assert raised.value.code is Code.STORAGE_UNAVAILABLE


def test_a_short_outage_is_not_noticed(patient_work: Bucket, proxy: StorageProxy, prefix: str) -> None:
    outages = [proxy.add(Fault(call(operation), answer(503))) for operation in ("upload", "read")]
    patient_work.put(f"{prefix}x", b"one", content_type=TEXT)
    assert patient_work.read(f"{prefix}x") == b"one"
    assert [outage.hits for outage in outages] == [1, 1]


@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1, 20_000_001])
def test_an_upload_of_any_size(work: Bucket, prefix: str, size: int) -> None:
    data = random.Random(size).randbytes(size)
    blocks = (data[at : at + 1_000_003] for at in range(0, size, 1_000_003))
    info = work.upload(f"{prefix}x", blocks, content_type=TEXT)
    assert info.size == size
    assert work.read_if_present(f"{prefix}x") == (data, info.generation)


def test_an_upload_that_breaks_off_leaves_nothing(work: Bucket, prefix: str) -> None:
    def blocks() -> Iterator[bytes]:
        yield bytes(9 << 20)
        raise DropforgeError(Code.NOT_A_CSV, "It ends here.")

    with pytest.raises(DropforgeError, match="It ends here"):
        work.upload(f"{prefix}x", blocks(), content_type=TEXT)
    assert work.stat(f"{prefix}x") is None


def test_an_upload_holds_a_chunk_at_a_time(work: Bucket, prefix: str) -> None:
    tracemalloc.start()
    work.upload(f"{prefix}x", (bytes(1 << 20) for _ in range(64)), content_type=TEXT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 << 20


def test_an_upload_without_a_store_may_pass(unreachable_work: Bucket, prefix: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        unreachable_work.upload(f"{prefix}x", iter([b"a"]), content_type=TEXT)
    assert raised.value.code is Code.STORAGE_UNAVAILABLE


def test_an_upload_s_failed_chunk_is_sent_again(
    proxy: StorageProxy, patient_work: Bucket, work: Bucket, prefix: str
) -> None:
    failed = proxy.add(Fault(lambda request: request.method == "PUT", answer(503)))
    data = random.Random(5).randbytes(10 << 20)
    patient_work.upload(f"{prefix}x", iter([data]), content_type=TEXT)
    assert failed.hits == 1
    assert work.read(f"{prefix}x") == data


class TestSource:
    def test_reads_its_generation(self, work: Bucket, prefix: str) -> None:
        generation = work.put(f"{prefix}a.csv", b"0123456789", content_type=TEXT)
        source = Source(work, f"{prefix}a.csv", generation)
        assert (source.size(), source.read(0, 10), source.read(2, 4)) == (10, b"0123456789", b"23")

    @pytest.mark.parametrize("how", ["overwritten", "deleted"])
    def test_is_gone(self, work: Bucket, prefix: str, how: str) -> None:
        name = f"{prefix}a.csv"
        drop = Drop("work", name, work.put(name, b"0123456789", content_type=TEXT))
        if how == "overwritten":
            work.put(name, b"another", content_type=TEXT)
        else:
            work.delete(name)
        source = Source(work, drop.object, drop.generation)
        for read in (source.size, lambda: source.read(0, 5)):
            with pytest.raises(DropforgeError, match="deleted or overwritten") as raised:
                read()
            assert raised.value.code is Code.SOURCE_GONE
            assert drop.uri in raised.value.message
