"""CPU seconds of the application's processes, by what they are."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_NAMES = (
    (re.compile(r"ServeReplica:dropforge:(\w+)"), None),
    (re.compile(r"ServeController"), "controller"),
    (re.compile(r"ProxyActor"), "proxy"),
    (re.compile(r"/raylet "), "raylet"),
    (re.compile(r"/gcs/gcs_server "), "Ray's GCS"),
    (re.compile(r"^\S*fake-gcs-server"), "object store"),
)


class CpuSeconds:
    """`by_process` has the seconds spent while the `with` block ran, summed over the replicas of a deployment.

    The object store's and this process's, which holds the local Pub/Sub, are there too. Every Ray application of this
    machine is counted: run no other one beside.
    """

    def __init__(self) -> None:
        self.by_process: dict[str, float] = {}

    def __enter__(self) -> CpuSeconds:
        self._before = _spent()
        return self

    def __exit__(self, *exception: object) -> None:
        after = _spent()
        self.by_process = {name: round(after[name] - self._before.get(name, 0.0), 2) for name in sorted(after)}


def kind_of(command: str) -> str | None:
    """Which kind a process is of, by its command line; None for one that is of no interest."""
    for pattern, name in _NAMES:
        if found := pattern.search(command):
            return name or found[1]
    return None


def _spent() -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # the process has ended since
        if entry.name == str(os.getpid()):
            spent["this benchmark"] = (int(fields[11]) + int(fields[12])) / _TICKS
        if kind := kind_of(command):
            spent[kind] += (int(fields[11]) + int(fields[12])) / _TICKS
    return spent
