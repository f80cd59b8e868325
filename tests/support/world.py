"""What the application is in: a local cloud, whose buckets and topics a test reaches with the ordinary clients."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

from google.cloud import pubsub_v1

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.storage.bucket import Bucket, connect
from infra.local.cloud import LocalCloud
from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
from serve_app.config.settings import Settings
from serve_app.runs.run_registry import RunRegistry

UNWATCHED = "elsewhere/"
"""Objects below it are no drops: their runs start when a test accepts them, with settings of its own."""

_PUBLISHED_S = 60.0


def cloud_of(settings: Mapping[str, Any], *, state: Path | None = None) -> tuple[LocalCloud, Settings]:
    """The cloud that `dropforge up` starts for these settings, not started yet, and all the settings it has then."""
    system = LocalSystem(LocalSystemOptions(port=0, settings=settings, state=state), on_progress=lambda line: None)
    return system.cloud, system.settings


class World(ABC):
    """Runs while the `with` block does; nothing is left of it afterwards.

    `source`, `output`, `work` and `ledger` reach the object store past whatever stands between it and the application.
    """

    cloud: LocalCloud
    settings: Settings

    def __init__(self) -> None:
        self._running = ExitStack()

    @abstractmethod
    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        """Starts all there is, to end with `running`. Returns the local cloud and the application's settings."""

    def __enter__(self) -> Self:
        with ExitStack() as running:
            self.cloud, self.settings = self._start(running)
            with mock.patch.dict(os.environ, self.cloud.environment):
                self.client = connect(self.settings.project)
            self.source = Bucket(self.client, self.settings.source_bucket)
            self.output = Bucket(self.client, self.settings.output_bucket)
            self.work = Bucket(self.client, self.settings.work_bucket or self.settings.output_bucket)
            self.ledger = RunRegistry(self.work, self.settings.work_prefix)
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @cached_property
    def publisher(self) -> pubsub_v1.PublisherClient:
        with mock.patch.dict(os.environ, self.cloud.environment):
            return pubsub_v1.PublisherClient()

    def drop(self, name: str, data: bytes) -> Drop:
        """Uploads an object to the source bucket; below the watched prefix that starts its run."""
        return Drop(self.source.name, name, self.source.put(name, data, content_type="text/csv"))

    def drop_unannounced(self, name: str, data: bytes) -> Drop:
        """Puts an object into the source bucket of which no notification comes."""
        at_first = f"{UNWATCHED}unannounced"
        self.source.put(at_first, data, content_type="text/csv")
        folder = self.cloud.objects / self.source.name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / at_first).rename(folder / name)
        info = self.source.stat(name)
        assert info is not None
        return Drop(self.source.name, name, info.generation)

    def publish(self, attributes: Mapping[str, str]) -> None:
        """A notification on the topic that the application's subscription is of."""
        topic = self.publisher.topic_path(self.settings.project, self.cloud.options.topic)
        self.publisher.publish(topic, b"{}", **attributes).result(_PUBLISHED_S)

    def publish_dead_letter(self, data: bytes) -> None:
        """Any message on the dead-letter topic."""
        topic = self.publisher.topic_path(self.settings.project, self.settings.dead_letter_topic)
        self.publisher.publish(topic, data).result(_PUBLISHED_S)

    def is_run(self, drop: Drop) -> bool:
        return self.ledger.records(drop.run_id).run() is not None

    def output_of(self, manifest: Manifest) -> bytes:
        """The output's bytes, of the generation that the manifest names."""
        assert manifest.output is not None
        return self.output.read(manifest.output.name, generation=manifest.output_generation)

    def names(self, prefix: str) -> list[str]:
        """Objects of the output bucket below a prefix."""
        return [info.name for info in self.output.objects(prefix)]


def notification_of(drop: Drop, event_type: str = "OBJECT_FINALIZE") -> dict[str, str]:
    """The attributes that Cloud Storage gives a notification ("Pub/Sub notifications for Cloud Storage")."""
    return {
        "eventType": event_type,
        "bucketId": drop.bucket,
        "objectId": drop.object,
        "objectGeneration": str(drop.generation),
        "payloadFormat": "JSON_API_V1",
    }


def push_envelope(attributes: Mapping[str, str]) -> dict[str, Any]:
    """The body with which a push subscription delivers a message ("Receive push messages")."""
    message = {"attributes": dict(attributes), "data": "e30=", "messageId": str(time.time_ns())}
    return {"message": message, "subscription": "projects/p/subscriptions/s"}
