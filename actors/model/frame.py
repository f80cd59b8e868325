"""What passes between the stages of one shard.

All frozen; columns are Arrow, so a frame crosses processes without a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from actors.errors import Code


@dataclass(frozen=True, slots=True)
class Reject:
    """An input row that is not in the output.

    `row` counts as in `Shard.first_row`; `offset` is the byte position of its first byte in the drop;
    `raw` is the record's bytes as they came, without its line end. Of a record longer than the catalogue's
    `max_row_bytes` it is the start, and `unread` bytes follow in the drop, the line end among them.
    """

    row: int
    offset: int
    code: Code
    detail: str
    raw: bytes
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ShardFrame:
    """A parsed shard: the rows that go on, the rows that don't, and the count of blank ones.

    `replaced` counts the rows that hold U+FFFD: some program before us has put it there for text it could not read.

    `rows` has an int64 column `row`, a bool column `repeated` (the row's id is no name for it alone, because an
    earlier row has it or it is empty) and one string column per role of `catalogue.ROLES`, without nulls, in input
    order. `records == blank + len(rejects) + rows.num_rows`.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...]
    blank: int
    records: int
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class AttributeColumns:
    """`attributes`: a string column of JSON objects. `levels`: one string column per category level.

    `entries_without_key` counts specification entries the reference drops in silence; `levels_cut` counts
    rows with more category levels than the output has columns.
    """

    attributes: pa.Array
    levels: tuple[pa.Array, ...]
    entries_without_key: int
    levels_cut: int


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """`uris`: a string column, empty where no image of the row could be had.

    `rows` counts rows by outcome: `stored`, or the code of the row's last failure. `failures` counts failed
    URLs by code (a row that got its second URL has one failure and is `stored`). `fetched_bytes` is what
    came over the network; `reused` counts images found already stored by an earlier attempt.
    """

    uris: pa.Array
    rows: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    fetched_bytes: int = 0
    reused: int = 0
