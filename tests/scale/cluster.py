"""A Ray cluster of several nodes on this machine: what pods are on Kubernetes."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import ray
from ray.cluster_utils import Cluster as RayCluster

from infra.local.port import free_port

_TRIES = 4
_ADDRESS = "127.0.1.{}"
"""Each node has a loopback address of its own. Not 127.0.0.1, for which Ray puts the machine's outer address."""
_STORE_BYTES = 100 << 20


class Cluster:
    """A head without work and the nodes that are added, while the `with` block runs; this process is its driver.

    Each node is a raylet with processes and an address of its own. Nothing but these is ended.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running = ExitStack()
        self._number = count(1)

    def __enter__(self) -> Self:
        with ExitStack() as running:
            # Short, because a Unix socket's path below it may have no more than 107 characters. Also where Ray
            # notes the cluster's address: no other Ray of this machine is to join it.
            folder = tempfile.mkdtemp(prefix="df-scale-")
            running.callback(shutil.rmtree, folder, ignore_errors=True)
            running.enter_context(mock.patch.dict(os.environ, {**self._environment, "RAY_TMPDIR": folder}))
            sessions = Path(folder, "ray")
            sessions.mkdir()
            self._cluster = RayCluster()
            running.callback(self._cluster.shutdown)
            head = self._start(
                num_cpus=0,
                include_dashboard=False,
                dashboard_port=free_port(),
                dashboard_agent_listen_port=free_port(),
                temp_dir=str(sessions),
            )
            self.logs = Path(head.get_session_dir_path()) / "logs"
            running.callback(ray.shutdown)
            ray.init(
                address=self._cluster.address,
                _node_ip_address=head.node_ip_address,
                namespace="serve",
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            self._nodes: dict[str, Any] = {}
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def add(self, cpus: int) -> str:
        """The id of a new node."""
        node = self._start(num_cpus=cpus)
        self._nodes[node.node_id] = node
        return node.node_id

    def _start(self, **options: Any) -> Any:
        """Ray gives a node 30 seconds to start and has no setting for it: too few on a machine that others use too."""
        for tries in range(1, _TRIES + 1):
            try:
                return self._cluster.add_node(
                    node_ip_address=_ADDRESS.format(next(self._number)), object_store_memory=_STORE_BYTES, **options
                )
            except Exception:
                if tries == _TRIES:
                    raise
        raise AssertionError

    def lose(self, node_id: str) -> None:
        """Every process of the node ends at once, by SIGKILL."""
        self._cluster.remove_node(self._nodes.pop(node_id), allow_graceful=False)
