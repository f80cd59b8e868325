"""One running application: started, looked into, redeployed, stopped politely or killed as a node is."""

from __future__ import annotations

import copy
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.local.port import HOST, free_port
from serve_app.config.config_file import CONFIG
from serve_app.config.serve_config import read_config
from tests.support.processes import descendants, ray_folder, replicas, send

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 240.0
_TRIES = 3
_SETTLE_S = 180.0
_STOP_S = 90.0
_POLL_S = 0.1
_REPLICAS = {"Ingress": 2, "Attributes": 1, "Cleaner": 2, "ImageFetcher": 2, "Writer": 1}


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Over serve_config.yaml: `settings`, retry `policies` by stage, numbers of `replicas`."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_replicas(self) -> Mapping[str, int]:
        return _REPLICAS | dict(self.replicas)

    def config(self, port: int) -> dict[str, Any]:
        config = copy.deepcopy(read_config(CONFIG))
        config["http_options"] |= {"host": HOST, "port": port}
        (application,) = config["applications"]
        application["args"] = dict(self.settings)
        for deployment in application["deployments"]:
            deployment.pop("autoscaling_config", None)
            deployment["num_replicas"] = self.all_replicas[deployment["name"]]
            deployment |= {"health_check_period_s": 1, "health_check_timeout_s": 5}
            if deployment["name"] == "Ingress":
                deployment["user_config"] |= self.policies
        return config


class Node:
    """A Ray node with the application on it, as a process tree below one child of this process."""

    def __init__(self, options: NodeOptions, environment: Mapping[str, str], folder: Path) -> None:
        """Starts it and waits until it serves. Raises `RuntimeError` where it does not, after three tries."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.options = options
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(_ROOT)}
        self._ray_folder: Path | None = None
        self.port = free_port()
        for _ in range(_TRIES):
            self._spawn()
            up = self._hears("up", _START_S)
            self._ray_folder = ray_folder(self.pid)
            if up:
                return
            self.kill()
        raise RuntimeError(f"The application did not start in {_TRIES} tries; its log is {self._log}")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def replicas(self, deployment: str) -> list[int]:
        """The processes of a deployment's replicas, the oldest first."""
        return sorted(replicas(self.pid)[deployment])

    def deploy(self, options: NodeOptions) -> None:
        """Hands a changed config to the controller, which applies it from then on."""
        self.options = options
        self._ask(f"deploy {self._config_file()}", "deployed")

    def settle(self) -> None:
        """Returns once every replica that is wanted runs and is healthy."""
        deadline = time.monotonic() + _SETTLE_S
        while any(len(self.replicas(name)) != count for name, count in self.options.all_replicas.items()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"The replicas are not back after {_SETTLE_S:.0f} s: {replicas(self.pid)}")
            time.sleep(_POLL_S)
        self._ask("settle", "settled")

    def keep_logs(self, folder: Path) -> None:
        """Copies what every process has logged so far."""
        assert self._ray_folder is not None
        shutil.copytree(self._ray_folder / "session_latest" / "logs", folder, dirs_exist_ok=True)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to every process of the node."""
        for pid in (self.pid, *descendants(self.pid)):
            send(pid, number)

    def kill(self) -> None:
        """Everything on the node ends at once, by SIGKILL."""
        # Stopped first: nothing may start a child between being seen and being killed.
        tree = [self.pid, *descendants(self.pid)]
        for pid in tree:
            send(pid, signal.SIGSTOP)
        for pid in [*tree, *descendants(self.pid)]:
            send(pid, signal.SIGKILL)
        self._process.wait()
        if self._ray_folder is not None:
            shutil.rmtree(self._ray_folder, ignore_errors=True)

    def terminate(self) -> None:
        """Asks it to end with SIGTERM, and kills what is left of it after a while."""
        tree = descendants(self.pid)
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        for pid in tree:
            send(pid, signal.SIGKILL)

    def _spawn(self) -> None:
        self._log = self._folder / "application.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.application", str(self._config_file()), str(self.port)],
                cwd=_ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process, self._lines), daemon=True).start()

    @staticmethod
    def _listen(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.strip())
        lines.put(None)

    def _ask(self, command: str, answer: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        if not self._hears(answer, _SETTLE_S):
            raise RuntimeError(
                f"{command!r} failed or took more than {_SETTLE_S:.0f} s:\n{self._log.read_text()[-2000:]}"
            )

    def _hears(self, line: str, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                heard = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return False
            if heard is None or heard == line:
                return heard == line

    def _config_file(self) -> Path:
        path = self._folder / "serve_config.yaml"
        path.write_text(yaml.safe_dump(self.options.config(self.port)))
        return path
