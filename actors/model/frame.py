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
    """A parsed shard: its valid rows, its rejects, and the number of blank records.

    `rows` has an int64 column `row`, a bool column `repeated` (the row's id is not unique, because an earlier row has
    it, or is empty) and one string column per role of `catalogue.ROLES`, without nulls, in input order.
    `records == blank + len(rejects) + rows.num_rows`. `replaced` counts the rows with U+FFFD, which an earlier program
    wrote in place of text that it could not decode.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...]
    blank: int
    records: int
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class AttributeColumns:
    """`attributes` is a string column of JSON objects, and `levels` has one string column per category level.

    `entries_without_key` counts the specification entries that, as in the reference, are not in the output;
    `levels_cut` counts the rows with more category levels than the output has columns.
    """

    attributes: pa.Array
    levels: tuple[pa.Array, ...]
    entries_without_key: int
    levels_cut: int


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """`uris` is a string column, empty for a row without an image.

    `rows` counts rows by outcome: `stored`, or the code of the row's last failure. `failures` counts failed URLs by
    code (a row whose second URL worked has one failure and is `stored`). `fetched_bytes` counts the bytes of images
    from the network; `reused` counts the images that were already stored, `given_up` the rows without an image because
    a replay gave it up.
    """

    uris: pa.Array
    rows: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    fetched_bytes: int = 0
    reused: int = 0
    given_up: int = 0
