"""Private memory of each kind of process below this one: what each has for itself, in kernel terms anonymous."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from tests.bench import cpu
from tests.support.processes import descendants

_PROC = Path("/proc")
_ANONYMOUS = re.compile(r"RssAnon:\s+(\d+)")
_MORE = {"tests.chaos.application": "starter", "infra.local.pubsub": "Pub/Sub"}
"""Parts of the command lines of processes that only a million has."""


def kind_of(command: str) -> str | None:
    """As `tests.bench.cpu.kind_of`, with `_MORE`."""
    return cpu.kind_of(command) or next((kind for part, kind in _MORE.items() if part in command), None)


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
