"""How a file is cut into shards: pure functions on bytes, without a bucket and without Ray.

A shard is a range of bytes with whole rows in it, small enough to be worked on by itself. The plan is made in one pass
over the file, in chunks of any size, so that a file of many gigabytes needs little memory.
"""

from __future__ import annotations

from actors.csv.content import HEAD_BYTES, check_content
from actors.csv.header import detect_delimiter, read_header
from actors.csv.scan import ShardScanner
from actors.model.catalogue import Catalogue
from infra.local.sample import sample

FILE = sample("http://images.example").content
CHUNK_BYTES = 10_000


def test_the_head_tells_how_to_read_the_file() -> None:
    catalogue = Catalogue()
    head = FILE[:HEAD_BYTES]
    check_content(head)  # raises DropforgeError for a zip archive, a web page, a picture …
    delimiter = detect_delimiter(head, catalogue)
    header = read_header(head.partition(b"\r\n")[0], catalogue, delimiter)
    assert delimiter == ","
    # Which field of a record holds the id, the name, the description …
    assert header.positions == {
        "id": 0,
        "name": 3,
        "description": 10,
        "brand": 13,
        "image": 8,
        "specifications": 14,
        "categories": 4,
    }


def test_the_shards_are_the_file_without_its_header() -> None:
    scanner = ShardScanner(",", shard_bytes=1 << 20, shard_rows=50, max_row_bytes=1 << 20)
    shards = []
    for at in range(0, len(FILE), CHUNK_BYTES):
        shards += scanner.feed(FILE[at : at + CHUNK_BYTES])
    shards += scanner.finish()

    assert scanner.header is not None
    assert scanner.header.startswith(b"uniq_id,crawl_timestamp,product_url")
    data = b"".join(FILE[shard.start : shard.end] for shard in shards)
    assert scanner.header + b"\r\n" + data == FILE

    # 240 rows and twelve blank ones behind them; the header is row 0.
    assert [(shard.index, shard.first_row, shard.rows) for shard in shards] == [
        (0, 1, 50),
        (1, 51, 50),
        (2, 101, 50),
        (3, 151, 50),
        (4, 201, 50),
        (5, 251, 2),
    ]
