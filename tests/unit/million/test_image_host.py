from __future__ import annotations

import http.client
import io
from pathlib import Path

import pytest
from PIL import Image

from infra.local.port import HOST, free_port
from tests.million.fetches import Fetches
from tests.million.image_host import image_host


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_images_are_handed_out_and_counted(tmp_path: Path) -> None:
    port = free_port()
    with Fetches(tmp_path / "fetches", 20) as fetches, image_host(tmp_path / "fetches", 20, port):
        status, one = asked(port, "/ok/20-3.jpg")
        assert status == 200
        assert Image.open(io.BytesIO(one)).format == "JPEG"
        assert asked(port, "/ok/1-0.jpg")[1] != one
        assert [asked(port, "/busy/2-0.jpg")[0] for _ in range(3)] == [503, 503, 200]
        assert asked(port, "/missing/3-0.jpg") == (404, b"")
        assert b"gone" in asked(port, "/page/4-0.jpg")[1]
        assert (fetches.total, fetches.different) == (3, 3)
        fetches.down = True
        with pytest.raises(ConnectionError):
            asked(port, "/ok/5-0.jpg")
        fetches.down = False
        assert asked(port, "/ok/20-3.jpg")[0] == 200
        assert (fetches.total, fetches.different) == (4, 3)
