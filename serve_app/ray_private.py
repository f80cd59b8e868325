"""Everything Dropforge uses of Ray that is not public API, each with why and what could replace it.

Checked with the Ray version below. With another version, or when one of these is missing,
tests/unit/serve_app/test_ray_private.py fails and says what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from ray.serve.config import HTTPOptions
    from ray.serve.schema import ServeDeploySchema

CHECKED_WITH = "2.60.0"


class ServeClient(Protocol):
    """The part of `ray.serve._private.client.ServeControllerClient` that is used."""

    @property
    def http_config(self) -> HTTPOptions: ...

    def deploy_apps(self, config: ServeDeploySchema) -> None:
        """Sends a config file's contents to Serve's controller. Returns before anything is deployed."""

    def get_serve_details(self) -> dict[str, Any]:
        """The answer of the dashboard's `GET /api/serve/applications/`, with the node and process of each replica."""


def serve_client() -> ServeClient:
    """The client of the Serve instance that this process has started or is connected to.

    Why: it deploys a config file on a cluster without Ray's dashboard. The REST API behind `serve deploy` needs the
    dashboard, one more process that takes seconds to start; `serve run` is a process of its own; `serve.run` takes an
    application, not a config file. To be replaced when Ray Serve has a function that deploys a `ServeDeploySchema`.

    Raises `RayServeException` when Serve is not running.
    """
    from ray.serve.context import _get_global_client

    return cast(ServeClient, _get_global_client())


def in_folder(folder: str | Path) -> dict[str, Any]:
    """The option of `ray.init` that puts sockets, logs and spilled objects below `folder`, an absolute path.

    Why: removing the folder removes everything that Ray has written, and no other Ray cluster of this machine shares
    it. `ray start --temp-dir` starts daemons, and RAY_TMPDIR changes every process started from this one. To be
    replaced when `ray.init` has a public `temp_dir`.
    """
    return {"_temp_dir": str(folder)}


def silence_worker_logs() -> None:
    """Stops Ray from printing the cluster's messages to this process's stdout, as Ray's debugger does.

    Why: even with `log_to_driver=False` Ray prints, in the middle of our JSON, that calls ended because their actor
    stopped. To be replaced when that option covers these messages.
    """
    import ray._private.worker

    ray._private.worker._worker_logs_enabled = False


def dead_processes() -> list[str]:
    """Which of the processes that `ray.init` has started on this machine have ended, such as `raylet (signal 9)`.

    Why: a driver is not told that its own cluster has died; calls to it wait for minutes. To be replaced when Ray tells
    a driver so, or has a public list of a node's processes.
    """
    import ray._private.worker

    node = ray._private.worker._global_node
    return [] if node is None else [f"{kind} ({_end(process.returncode)})" for kind, process in node.dead_processes()]


def kill_processes() -> None:
    """Kills the processes that `ray.init` has started, without asking the cluster, which may be dead.

    Why: `ray.shutdown` talks to the cluster first, and waits for minutes where it has died. To be replaced with
    `dead_processes`.
    """
    import ray._private.worker

    node = ray._private.worker._global_node
    if node is not None:
        node.kill_all_processes(check_alive=False, allow_graceful=False)


def _end(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
