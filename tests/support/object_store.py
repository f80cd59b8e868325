"""A fake-gcs-server of one's own, without Pub/Sub beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.port import HOST
from infra.local.provision import create_buckets
from infra.local.service import Service
from infra.local.storage import FakeGcsServer


@contextmanager
def object_store(folder: Path, project: str, *buckets: str) -> Iterator[str]:
    """The address of a server that keeps its objects in the empty `folder` and has these buckets."""
    program = FakeGcsServer(
        root=folder / "objects",
        project=project,
        bucket="unwatched",
        prefix="",
        topic="none",
        pubsub_address=f"{HOST}:1",
    )

    def prepare() -> None:
        create_buckets(HOST, service.port, project, buckets)

    service = Service(program, folder / "storage.log", scratch=None, prepare=prepare)
    service.start()
    try:
        yield service.address
    finally:
        service.stop()
