"""The application on two nodes, each with a replica of every deployment."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from ray import serve
from ray.serve.schema import ServeDeploySchema

from infra.local.port import HOST, free_port
from serve_app.config.config_file import CONFIG
from serve_app.config.serve_config import read_config
from serve_app.monitoring.health import APPLICATION
from serve_app.ray_private import serve_client
from tests.support.deadline import wait_for

from .cluster import Cluster

T = TypeVar("T")

NODES = 2
_CPUS = 3
"""Of each node: a replica of each deployment, and a second cleaner where autoscaling wants it."""
_WAIT_S = 400.0
_POLL_S = 0.1
_CALL = re.compile(r'"CALL (\w+) OK ')
_SHARD = re.compile(r" shard (\d+) \(rows")


@dataclass(frozen=True, slots=True)
class Replica:
    id: str
    node: str
    pid: int


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a deployment, done by a replica on a node."""

    method: str
    replica: str
    node: str


class Fleet:
    """The nodes and the application on them while the `with` block runs."""

    def __init__(self, settings: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.settings = settings
        self._environment = environment
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as running:
            self.cluster = running.enter_context(Cluster(self._environment))
            for _ in range(NODES):
                self.cluster.add(_CPUS)
            running.callback(serve.shutdown)
            # All nodes have this machine's ports in common, so one proxy is all there can be.
            serve.start(http_options={"host": HOST, "port": free_port()}, proxy_location="HeadOnly")
            self._client = serve_client()
            self.deploy()
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def deploy(self, *, cleaners: Mapping[str, Any] | None = None) -> None:
        """Two replicas of each deployment, none beside its like; of the Cleaner, autoscaling where that is given."""
        config = copy.deepcopy(read_config(CONFIG))
        config["proxy_location"] = "HeadOnly"
        config["http_options"] = {"host": HOST, "port": self._client.http_config.port}
        config["logging_config"]["enable_access_log"] = True
        (application,) = config["applications"]
        application["args"] = dict(self.settings)
        for deployment in application["deployments"]:
            # A busy machine must not be taken for a sick replica.
            deployment |= {"health_check_period_s": 2, "health_check_timeout_s": 60}
            scaling = deployment.pop("autoscaling_config", None)
            if deployment["name"] == "Cleaner" and cleaners is not None:
                deployment.pop("num_replicas", None)
                deployment["autoscaling_config"] = {**(scaling or {}), **cleaners}
            else:
                deployment |= {"num_replicas": 2, "max_replicas_per_node": 1}
        self._client.deploy_apps(ServeDeploySchema.model_validate(config))
        self.settle()

    def settle(self) -> None:
        """Returns once every replica that is wanted runs and is healthy."""
        self.until(self._settled, "the application is up")

    def replicas(self, deployment: str) -> list[Replica]:
        """The running replicas of a deployment."""
        details = self._client.get_serve_details()["applications"][APPLICATION]["deployments"][deployment]
        return [
            Replica(each["replica_id"], each["node_id"], each["pid"])
            for each in details["replicas"]
            if each["state"] == "RUNNING"
        ]

    def replace_lost(self) -> None:
        """A node in place of the one that was lost, and the replicas on it."""
        self.cluster.add(_CPUS)
        self.settle()

    def calls(self) -> Counter[Call]:
        """How often each replica has done what so far, by the replicas' own access logs."""
        found: Counter[Call] = Counter()
        for log in (self.cluster.logs / "serve").glob("replica_*.log"):
            for line in log.read_text(errors="replace").splitlines():
                if call := _CALL.search(line):
                    event = json.loads(line)
                    found[Call(call[1], event["replica"], event["node_id"])] += 1
        return found

    def shards_tried_again(self, run_id: str) -> set[int]:
        """The shards of a run of which a stage was called more than once, by the logs of the runs' owners."""
        found = set()
        for log in self.cluster.logs.glob("worker-*.err"):
            for line in log.read_text(errors="replace").splitlines():
                if "is tried again" in line and run_id in line and (shard := _SHARD.search(line)):
                    found.add(int(shard[1]))
        return found

    def until(self, condition: Callable[[], T | None], what: str, timeout_s: float = _WAIT_S) -> T:
        """The condition's value once it is true."""
        return wait_for(condition, within_s=timeout_s, what=what, every_s=_POLL_S)

    def _settled(self) -> bool:
        application = serve.status().applications.get(APPLICATION)
        if application is None:
            return False
        assert application.status != "DEPLOY_FAILED", application.message
        return application.status == "RUNNING" and all(
            deployment.status == "HEALTHY" for deployment in application.deployments.values()
        )
