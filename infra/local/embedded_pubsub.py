"""The embedded Pub/Sub server, as a program to start."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .port import HOST

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class EmbeddedPubsub:
    """`infra.local.pubsub` with its journal in `state`. `pull_wait_s` as the module's own option has it."""

    state: Path
    pull_wait_s: float | None = None
    name: ClassVar[str] = "Pub/Sub (embedded)"
    ready_line: ClassVar[re.Pattern[str]] = re.compile(r"Pub/Sub listening on")
    start_s: ClassVar[float] = 30.0

    def command(self, port: int) -> list[str]:
        module = [sys.executable, "-m", "infra.local.pubsub"]
        waiting = [] if self.pull_wait_s is None else ["--pull-wait", str(self.pull_wait_s)]
        return [*module, "--host", HOST, "--port", str(port), "--state", str(self.state), *waiting]

    def environment(self) -> Mapping[str, str]:
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
