"""The model's dependency parser, run over many spans of text by one compiled loop.

The rules are those of spaCy's arc-eager system (`spacy/pipeline/_parser_internals/arc_eager.pyx` and
`_state.pxd`): the same features, the same validity of each move, the same effect. What differs is that a span may
end before its document does, and that labels are told apart only as far as lemmas need: `aux` and `auxpass` against
all others. A label never influences a later move, so merging labels changes no head.

A state is *clean* at token `j` when its stack is empty, `j` is next, was never moved back to the buffer, has
no child yet, and no sentence start is marked after it. Nothing before `j` can be seen or changed from such a
state: what follows is what a parse that starts at `j` does.

All numbers of a span are decided by its tokens and two tokens of look-ahead: the furthest token a state
before `j` sees is the second one of its buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats, Ints
from .transitions import (
    AUXILIARY,
    EXISTS,
    FRONT,
    LAST,
    PENALTIES,
    ROLES,
    STATUS,
    UNDECIDED,
    Asked,
    Layers,
    Spans,
    advance,
)

LOOK_AHEAD = 2
"""Slots after a span's last token that its states may look at."""

Decide = Callable[[Ints, Floats], Ints]
"""The best move per state, of the slots in each role, shape (ROLES, states), and 0 for each valid move and -inf for
the others, shape (MOVES, states)."""


@dataclass(frozen=True, slots=True)
class Parse:
    """What a parse of spans decided.

    `advance[k]`: tokens of span k up to the last clean state in it, 0 where there was none.
    `auxiliary[slot]`: whether the token has the label `aux` or `auxpass`; final for tokens before the advance.
    """

    advance: Ints
    auxiliary: Bools


def parse(exists: Bools, sizes: Ints, rows: Ints, layers: Layers, exact: Decide, guard: float) -> Parse:
    """Parse spans laid end to end, each with `sizes[k]` tokens and `LOOK_AHEAD` slots more.

    `exists[slot]` is false where the document has ended. `rows[slot]` is the token's row in the layers' table. Here
    slots are counted from 1, as `exact` gets them, and 0 is no token. A move that the layers' scores would win by
    `guard` or less is decided by `exact`.
    """
    spans = _begin(exists, sizes)
    start = spans.bounds[:, FRONT].copy()
    asked = Asked(
        np.arange(len(sizes), dtype=np.int32),
        np.empty((ROLES, len(sizes)), np.int32),
        np.empty(len(sizes), np.int32),
        np.full(len(sizes), UNDECIDED, np.int32),
    )
    table_rows = np.concatenate(([0], rows)).astype(np.int32)
    count = len(sizes)
    while count := advance(spans, table_rows, layers, guard, asked, count):
        seen = asked.seen[:, :count].astype(np.intp)
        asked.answer[:count] = exact(seen, PENALTIES.take(asked.situation[:count], axis=1))
    advanced = spans.bounds[:, LAST] - start
    return Parse(advanced.astype(np.intp), spans.tokens[1:-1, AUXILIARY] > 0)


def _begin(exists: Bools, sizes: Ints) -> Spans:
    slots = 1 + len(exists)
    areas = sizes + LOOK_AHEAD
    start = 1 + np.cumsum(areas) - areas
    bottom = slots + 3 + np.cumsum(areas + 3) - (areas + 3)
    cells = np.zeros(slots + 1 + int((areas + 3).sum()), np.int32)
    cells[1:slots] = np.where(exists, np.arange(1, slots), 0)
    tokens = np.zeros((slots + 1, 6), np.int32)
    tokens[1:slots, STATUS] = exists * EXISTS
    bounds = np.stack((start, bottom, bottom, start + sizes, start), axis=1)
    return Spans(cells, tokens, bounds.astype(np.int32))
