"""A real Prometheus, Debian's package, that scrapes the stack and evaluates the rules."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import yaml

from infra.local.port import HOST, free_port

WAIT_S = 90.0


class Prometheus:
    """Runs while the `with` block does. `installed` says whether there is one on this machine."""

    installed = shutil.which("prometheus") is not None

    def __init__(self, folder: Path, target: str, rules: Path) -> None:
        address, _, path = target.removeprefix("http://").partition("/")
        config = {
            "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"},
            "rule_files": [str(rules)],
            "scrape_configs": [
                {"job_name": "ray", "metrics_path": f"/{path}", "static_configs": [{"targets": [address]}]}
            ],
        }
        self._folder = folder
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._port = free_port()
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        with (self._folder / "prometheus.log").open("w") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={self._folder}/prometheus.yml",
                    f"--storage.tsdb.path={self._folder}/data",
                    f"--web.listen-address={HOST}:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def series(self, expression: str) -> list[dict[str, Any]]:
        """What an expression gives now. Fails the test where Prometheus does not understand it."""
        answer = self._session.get(
            f"http://{HOST}:{self._port}/api/v1/query", params={"query": expression}, timeout=30
        ).json()
        assert answer["status"] == "success", (expression, answer)
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as Prometheus has evaluated it."""
        groups = self._session.get(f"http://{HOST}:{self._port}/api/v1/rules", timeout=30).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def missing(self, expressions: list[str]) -> list[str]:
        """Which of them give nothing, asked until all give something or the deadline has passed."""
        deadline = time.monotonic() + WAIT_S
        left = list(expressions)
        while left and time.monotonic() < deadline:
            left = [expression for expression in left if not self.series(expression)]
            time.sleep(0.2 if left else 0)
        return left

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                if self._session.get(f"http://{HOST}:{self._port}/-/ready", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            log = (self._folder / "prometheus.log").read_text()
            assert self._process.poll() is None, log[-2000:]
            assert time.monotonic() < deadline, log[-2000:]
            time.sleep(0.05)
