"""A TCP port on loopback for a server that is about to start."""

from __future__ import annotations

import random
import socket

from actors.errors import Code, DropforgeError

HOST = "127.0.0.1"
# Below the ephemeral ports of outgoing connections (Linux from 32768, macOS from 49152) and above Ray's (10002-19999):
# while a killed server is down, no outgoing connection can get its port.
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
    """A port that is free at the moment. Another process can bind it first, so the caller must be ready to retry.

    Raises `LOCAL_CLOUD` when no port is free.
    """
    for port in random.sample(range(_FIRST, _LAST), 200):
        if is_free(port):
            return port
    raise DropforgeError(Code.LOCAL_CLOUD, f"Found no free port on {HOST} from {_FIRST} to {_LAST}: end some servers.")
