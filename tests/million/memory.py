"""Private memory of each kind of process below this one: what each has for itself, in kernel terms anonymous."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from tests.support.processes import descendants

_PROC = Path("/proc")
_ANONYMOUS = re.compile(r"RssAnon:\s+(\d+)")
OWNER = "Ingress"
STORE = "object store"
_KINDS = (
    (re.compile(r"ServeReplica:dropforge:(\w+)"), ""),
    (re.compile(r"ServeController"), "controller"),
    (re.compile(r"ProxyActor"), "proxy"),
    (re.compile(r"/raylet "), "raylet"),
    (re.compile(r"/gcs_server "), "Ray's GCS"),
    (re.compile(r"tests\.chaos\.application"), "starter"),
    (re.compile(r"^\S*fake-gcs-server"), STORE),
    (re.compile(r"infra\.local\.pubsub"), "Pub/Sub"),
)


def kind_of(command: str) -> str | None:
    """Which kind a process is of, by its command line; None for one that is of no interest."""
    for pattern, name in _KINDS:
        if found := pattern.search(command):
            return name or found[1]
    return None


def memory_mb() -> dict[str, float]:
    """Of the largest process of each kind."""
    found: dict[str, float] = {}
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            folder = _PROC / str(pid)
            kind = kind_of((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            anonymous = _ANONYMOUS.search((folder / "status").read_text())
            if kind and anonymous:
                found[kind] = max(found.get(kind, 0.0), int(anonymous[1]) / 1024)
    return found
