"""What would become of the first rows of a file with certain settings: cells, and rejects with their reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from actors.csv.records import parse_shard
from actors.errors import DropforgeError
from actors.images.urls import candidates
from actors.model.catalogue import ROLES, Catalogue, Role
from actors.model.frame import Reject
from actors.reading.attribute_columns import attribute_cells
from actors.reading.head import read_head

from .head_text import HeadText

ROWS = 10_000
FIRST_ROWS = 5
MOST_AMISS = 0.1
_EXAMPLES = 3
_UNREAD: Mapping[Role, str] = {
    "specifications": "no attribute was found",
    "image": "no image URL was found",
    "categories": "the category path has one level, but looks like more",
}
_UNCHANGED: tuple[Role, ...] = ("id", "name", "description", "brand", "image")
_OTHER_SEPARATORS = re.compile(r"\S\s*(?:>|»|›|\||/|::)\s*\S")
_NOTHING = str.maketrans("", "", "[]{}\"' \t\r\n")


@dataclass(frozen=True, slots=True)
class RejectFound:
    row: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the first `rows` rows, blank ones not counted.

    `rejects` counts by code, and `examples` has some of each. `first` has the first rows of the output, by column: the
    description as it is before it is cleaned, and the first image URL instead of a stored image. `unread` counts, by
    role, the rows whose cell is not empty and of which nothing came out: no attribute, no URL, or one category level of
    what looks like more.
    """

    rows: int
    rejects: Mapping[str, int]
    examples: tuple[RejectFound, ...]
    first: tuple[Mapping[str, str], ...]
    unread: Mapping[Role, int]

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is so in more than `MOST_AMISS` of the rows, in words: the settings may be those of another file."""
        out = self.rows - sum(self.rejects.values())
        told = [f"{self.rejected_share:.0%} of the first {self.rows:,} rows would be rejects"] * (
            self.rejected_share > MOST_AMISS
        )
        told += [
            f"{_UNREAD[role]} in {count:,} of {out:,} rows whose cell is not empty"
            for role, count in self.unread.items()
            if count > MOST_AMISS * out
        ]
        return tuple(told)

    @property
    def rejected_share(self) -> float:
        return sum(self.rejects.values()) / self.rows if self.rows else 0.0


def try_settings(head: HeadText, catalogue: Catalogue) -> Trial:
    """Reads the first `ROWS` rows. Raises the codes of kind `FILE` with which a run would be refused."""
    found = read_head(head.data, catalogue)
    scanner = found.scanner(shard_bytes=1 << 62, shard_rows=ROWS, text_bytes=len(head.data))
    shards = [*scanner.feed(head.data), *scanner.finish()]
    assert scanner.header is not None
    header = found.header(scanner.header)
    shards = [shard for shard in shards if shard.first_row <= ROWS]
    parsed = [parse_shard(head.data[shard.start : shard.end], shard, header, catalogue) for shard in shards]
    # The last record may be cut off where the file goes on.
    last = 0 if head.whole else max((shard.first_row + shard.rows - 1 for shard in shards), default=0)
    numbered = (zip(each.numbers, each.rows, strict=True) for each in parsed)
    rows = [row for number, row in chain.from_iterable(numbered) if number != last and number <= ROWS]
    rejects = [reject for each in parsed for reject in each.rejects if reject.row != last and reject.row <= ROWS]
    first, unread = _cells(rows, catalogue)
    return Trial(
        rows=len(rows) + len(rejects),
        rejects=dict(Counter(str(reject.code) for reject in rejects)),
        examples=_examples(rejects),
        first=first,
        unread=unread,
    )


def _examples(rejects: list[Reject]) -> tuple[RejectFound, ...]:
    told: Counter[str] = Counter()
    examples = []
    for reject in rejects:
        told[reject.code] += 1
        if told[reject.code] <= _EXAMPLES:
            examples.append(RejectFound(reject.row, str(reject.code), reject.detail))
    return tuple(examples)


def _cells(
    rows: Sequence[tuple[str, ...]], catalogue: Catalogue
) -> tuple[tuple[Mapping[str, str], ...], Mapping[Role, int]]:
    values = {role: [row[at] for row in rows] for at, role in enumerate(ROLES)}
    cells = attribute_cells(values["specifications"], values["categories"], catalogue)
    urls = [_first_url(cell, catalogue) for cell in values["image"]]
    texts = [attributes.text for attributes in cells.attributes]
    flat = all(len(path) < 2 for path in cells.paths)
    unread: dict[Role, int] = {
        "specifications": sum(
            text == "{}" and _says_something(cell) for text, cell in zip(texts, values["specifications"], strict=True)
        ),
        "categories": sum(flat and bool(_OTHER_SEPARATORS.search(cell)) for cell in values["categories"]),
        "image": sum(not url and _says_something(cell) for url, cell in zip(urls, values["image"], strict=True)),
    }
    levels = [[*path, *[""] * catalogue.category_levels][: catalogue.category_levels] for path in cells.paths]
    first = tuple(
        dict(
            zip(
                catalogue.output_columns,
                (*(values[role][at] for role in _UNCHANGED), urls[at], texts[at], *levels[at]),
                strict=True,
            )
        )
        for at in range(min(FIRST_ROWS, len(rows)))
    )
    return first, {role: count for role, count in unread.items() if count}


def _says_something(cell: str) -> bool:
    return bool(cell.translate(_NOTHING))


def _first_url(cell: str, catalogue: Catalogue) -> str:
    """The first entry that can be a URL at all; empty without one."""
    try:
        return next((each.url for each in candidates(cell, catalogue) if "//" in each.url), "")
    except DropforgeError:
        return ""
