"""What the proxy before fake-gcs-server adds to it."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage

from tests.support.storage_proxy import StorageProxy

OTHER = 5
"""A generation that no object of these tests has."""


@pytest.fixture
def bucket(proxied_client: storage.Client) -> storage.Bucket:
    return proxied_client.bucket("work")


@pytest.fixture
def blob(bucket: storage.Bucket, prefix: str) -> storage.Blob:
    blob = bucket.blob(f"{prefix}x")
    blob.upload_from_string(b"one")
    return blob


def test_a_delete_of_another_generation_is_refused(blob: storage.Blob) -> None:
    with pytest.raises(PreconditionFailed):
        blob.delete(if_generation_match=OTHER)
    assert blob.download_as_bytes() == b"one"
    blob.delete(if_generation_match=blob.generation)
    assert not blob.exists()


def test_a_compose_over_another_generation_is_refused(bucket: storage.Bucket, blob: storage.Blob) -> None:
    with pytest.raises(PreconditionFailed):
        blob.compose([blob, blob], if_generation_match=OTHER)
    blob.compose([blob, blob], if_generation_match=blob.generation)
    assert blob.download_as_bytes() == b"oneone"


def test_a_copy_onto_what_is_there_is_refused(bucket: storage.Bucket, blob: storage.Blob) -> None:
    target = bucket.blob(f"{blob.name}-copy")
    target.rewrite(blob, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        target.rewrite(blob, if_generation_match=0)


def test_a_resumable_upload_passes_whole(bucket: storage.Bucket, proxy: StorageProxy, prefix: str) -> None:
    blob = bucket.blob(f"{prefix}large")
    with blob.open("wb", chunk_size=256 << 10, ignore_flush=True) as file:
        file.write(bytes(600 << 10))
    # A session and three chunks of it, which make one generation.
    assert [call.operation for call in proxy.calls if call.name == blob.name] == ["upload"] * 4
    assert proxy.writes("work", blob.name).count(200) == 1
