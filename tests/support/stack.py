"""One running application with all it needs: local cloud, image host and Serve."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self
from unittest import mock

import ray
import requests
from google.cloud import pubsub_v1

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.model.run import Run
from actors.storage.bucket import Bucket, connect
from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.image_host import ImageHost
from infra.local.port import free_port
from serve_app.config.settings import Settings
from serve_app.local_host import Host, HostOptions
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription
from serve_app.runs.run_registry import RunRegistry

from .otlp_receiver import OtlpReceiver

UNWATCHED = "elsewhere/"
"""Objects below it are no drops: their runs start when a test accepts them, with settings of its own."""

_TOPIC = "drops"
_REPLICA = ":actor_name:ServeReplica:dropforge:"
_WAIT_S = 60.0
_LOOK_S = 0.02


class Stack:
    """Runs while the `with` block does; nothing is left of it afterwards."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        with ExitStack() as running:
            self.images = running.enter_context(ImageHost(any_path=True))
            self.traces = running.enter_context(OtlpReceiver())
            given: dict[str, Any] = {
                "otlp_endpoint": self.traces.url,
                "images": {
                    "allowed_networks": ["127.0.0.0/8"],
                    "allowed_ports": [self.images.port],
                    "own_hosts": ["127.0.0.1"],
                },
                "scan_chunk_bytes": 1 << 18,
                "shard_rows": 100,
                "lease_s": 3.0,
                "adopt_every_s": 0.2,
            }
            self.settings = Settings(**given)
            cloud = running.enter_context(
                LocalCloud(
                    LocalCloudOptions(
                        project=self.settings.project,
                        source_bucket=self.settings.source_bucket,
                        output_bucket=self.settings.output_bucket,
                        topic=_TOPIC,
                        subscription=self.settings.subscription,
                        dead_letter_topic=self.settings.dead_letter_topic,
                        dead_letter_subscription=self.settings.dead_letter_subscription,
                    )
                )
            )
            running.enter_context(mock.patch.dict(os.environ, cloud.environment))
            client = connect(self.settings.project)
            self.source = Bucket(client, self.settings.source_bucket)
            self.output = Bucket(client, self.settings.output_bucket)
            self.ledger = RunRegistry(self.output, self.settings.work_prefix)
            self._publisher = pubsub_v1.PublisherClient()
            # With the dashboard, since `serve status` asks it.
            options = HostOptions(port=free_port(), settings=given, replicas={"Cleaner": 2}, dashboard=True)
            self._host = running.enter_context(Host(options))
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def metrics_url(self) -> str:
        """Ray's exporter of the one node."""
        (node,) = ray.nodes()
        return f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"

    def log_lines(self) -> Iterator[tuple[str, str]]:
        """What our replicas have written to standard error so far: each one's deployment, and a line."""
        for file in sorted(self._host.logs.glob("worker-*.err")):
            lines = file.read_text().splitlines()
            (name,) = [line for line in lines if line.startswith(":actor_name:")] or [""]
            if name.startswith(_REPLICA):
                yield from ((name.removeprefix(_REPLICA), line) for line in lines if not line.startswith(":"))

    @property
    def url(self) -> str:
        """The application's address."""
        return self._host.url

    @property
    def dashboard_url(self) -> str | None:
        return self._host.dashboard_url

    def drop(self, name: str, data: bytes) -> Drop:
        """Uploads an object to the source bucket; below the watched prefix that starts its run."""
        return Drop(self.source.name, name, self.source.put(name, data, content_type="text/csv"))

    def accept(self, drop: Drop, **changes: Any) -> Run:
        """Starts the run of a drop that is not watched, with some of its settings changed."""
        return self.accept_run(self.settings.run_for(drop).model_copy(update=changes))

    def accept_run(self, run: Run) -> Run:
        assert self.ledger.accept(run)
        return run

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """A call of the application's API."""
        return self._session.request(method, f"{self._host.url}{path}", timeout=_WAIT_S, **arguments)

    def push(self, attributes: Mapping[str, str]) -> requests.Response:
        """A notification as a push subscription delivers it."""
        message = {"attributes": dict(attributes), "messageId": "1", "data": "e30="}
        return self.call(
            "POST", "/pubsub/push", json={"message": message, "subscription": "projects/p/subscriptions/s"}
        )

    def publish(self, attributes: Mapping[str, str]) -> None:
        """A notification on the topic that the application's subscription is of."""
        topic = self._publisher.topic_path(self.settings.project, _TOPIC)
        self._publisher.publish(topic, b"{}", **attributes).result(_WAIT_S)

    def publish_dead_letter(self, data: bytes) -> None:
        """Any message on the dead-letter topic."""
        topic = self._publisher.topic_path(self.settings.project, self.settings.dead_letter_topic)
        self._publisher.publish(topic, data).result(_WAIT_S)

    @contextmanager
    def push_subscription(self, *, attempts: int) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """A topic whose messages are pushed to the application, and dead-lettered after `attempts`; publishes to it."""
        project = self.settings.project
        topic = self._publisher.create_topic(name=f"projects/{project}/topics/pushed").name
        subscriber = pubsub_v1.SubscriberClient()
        subscription = f"projects/{project}/subscriptions/pushed"
        letters = f"projects/{project}/topics/{self.settings.dead_letter_topic}"
        policy = {"dead_letter_topic": letters, "max_delivery_attempts": attempts}
        subscriber.create_subscription(
            request={
                "name": subscription,
                "topic": topic,
                "push_config": {"push_endpoint": f"{self._host.url}/pubsub/push"},
                "dead_letter_policy": policy,
            }
        )
        yield lambda attributes: self._publisher.publish(topic, b"{}", **attributes).result(_WAIT_S)
        subscriber.delete_subscription(subscription=subscription)
        self._publisher.delete_topic(topic=topic)

    def dead_letters_with(self, attributes: Mapping[str, str]) -> list[dict[str, str]]:
        """The attributes of the dead-lettered messages that have these, once there is one; it is acknowledged."""
        queue = DeadLetterSubscription(self.settings.project, self.settings.dead_letter_subscription)
        found: list[dict[str, str]] = []

        def look() -> bool:
            pulled = queue.pull(100)
            wanted = [letter for letter in pulled if attributes.items() <= letter.attributes.items()]
            queue.acknowledge(wanted)
            queue.release([letter for letter in pulled if letter not in wanted])
            found.extend(dict(letter.attributes) for letter in wanted)
            return bool(found)

        self.until(f"A dead letter with {attributes}", look)
        return found

    def is_run(self, drop: Drop) -> bool:
        return self.ledger.records(drop.run_id).run() is not None

    def view(self, drop: Drop) -> dict[str, Any] | None:
        """What the API says of a drop's run; None where there is none."""
        answer = self.call("GET", f"/runs/{drop.run_id}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Waits until `condition` holds."""
        deadline = time.monotonic() + _WAIT_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about in {_WAIT_S:.0f} s"
            time.sleep(_LOOK_S)

    def result(self, drop: Drop) -> Manifest:
        """The manifest of a drop's run, once the run has ended and is listed as closed."""
        records = self.ledger.records(drop.run_id)
        try:
            self.until(f"The end of {drop.uri}", lambda: records.manifest() is not None)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.view(drop)}") from None
        self.until(f"The closing of {drop.uri}", lambda: drop.run_id not in self.ledger.open_run_ids())
        manifest = records.manifest()
        assert manifest is not None
        return manifest

    def done(self, drop: Drop) -> Manifest:
        manifest = self.result(drop)
        assert manifest.state == "done", manifest.reason
        return manifest

    def output_of(self, manifest: Manifest) -> bytes:
        """The output's bytes, of the generation that the manifest names."""
        assert manifest.output is not None
        return self.output.read(manifest.output.name, generation=manifest.output_generation)

    def names(self, prefix: str) -> list[str]:
        """Objects of the output bucket below a prefix."""
        return [info.name for info in self.output.objects(prefix)]


def records_of(data: bytes) -> list[dict[str, str]]:
    """A CSV's records by column, as the standard library reads them."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def csv_of(records: list[dict[str, str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Records with equal columns as a CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode(encoding)


def notification_of(drop: Drop, event_type: str = "OBJECT_FINALIZE") -> dict[str, str]:
    """The attributes that Cloud Storage gives a notification."""
    return {
        "eventType": event_type,
        "bucketId": drop.bucket,
        "objectId": drop.object,
        "objectGeneration": str(drop.generation),
        "payloadFormat": "JSON_API_V1",
    }
