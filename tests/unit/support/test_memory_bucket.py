"""The bucket in memory and a real object store keep one contract."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from tests.support.memory_bucket import MemoryBucket

TEXT = "text/plain"


@pytest.fixture(params=["memory", "real"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    return MemoryBucket() if request.param == "memory" else request.getfixturevalue("work")


def test_an_object_is_created_once(bucket: Bucket, prefix: str) -> None:
    assert bucket.create(f"{prefix}a", b"1", content_type=TEXT) is not None
    assert bucket.create(f"{prefix}a", b"2", content_type=TEXT) is None
    assert bucket.read(f"{prefix}a") == b"1"


def test_an_object_is_replaced_over_its_generation(bucket: Bucket, prefix: str) -> None:
    first = bucket.create(f"{prefix}a", b"1", content_type=TEXT)
    assert first is not None
    second = bucket.replace(f"{prefix}a", b"2", generation=first, content_type=TEXT)
    assert second is not None
    assert second > first
    assert bucket.replace(f"{prefix}a", b"3", generation=first, content_type=TEXT) is None
    assert bucket.read_if_present(f"{prefix}a") == (b"2", second)


def test_a_lost_reply_to_a_replacement_is_recognised(bucket: Bucket, prefix: str) -> None:
    first = bucket.create(f"{prefix}a", b"1", content_type=TEXT) or 0
    second = bucket.replace(f"{prefix}a", b"2", generation=first, content_type=TEXT)
    assert bucket.replace(f"{prefix}a", b"2", generation=first, content_type=TEXT) == second


def test_what_does_not_exist_is_not_found(bucket: Bucket, prefix: str) -> None:
    assert bucket.stat(f"{prefix}a") is None
    assert bucket.read_if_present(f"{prefix}a") is None
    bucket.delete(f"{prefix}a")
    with pytest.raises(DropforgeError) as raised:
        bucket.read(f"{prefix}a")
    assert raised.value.code is Code.NOT_FOUND


def test_a_generation_that_is_gone_is_not_found(bucket: Bucket, prefix: str) -> None:
    first = bucket.put(f"{prefix}a", b"1", content_type=TEXT)
    second = bucket.put(f"{prefix}a", b"2", content_type=TEXT)
    assert bucket.read(f"{prefix}a", generation=second) == b"2"
    with pytest.raises(DropforgeError) as raised:
        bucket.read(f"{prefix}a", generation=first)
    assert raised.value.code is Code.NOT_FOUND


def test_a_range_of_an_object_is_read(bucket: Bucket, prefix: str) -> None:
    bucket.put(f"{prefix}a", b"0123456789", content_type=TEXT)
    assert (bucket.read(f"{prefix}a", start=2, end=5), bucket.read(f"{prefix}a", start=7)) == (b"234", b"789")


def test_objects_are_listed_in_name_order(bucket: Bucket, prefix: str) -> None:
    for name in ("b/2", "a", "b/10", "c"):
        bucket.put(f"{prefix}{name}", name.encode(), content_type=TEXT)
    assert [info.name for info in bucket.objects(f"{prefix}b/")] == [f"{prefix}b/10", f"{prefix}b/2"]
    listed = list(bucket.objects(prefix, limit=2))
    assert [(info.name, info.size) for info in listed] == [(f"{prefix}a", 1), (f"{prefix}b/10", 4)]
    assert all(info.updated is not None for info in listed)


def test_pages_hold_every_object_once(bucket: Bucket, prefix: str) -> None:
    made = {f"{prefix}{name}": bucket.put(f"{prefix}{name}", b"12", content_type=TEXT) for name in ("b/2", "a", "b/1")}
    bucket.put(f"{prefix}a", b"123", content_type=TEXT)
    listed = [found for page in bucket.pages(prefix) for found in page]
    assert [(found.name, found.size) for found in listed] == [
        (f"{prefix}a", 3),
        (f"{prefix}b/1", 2),
        (f"{prefix}b/2", 2),
    ]
    assert listed[0].generation > made[f"{prefix}a"]
    assert listed[1].generation == made[f"{prefix}b/1"]
    for found in listed:
        assert abs((datetime.now(UTC) - found.created).total_seconds()) < 3600
    assert list(bucket.pages(f"{prefix}none/")) in ([], [[]])


def test_sources_are_composed_in_their_order(bucket: Bucket, prefix: str) -> None:
    for name in ("1", "2"):
        bucket.put(f"{prefix}{name}", name.encode(), content_type=TEXT)
    bucket.compose(f"{prefix}c", [f"{prefix}2", f"{prefix}1"], content_type=TEXT)
    assert bucket.read(f"{prefix}c") == b"21"
