"""What the object store must do, seen through the unmodified google-cloud-storage client."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import storage

from infra.local.cloud import LocalCloud
from tests.support.deadline import wait_for

from .pubsub_bus import Bus

_names = itertools.count(1)


@pytest.fixture
def bucket(storage_client: storage.Client, cloud: LocalCloud) -> storage.Bucket:
    return storage_client.bucket(cloud.options.output_bucket)


@pytest.fixture
def folder() -> str:
    return f"folder-{next(_names)}"


def notifications(bus: Bus, cloud: LocalCloud, name: str, count: int) -> list[Any]:
    """The notifications of one object, acknowledged."""
    subscription = bus.subscriber.subscription_path(cloud.options.project, cloud.options.subscription)
    found: list[Any] = []

    def enough() -> bool:
        for received in bus.pull_now(subscription):
            bus.acknowledge(subscription, received)
            if received.message.attributes["objectId"] == name:
                found.append(received.message)
        return len(found) >= count

    wait_for(enough, within_s=60, what=f"{count} notifications of {name}")
    return found


def test_an_upload_is_notified_with_the_documented_attributes(
    cloud: LocalCloud, embedded_bus: Bus, storage_client: storage.Client, folder: str
) -> None:
    source = storage_client.bucket(cloud.options.source_bucket)
    blob = source.blob(f"{folder}/katalog é.csv")
    blob.upload_from_string(b"a,b\r\n1,2\r\n", content_type="text/csv")

    [message] = notifications(embedded_bus, cloud, blob.name, 1)

    attributes = dict(message.attributes)
    assert attributes.pop("eventTime")
    assert attributes == {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": cloud.options.source_bucket,
        "objectId": blob.name,
        "objectGeneration": str(blob.generation),
        "payloadFormat": "JSON_API_V1",
    }
    body = json.loads(message.data)
    assert (body["name"], body["generation"], body["size"]) == (blob.name, str(blob.generation), "10")


def test_an_overwrite_s_event_names_what_it_replaced(
    cloud: LocalCloud, embedded_bus: Bus, storage_client: storage.Client, folder: str
) -> None:
    blob = storage_client.bucket(cloud.options.source_bucket).blob(f"{folder}/a.csv")
    blob.upload_from_string(b"1")
    first = blob.generation
    blob.upload_from_string(b"2")

    messages = notifications(embedded_bus, cloud, blob.name, 2)

    assert blob.generation > first
    overwrites = [each.attributes.get("overwroteGeneration") for each in messages]
    assert sorted(overwrites, key=str) == [str(first), None]


def test_only_the_source_bucket_is_watched(
    cloud: LocalCloud, embedded_bus: Bus, storage_client: storage.Client, folder: str
) -> None:
    storage_client.bucket(cloud.options.output_bucket).blob(f"{folder}/other.csv").upload_from_string(b"x")
    mark = storage_client.bucket(cloud.options.source_bucket).blob(f"{folder}/mark.csv")
    mark.upload_from_string(b"x")
    subscription = embedded_bus.subscriber.subscription_path(cloud.options.project, cloud.options.subscription)

    seen: list[str] = []

    def marked() -> bool:
        for received in embedded_bus.pull_now(subscription):
            embedded_bus.acknowledge(subscription, received)
            seen.append(received.message.attributes["objectId"])
        return mark.name in seen

    wait_for(marked, within_s=60, what="the mark's notification")
    assert f"{folder}/other.csv" not in seen


def test_one_of_many_creates_an_absent_object(bucket: storage.Bucket, folder: str) -> None:
    def create(number: int) -> bool:
        try:
            bucket.blob(f"{folder}/run.json").upload_from_string(b"%d" % number, if_generation_match=0)
        except exceptions.PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(create, range(16)))

    assert sum(won) == 1
    assert bucket.blob(f"{folder}/run.json").download_as_bytes() == b"%d" % won.index(True)


def test_one_of_many_replaces_a_generation(bucket: storage.Bucket, folder: str) -> None:
    blob = bucket.blob(f"{folder}/lease.json")
    blob.upload_from_string(b"0")
    expected = blob.generation

    def replace(number: int) -> bool:
        try:
            bucket.blob(blob.name).upload_from_string(b"%d" % number, if_generation_match=expected)
        except exceptions.PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(replace, range(1, 17))) == 1
    assert bucket.get_blob(blob.name).generation > expected


def test_a_range_of_a_generation_is_read(bucket: storage.Bucket, folder: str) -> None:
    blob = bucket.blob(f"{folder}/a.csv")
    blob.upload_from_string(b"0123456789")
    pinned = bucket.blob(blob.name, generation=blob.generation)

    assert pinned.download_as_bytes(start=2, end=4) == b"234"
    assert pinned.download_as_bytes(start=8) == b"89"


def test_a_replaced_generation_is_gone(bucket: storage.Bucket, folder: str) -> None:
    blob = bucket.blob(f"{folder}/a.csv")
    blob.upload_from_string(b"old")
    pinned = bucket.blob(blob.name, generation=blob.generation)
    blob.upload_from_string(b"new")

    with pytest.raises(exceptions.NotFound):
        pinned.download_as_bytes()


def test_compose_joins_up_to_32_objects_and_keeps_the_metadata(bucket: storage.Bucket, folder: str) -> None:
    parts = [bucket.blob(f"{folder}/part-{number:02d}") for number in range(32)]
    for number, part in enumerate(parts):
        part.upload_from_string(b"%02d" % number)
    whole = bucket.blob(f"{folder}/whole.csv")
    whole.metadata = {"source-generation": "17"}
    whole.content_type = "text/csv"

    whole.compose(parts)

    read = bucket.get_blob(whole.name)
    assert read.download_as_bytes() == b"".join(b"%02d" % number for number in range(32))
    assert (read.metadata, read.content_type) == ({"source-generation": "17"}, "text/csv")


def test_a_prefix_is_listed_in_order_with_its_folders(bucket: storage.Bucket, folder: str) -> None:
    for name in ["open/b", "open/a", "done/c", "d"]:
        bucket.blob(f"{folder}/{name}").upload_from_string(b"")

    listing = bucket.list_blobs(prefix=f"{folder}/", delimiter="/")

    assert [blob.name for blob in listing] == [f"{folder}/d"]
    assert sorted(listing.prefixes) == [f"{folder}/done/", f"{folder}/open/"]
    assert [blob.name for blob in bucket.list_blobs(prefix=f"{folder}/open/")] == [
        f"{folder}/open/a",
        f"{folder}/open/b",
    ]


def test_objects_survive_a_killed_server(cloud: LocalCloud, bucket: storage.Bucket, folder: str) -> None:
    blob = bucket.blob(f"{folder}/kept.json")
    blob.metadata = {"key": "value"}
    blob.upload_from_string(b"{}", content_type="application/json")
    port = cloud.storage.port

    cloud.storage.kill()
    cloud.storage.start()

    assert cloud.storage.port == port
    read = bucket.get_blob(blob.name)
    assert (read.generation, read.metadata, read.content_type) == (
        blob.generation,
        {"key": "value"},
        "application/json",
    )
    assert read.download_as_bytes() == b"{}"
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob(blob.name).upload_from_string(b"2", if_generation_match=0)


def test_an_upload_while_pubsub_is_down_is_notified_later(
    cloud: LocalCloud, embedded_bus: Bus, storage_client: storage.Client, folder: str
) -> None:
    blob = storage_client.bucket(cloud.options.source_bucket).blob(f"{folder}/late.csv")

    cloud.pubsub.kill()
    blob.upload_from_string(b"x")
    cloud.pubsub.start()

    [message] = notifications(embedded_bus, cloud, blob.name, 1)
    assert message.attributes["objectGeneration"] == str(blob.generation)
