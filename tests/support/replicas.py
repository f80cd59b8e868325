"""The processes of a deployment's replicas, to be killed."""

from __future__ import annotations

import os
from pathlib import Path


def replica_processes(deployment: str) -> list[int]:
    """Those that this process is the origin of."""
    name = f"ray::ServeReplica:dropforge:{deployment}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = (folder / "cmdline").read_bytes().startswith(name) and os.getpid() in _ancestors(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if ours:
            found.append(int(folder.name))
    return found


def _ancestors(pid: int) -> list[int]:
    line: list[int] = []
    while pid > 1:
        stat = Path(f"/proc/{pid}/stat").read_text()
        pid = int(stat.rpartition(")")[2].split()[1])
        line.append(pid)
    return line
