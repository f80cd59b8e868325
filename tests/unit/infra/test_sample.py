"""The demo's catalogue holds the trouble it says it holds."""

from __future__ import annotations

from collections import Counter

import requests

from actors.csv.header import read_header
from actors.csv.records import read_shard
from actors.csv.scan import ShardScanner
from actors.images.urls import candidates
from actors.model.catalogue import Catalogue
from infra.local.image_host import ImageHost, image_bytes
from infra.local.sample import sample

CATALOGUE = Catalogue()


def test_it_is_the_same_each_time() -> None:
    assert sample("http://127.0.0.1:1") == sample("http://127.0.0.1:1")


def test_its_rows_are_as_planned() -> None:
    made = sample("http://127.0.0.1:1")
    scanner = ShardScanner(",", shard_bytes=1 << 20, shard_rows=None, max_row_bytes=CATALOGUE.max_row_bytes)
    (shard,) = scanner.feed(made.content) + scanner.finish()
    assert scanner.header is not None
    header = read_header(scanner.header, CATALOGUE, ",")
    frame = read_shard(made.content[shard.start : shard.end], shard, header, CATALOGUE)
    assert made.expected.add_up
    assert (frame.records, frame.blank, frame.rows.num_rows) == (
        made.expected.records,
        made.expected.blank,
        made.expected.rows_out,
    )
    assert Counter(str(reject.code) for reject in frame.rejects) == made.expected.rejects
    assert len(set(frame.rows["id"].to_pylist())) == frame.rows.num_rows
    paths = {
        url.url.partition(":1/")[2] for cell in frame.rows["image"].to_pylist() for url in candidates(cell, CATALOGUE)
    }
    assert {path.partition("/")[0] for path in paths} >= {"ok", "missing", "page", "flaky"}


def test_the_image_host_answers_as_its_paths_say() -> None:
    with ImageHost() as host:

        def get(path: str) -> tuple[int, str]:
            response = requests.get(host.url + path, timeout=5)
            return response.status_code, response.headers["Content-Type"].partition(";")[0]

        assert get("/ok/a.jpg") == (200, "image/jpeg")
        assert get("/ok/a.png") == (200, "image/png")
        assert get("/ok/a.webp") == (200, "image/webp")
        assert get("/missing/a.jpg") == (404, "text/plain")
        assert get("/page/a.jpg") == (200, "text/html")
        assert [get("/flaky/a.jpg")[0] for _ in range(4)] == [503, 503, 200, 200]
        assert get("/flaky/b.jpg")[0] == 503
        assert host.requests["/flaky/a.jpg"] == 4
    with ImageHost(any_path=True) as host:
        response = requests.get(f"{host.url}/image/short/x.jpeg", headers={"Host": "img5a.flixcart.com"}, timeout=5)
        assert response.content == image_bytes("/image/short/x.jpeg")


def test_images_differ_by_path() -> None:
    assert len({image_bytes(f"/ok/{number}.jpg") for number in range(200)}) == 200
    assert image_bytes("/ok/1.jpg") == image_bytes("/ok/1.jpg")
