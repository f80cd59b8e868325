"""What one pass runs on: a local cloud that keeps its state, an image host, and the application's node."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.owned_folder import owned_folder
from infra.local.cloud import LocalCloud
from infra.local.port import HOST
from serve_app.config.config_file import CONFIG
from serve_app.config.serve_config import read_config
from serve_app.config.settings import Settings
from tests.chaos.node import Node, NodeOptions
from tests.support.system import images_at
from tests.support.world import World, cloud_of

from .fetches import Fetches
from .image_host import image_host
from .places import WORK_BUCKET
from .request_log import Requests

REPLICAS = {"Ingress": 1, "Attributes": 1, "Cleaner": 2, "ImageFetcher": 1, "Writer": 1}


@dataclass(frozen=True, slots=True)
class Options(NodeOptions):
    """Those of a node whose health checks are the config file's, patient enough for a busy machine."""

    def config(self, port: int) -> dict[str, Any]:
        config = NodeOptions.config(self, port)
        (given,), (made,) = (each["applications"] for each in (read_config(CONFIG), config))
        for of_file, deployment in zip(given["deployments"], made["deployments"], strict=True):
            for name in ("health_check_period_s", "health_check_timeout_s"):
                deployment.pop(name)
                if name in of_file:
                    deployment[name] = of_file[name]
        return config


class Stack(World):
    """Below `folder`, with images at `port`. With `one_bucket` the run's records are in the bucket of the images."""

    def __init__(self, folder: Path, *, rows: int, port: int, shard_rows: int, one_bucket: bool) -> None:
        super().__init__()
        self._folder = folder
        self._rows = rows
        self._port = port
        # No row may stay without its image because the host was away: the output is compared byte by byte.
        images = images_at(port) | {"tolerated_passing_share": 0.0, "tolerated_passing_rows": 0}
        self._given: dict[str, Any] = {"images": images, "shard_rows": shard_rows, "open_on_loopback": True}
        if not one_bucket:
            self._given["work_bucket"] = WORK_BUCKET
        self.node: Node

    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        self._folder.mkdir(parents=True, exist_ok=True)
        cloud, settings = cloud_of(self._given, state=self._folder / "cloud")
        running.enter_context(cloud)
        counts = self._folder / "fetches"
        self.fetches = running.enter_context(Fetches(counts, self._rows))
        self.fetches.down = False
        running.enter_context(image_host(counts, self._rows, self._port))
        log = self._folder / "cloud" / "log" / "storage.log"
        self.requests = running.enter_context(Requests(log, self._folder / "requests.json"))
        self._environment = cloud.environment
        self._nodes = running.enter_context(owned_folder("dropforge-million-"))
        self.node = self._node()
        running.callback(self._end)
        return cloud, settings

    def replace_node(self) -> None:
        """Starts a node in place of the one that was killed."""
        self.node = self._node()

    def keep_logs(self) -> None:
        """Copies what every process has logged into the pass's folder."""
        shutil.rmtree(self._folder / "logs", ignore_errors=True)
        self.node.keep_logs(self._folder / "logs")

    def _node(self) -> Node:
        options = Options(settings=self._given, replicas=REPLICAS)
        return Node(options, self._environment, Path(tempfile.mkdtemp(dir=self._nodes)))

    def _end(self) -> None:
        if self.node.runs:
            self.node.terminate()


def image_url(port: int) -> str:
    return f"http://{HOST}:{port}"
