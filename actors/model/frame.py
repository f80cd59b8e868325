"""The data that passes between the stages of a shard.

All classes are frozen. Columns are Arrow arrays, so a frame crosses processes without a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from actors.errors import Code


@dataclass(frozen=True, slots=True)
class Reject:
    """An input row that is not in the output.

    `row` is counted as in `Shard.first_row`; `offset` is the position of its first byte in the drop's text; `raw` is
    the record's bytes without its line end. For a record longer than the catalogue's `max_row_bytes`, `raw` is its
    beginning, and `unread` more bytes follow in the text, including the line end.
    """

    row: int
    offset: int
    code: Code
    detail: str
    raw: bytes
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ShardFrame:
    """A parsed shard: its valid rows, its rejects, and the numbers of blank records and of merged ones.

    `rows` has an int64 column `row`, a bool column `repeated` (the row's id is not unique, because an earlier row has
    it, or is empty) and one string column per role of `catalogue.ROLES`, without nulls, in input order. Where the
    catalogue has `variant_columns`, a string column `variants` has a JSON list of objects, or is empty. Merged records
    are further rows of a product whose first is in `rows`. `records == blank + len(rejects) + merged + rows.num_rows`.
    `replaced` counts the rows with U+FFFD, which an earlier program wrote in place of text that it could not decode.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...]
    blank: int
    records: int
    replaced: int = 0
    merged: int = 0


@dataclass(frozen=True, slots=True)
class AttributeColumns:
    """`attributes` is a string column of JSON objects, and `levels` has one string column per category level.

    `entries_without_key` counts the specification entries that, as in the reference, are not in the output;
    `unread_specifications` counts the rows without attributes whose specification says something;
    `levels_cut` counts the rows with more category levels than the output has columns.
    """

    attributes: pa.Array
    levels: tuple[pa.Array, ...]
    entries_without_key: int
    levels_cut: int
    unread_specifications: int = 0


@dataclass(frozen=True, slots=True)
class ImageFailure:
    """A URL without an image.

    `row` is counted as in `Shard.first_row`. `row_id` is cut off. `url` is without credentials, cut off, and printable,
    so that it can't forge a log line; `detail` likewise, and the URL is not in it. `retry_after_s` is the delay that
    its server asked for, in seconds.
    """

    row: int
    row_id: str
    url: str
    code: Code
    detail: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """`uris` is a string column, empty for a row without an image.

    `rows` counts rows by outcome: `stored`, or the code of the row's last failure. `failures` counts failed URLs by
    code (a row whose second URL worked has one failure and is `stored`). `fetched_bytes` counts the bytes of images
    from the network; `reused` counts the images that were already stored, `given_up` the rows without an image because
    a replay gave it up. `failed_urls` has the failed URLs one by one, in the order of the rows and of each row's URLs,
    whatever the attempt that tried them; of a row with an image, as many as its image's note holds
    (`actors.images.failed_urls`).
    """

    uris: pa.Array
    rows: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    fetched_bytes: int = 0
    reused: int = 0
    failed_urls: tuple[ImageFailure, ...] = ()
    given_up: int = 0
