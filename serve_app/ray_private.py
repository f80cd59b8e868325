"""All that Dropforge uses of Ray without Ray's promise to keep it.

Looked through and tried with the version below. tests/unit/serve_app/test_ray_private.py fails with another one, or
where one of these is gone.
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
        """Hands a checked config file to Serve's controller. Returns before anything is deployed."""

    def get_serve_details(self) -> dict[str, Any]:
        """What the dashboard's `GET /api/serve/applications/` answers: each replica with its node and process."""


def serve_client() -> ServeClient:
    """The client of the Serve that this process has started or is connected to.

    Why: a config file is deployed on a cluster without a dashboard, which takes a process more and a port that is the
    same for all Ray clusters of a machine. The public ways are `PUT /api/serve/applications/` of that dashboard, what
    `serve deploy` does, and `serve run`, which can be told of neither a port nor a temporary folder. `serve.run` takes
    no config file. What would replace it: a `serve.deploy(ServeDeploySchema)`.

    Raises `RayServeException` where no Serve runs.
    """
    from ray.serve.context import _get_global_client

    return cast(ServeClient, _get_global_client())


def in_folder(folder: str | Path) -> dict[str, Any]:
    """The option of `ray.init` that keeps sockets, logs and spilled objects below `folder`, which must be absolute.

    Why: so that one removal leaves nothing behind, and no other Ray of the machine is joined by way of /tmp/ray. The
    public ways are `ray start --temp-dir`, which starts daemons, and RAY_TMPDIR, which every process started from
    here would inherit. What would replace it: `ray.init(temp_dir=…)`.
    """
    return {"_temp_dir": str(folder)}


def silence_worker_logs() -> None:
    """Keeps Ray from printing the cluster's messages in this process, as its debugger does.

    Why: on stdout, amid our JSON, it says of calls that they ended with their actor when that was stopped, also with
    `log_to_driver=False`. What would replace it: that option holding for messages of the raylet too.
    """
    import ray._private.worker

    ray._private.worker._worker_logs_enabled = False
