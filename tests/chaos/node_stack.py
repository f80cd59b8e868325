"""A faulty world and the application's nodes in it."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from actors.model.drop import Drop
from infra.local.cloud import LocalCloud
from infra.local.port import HOST
from infra.local.pubsub import wire
from infra.local.pubsub.journal import Journal
from serve_app.config.settings import Settings
from tests.support.faulty_world import FaultyWorld
from tests.support.world import notification_of, push_envelope

from .node import Node, NodeOptions

LEASE_S = 4.0

_API_S = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class NodeStack(FaultyWorld):
    """The world while the `with` block runs. What is started here is ended with it, also by a crash of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []

    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        started = super()._start(running)
        running.callback(self.end_nodes)
        return started

    @property
    def node(self) -> Node:
        """The node that has run longest."""
        return self.nodes[0]

    @property
    def options(self) -> NodeOptions:
        """What a node runs with where a scenario asks for nothing else."""
        images = {
            "allowed_networks": [f"{HOST}/32"],
            "allowed_ports": [80, 443, self.images.port],
            "connect_s": 1.0,
            "read_s": 1.0,
            "host_down_after": 8,
            "host_down_s": 1.0,
            "tolerated_passing_share": 0.0,
            "tolerated_passing_rows": 0,
            "fetch_retry": {"attempts": 3, "total_s": 6.0, "first_delay_s": 0.1, "longest_delay_s": 1.0},
        }
        return NodeOptions(
            settings={
                "open_on_loopback": True,
                "shard_rows": 20,
                "lease_s": LEASE_S,
                "adopt_every_s": 1.0,
                "images": images,
            }
        )

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

    def announce(self, drop: Drop) -> None:
        """Publishes one more notification of a drop."""
        self.publish(notification_of(drop))

    def push(self, drop: Drop, node: Node) -> int:
        """Posts a notification of a drop to a node's push endpoint as Pub/Sub does; the status of the answer."""
        return self.post("/pubsub/push", push_envelope(notification_of(drop)), node).status

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
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(self.output.delete, self.names("images/")))

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
