"""A TCP port on loopback for a server that is about to start."""

from __future__ import annotations

import random
import socket

from actors.errors import Code, DropforgeError

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections (Linux from 32768, macOS from 49152) and above Ray's
# (10002-19999): while a killed server is down, nobody's outgoing connection can take its port.
_FIRST, _LAST = 20000, 32000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now. Another process may take it first, so the caller must be ready to ask again."""
    for port in random.sample(range(_FIRST, _LAST), 200):
        if is_free(port):
            return port
    raise DropforgeError(Code.LOCAL_CLOUD, f"No free port found on {HOST} between {_FIRST} and {_LAST}: close some.")
