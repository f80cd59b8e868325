"""All of the world that the application is in: local cloud, image host, the proxies before them, and its nodes."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import requests
from google.cloud import pubsub_v1

from actors.model.drop import Drop
from actors.storage.bucket import Bucket, connect
from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.image_host import ImageHost
from infra.local.port import HOST
from infra.local.pubsub import wire
from infra.local.pubsub.journal import Journal
from serve_app.runs.run_registry import Ledger
from tests.support.proxy import Proxy
from tests.support.storage_proxy import StorageProxy

from .node import Node, NodeOptions

PREFIX = "in/"
LEASE_S = 4.0

_WORK_PREFIX = "_dropforge/"
_API_S = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class Stack:
    """The world while the `with` block runs. What is started here is ended with it, also by a crash of this process.

    `source`, `output` and `ledger` reach the object store past the proxy, so a fault never hits the checks.
    """

    def __init__(self) -> None:
        self._running = ExitStack()
        self.nodes: list[Node] = []

    def __enter__(self) -> Self:
        with ExitStack() as running:
            self.folder = Path(tempfile.mkdtemp(prefix="dropforge-chaos-"))
            running.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.cloud = running.enter_context(
                LocalCloud(LocalCloudOptions(state=self.folder / "cloud", watched_prefix=PREFIX))
            )
            self.storage = running.enter_context(StorageProxy(self.cloud.storage.address))
            self.image_host = running.enter_context(ImageHost())
            self.images = running.enter_context(Proxy(f"{HOST}:{self.image_host.port}"))
            with mock.patch.dict(os.environ, self.cloud.environment):
                client = connect(self.cloud.options.project)
                self._publisher = pubsub_v1.PublisherClient()
            self.source = Bucket(client, self.cloud.options.source_bucket)
            self.output = Bucket(client, self.cloud.options.output_bucket)
            self.ledger = Ledger(self.output, _WORK_PREFIX)
            running.callback(self.end_nodes)
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def node(self) -> Node:
        """The node that has run longest."""
        return self.nodes[0]

    @property
    def options(self) -> NodeOptions:
        """What a node runs with where a scenario asks for nothing else."""
        cloud = self.cloud.options
        images = {
            "allowed_networks": [f"{HOST}/32"],
            "allowed_ports": [80, 443, self.images.port],
            "connect_s": 1.0,
            "read_s": 1.0,
            "host_down_after": 8,
            "host_down_s": 1.0,
            "tolerated_passing_share": 0.0,
            "fetch_retry": {"attempts": 3, "total_s": 6.0, "first_delay_s": 0.1, "longest_delay_s": 1.0},
        }
        return NodeOptions(
            settings={
                "project": cloud.project,
                "source_bucket": cloud.source_bucket,
                "output_bucket": cloud.output_bucket,
                "subscription": cloud.subscription,
                "dead_letter_topic": cloud.dead_letter_topic,
                "dead_letter_subscription": cloud.dead_letter_subscription,
                "open_on_loopback": True,
                "shard_rows": 20,
                "lease_s": LEASE_S,
                "adopt_every_s": 1.0,
                "images": images,
            }
        )

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that is to reach the local cloud, the object store through the proxy."""
        return self.cloud.environment | {"STORAGE_EMULATOR_HOST": self.storage.url}

    def start_node(self, options: NodeOptions | None = None) -> Node:
        node = Node(options or self.options, self.environment, Path(tempfile.mkdtemp(prefix="node-", dir=self.folder)))
        self.nodes.append(node)
        return node

    def end_nodes(self) -> None:
        while self.nodes:
            self.nodes.pop().terminate()

    def ensure(self, nodes: int) -> None:
        """Exactly so many nodes run, all whole, with the ordinary options."""
        self.nodes = [node for node in self.nodes if node.runs]  # a scenario that went wrong may leave a dead one
        for node in self.nodes:
            if node.options != self.options:
                node.deploy(self.options)
        while len(self.nodes) > nodes:
            self.nodes.pop().terminate()
        while len(self.nodes) < nodes:
            self.start_node()
        for node in self.nodes:
            node.settle()

    def upload(self, name: str, content: bytes) -> Drop:
        """Writes an object of the source bucket, which announces it by itself."""
        generation = self.source.put(name, content, content_type="text/csv")
        return Drop(self.source.name, name, generation)

    def announce(self, drop: Drop) -> None:
        """Publishes one more notification of a drop."""
        topic = self._publisher.topic_path(self.cloud.options.project, self.cloud.options.topic)
        self._publisher.publish(topic, b"", **attributes(drop)).result(timeout=30)

    def push(self, drop: Drop, node: Node) -> int:
        """Posts a notification of a drop to a node's push endpoint as Pub/Sub does; the status of the answer."""
        message = {"attributes": attributes(drop), "data": "", "messageId": str(time.time_ns())}
        return self.post("/pubsub/push", {"message": message, "subscription": "pushed"}, node).status

    def get(self, path: str, node: Node | None = None) -> Answer:
        return _answer(requests.get(f"{(node or self.node).url}{path}", timeout=_API_S))

    def post(self, path: str, body: Mapping[str, Any], node: Node | None = None) -> Answer:
        return _answer(requests.post(f"{(node or self.node).url}{path}", json=body, timeout=_API_S))

    def image_requests(self) -> Counter[str]:
        """How often each image was asked for since the log was last cleared."""
        return Counter(request.target for request, _ in list(self.images.log))

    def forget(self) -> None:
        """No faults, and counters at zero."""
        self.storage.clear()
        self.images.clear()
        self.image_host.requests.clear()

    def remove_images(self) -> None:
        """Takes away what runs that have ended stored most of: the local store walks over all of it at each listing."""
        names = [info.name for info in self.output.objects("images/")]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(self.output.delete, names))

    def undelivered(self) -> list[str]:
        """The messages that wait on a subscription or are out unacknowledged: subscription and object or shard."""
        with tempfile.TemporaryDirectory() as copy:
            # A copy, because the server keeps its journal locked. Torn pages are told by their checksums.
            shutil.copytree(self.folder / "cloud" / "pubsub", copy, dirs_exist_ok=True)
            journal = Journal(Path(copy))
            messages = journal.messages()
            found = [
                f"{name.rpartition('/')[2]}: {_subject(messages[sequence].message)}"
                for name in (subscription.name for subscription in journal.subscriptions())
                for sequence in journal.backlog(name)
            ]
            journal.close()
        return found


def attributes(drop: Drop) -> dict[str, str]:
    """Of a notification of Cloud Storage ("Pub/Sub notifications for Cloud Storage")."""
    return {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": drop.bucket,
        "objectId": drop.object,
        "objectGeneration": str(drop.generation),
        "payloadFormat": "JSON_API_V1",
    }


def with_settings(options: NodeOptions, **settings: object) -> NodeOptions:
    return replace(options, settings={**options.settings, **settings})


def _subject(message: wire.PubsubMessage) -> str:
    found = message.attributes
    return found["objectId"] if "objectId" in found else f"{found['object']} shard {found['shard']}"


def _answer(response: requests.Response) -> Answer:
    try:
        return Answer(response.status_code, response.json())
    except requests.JSONDecodeError:
        return Answer(response.status_code, response.text)
