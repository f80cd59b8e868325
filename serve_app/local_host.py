"""Runs the application on a Ray cluster of its own on this machine, for `dropforge up`, the demo and the tests.

On an existing cluster, use `serve run serve_config.yaml` or KubeRay.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from actors.errors import Code, DropforgeError
from actors.owned_folder import owned_folder
from serve_app.config.config_file import config_file, own_application
from serve_app.config.serve_config import read_config

from .ray_private import dead_processes, in_folder, kill_processes, serve_client

_CORES = os.cpu_count() or 1
_START_S = 180.0


@dataclass(frozen=True, slots=True)
class HostOptions:
    """`settings` replace the `args` of the config file, by default the one in force.

    `replicas` set a fixed number for each deployment named in them.
    """

    port: int
    settings: Mapping[str, Any]
    config: Path | None = None
    replicas: Mapping[str, int] = field(default_factory=dict)
    dashboard: bool = False


class Host:
    """Runs the application inside its `with` block; `on_progress` gets a line for each step of its start.

    Raises:
        BAD_SETTINGS: the config file or a setting is not valid.
        INTERNAL: a deployment failed to start.
        TIMEOUT: the application did not start within three minutes.
    """

    def __init__(self, options: HostOptions, *, on_progress: Callable[[str], None] = lambda line: None) -> None:
        self._options = options
        self._on_progress = on_progress
        self._folder: Path | None = None
        self._owned = contextlib.ExitStack()
        self.dashboard_url: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._options.port}"

    @property
    def logs(self) -> Path:
        """The folder with the logs of all of Ray's processes."""
        return (self._folder or Path()) / "session_latest" / "logs"

    @property
    def dead(self) -> list[str]:
        """Ray's processes that have ended without being asked to, each with how. Without them nothing works here."""
        return dead_processes()

    def __enter__(self) -> Host:
        config = self._config()
        # Set before Ray is imported, because it reads its environment only then.
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # as in the Dockerfile
        import ray
        from ray import serve
        from ray.serve.schema import ServeDeploySchema

        # Short, because the path of a Unix socket below it can have at most 107 characters.
        self._folder = self._owned.enter_context(owned_folder("dropforge-ray-"))
        try:
            self._on_progress("starting Ray")
            context = ray.init(
                address="local",
                namespace="serve",
                num_cpus=max(4, _CORES + 2),
                object_store_memory=512 << 20,
                include_dashboard=self._options.dashboard,
                dashboard_port=None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **in_folder(self._folder),
            )
            self.dashboard_url = f"http://{context.dashboard_url}" if context.dashboard_url else None
            schema = ServeDeploySchema.model_validate(config)
            self._on_progress("starting Serve")
            serve.start(http_options=schema.http_options.model_dump(), proxy_location=schema.proxy_location)
            serve_client().deploy_apps(schema)
            self._wait(serve)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import ray
        from ray import serve

        if ray.is_initialized():
            if self.dead:
                _end_what_is_left(ray)
            else:
                serve.shutdown()
                ray.shutdown()
        self._owned.close()

    def _config(self) -> dict[str, Any]:
        path = config_file(self._options.config)
        config = copy.deepcopy(read_config(path))
        config["http_options"] = {**config.get("http_options", {}), "host": "127.0.0.1", "port": self._options.port}
        application = own_application(config, path)
        args = {**(application.get("args") or {}), "open_on_loopback": True, "drop_from_page": True}
        application["args"] = {**args, **self._options.settings}
        unknown = set(self._options.replicas) - {deployment["name"] for deployment in application["deployments"]}
        if unknown:
            names = ", ".join(deployment["name"] for deployment in application["deployments"])
            raise DropforgeError(
                Code.BAD_SETTINGS, f"There is no deployment {', '.join(sorted(unknown))}; the deployments are {names}."
            )
        for deployment in application["deployments"]:
            count = self._options.replicas.get(deployment["name"])
            if count is not None:
                deployment.pop("autoscaling_config", None)
                deployment["num_replicas"] = count
            elif scaling := deployment.get("autoscaling_config"):
                # On a cluster, more replicas get more nodes. Here they would only share the same cores.
                deployment["autoscaling_config"] = _within(scaling, _CORES)
        return config

    def _wait(self, serve: Any) -> None:
        deadline = time.monotonic() + _START_S
        shown = ""
        while True:
            application = serve.status().applications.get("dropforge")
            if application is not None:
                waiting = sorted(name for name, d in application.deployments.items() if d.status != "HEALTHY")
                line = f"waiting for {', '.join(waiting)}" if waiting else "building the application"
                if application.status == "RUNNING":
                    return
                if application.status in ("DEPLOY_FAILED", "UNHEALTHY"):
                    details = [application.message, *(d.message for d in application.deployments.values())]
                    raise DropforgeError(
                        Code.INTERNAL, "The application did not start.\n" + "\n".join(filter(None, details))
                    )
                if line != shown:
                    self._on_progress(line)
                    shown = line
            if time.monotonic() > deadline:
                raise DropforgeError(
                    Code.TIMEOUT, f"The application did not start within {_START_S:.0f} s; its logs are in {self.logs}."
                )
            time.sleep(0.1)


def _end_what_is_left(ray: Any) -> None:
    """Ends a cluster of which a part has died, and which may not answer any more."""
    kill_processes()
    threading.Thread(target=ray.shutdown, daemon=True).start()  # may wait for the dead part, so nobody waits for it


def _within(scaling: Mapping[str, Any], cores: int) -> dict[str, Any]:
    """The autoscaling configuration, with at most `cores` replicas."""
    counts = ("min_replicas", "initial_replicas", "max_replicas")
    return {name: min(value, cores) if name in counts else value for name, value in scaling.items()}
