"""The application's processes as the kernel shows them: who is whose child, who has opened a connection."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")
_RAY_FOLDER = re.compile(r"=(/[^\0=]*/dropforge-ray-[^/\0]+)")
_REPLICA = re.compile(r"^ray::ServeReplica:dropforge:(\w+)")


def descendants(root: int) -> list[int]:
    """Every process below `root`, itself not included; a parent comes before its children."""
    children = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The command's name stands in parentheses and may hold anything.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    children[int(fields[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found[1:]


def replicas(root: int | None = None) -> dict[str, list[int]]:
    """The processes below `root`, or this process, of each deployment's replicas, by the title that Ray gives them."""
    found = defaultdict(list)
    for pid in descendants(root or os.getpid()):
        with contextlib.suppress(OSError):
            title = (_PROC / str(pid) / "cmdline").read_text()
            if match := _REPLICA.match(title):
                found[match[1]].append(pid)
    return found


def ray_folder(root: int) -> Path | None:
    """The temporary folder of the Ray node below `root`, which it deletes itself unless it is killed."""
    for pid in descendants(root):
        with contextlib.suppress(OSError):
            if match := _RAY_FOLDER.search((_PROC / str(pid) / "cmdline").read_text()):
                return Path(match[1])
    return None


def client_pid(root: int, client_port: int, server_port: int) -> int | None:
    """The process below `root` that has a TCP connection from one local port to another."""
    inode = _inode(client_port, server_port)
    if inode is None:
        return None
    for pid in descendants(root):
        with contextlib.suppress(OSError):
            for descriptor in (_PROC / str(pid) / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor) == f"socket:[{inode}]":
                        return pid
    return None


def send(pid: int, number: signal.Signals) -> bool:
    """False where the process is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _inode(local_port: int, remote_port: int) -> str | None:
    for line in (_PROC / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[at].rpartition(":")[2], 16) for at in (1, 2))
        if (local, remote) == (local_port, remote_port):
            return fields[9]
    return None
