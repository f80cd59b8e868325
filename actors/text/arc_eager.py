"""The model's dependency parser, run over many spans of text at once.

The rules are those of spaCy's arc-eager system (`spacy/pipeline/_parser_internals/arc_eager.pyx` and
`_state.pxd`): the same features, the same validity of each move, the same effect. What differs is that the
states of many spans advance together as rows of arrays, that a span may end before its document does, and
that labels are told apart only as far as lemmas need: `aux` and `auxpass` against all others. A label never
influences a later move, so merging labels changes no head.

A state is *clean* at token `j` when its stack is empty, `j` is next, was never moved back to the buffer, has
no child yet, and no sentence start is marked after it. Nothing before `j` can be seen or changed from such a
state: what follows is what a parse that starts at `j` does.

All numbers of a span are decided by its tokens and two tokens of look-ahead: the furthest token a state
before `j` sees is the second one of its buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from spacy.language import Language
from thinc.api import Model

from .arrays import Bools, Floats, Gemm, Ints

LOOK_AHEAD = 2
"""Slots after a span's last token that its states may look at."""

_AUXILIARIES = ("aux", "auxpass")
# Kinds of moves, with the letters of spaCy's names for them.
_SHIFT, _REDUCE, _LEFT, _RIGHT, _BREAK = range(5)
_LETTERS = "SDLRB"
# What each kind does to the pointers of a lane: buffer front and the one after, stack top and the two below.
_STEPS = np.array([[1, 0, 0, 1, 0]] * 2 + [[1, -1, -1, 1, 0]] * 3)
# Bits of a token's status, and of a situation above the statuses of the buffer's first two tokens.
_STARTS_SENTENCE, _WAS_MOVED_BACK, _EXISTS = 1, 2, 4
_STATUS_BITS = 3
_HAS_STACK, _ADJACENT = 1 << 2 * _STATUS_BITS, 2 << 2 * _STATUS_BITS


def _penalties() -> Floats:
    """Shape (kinds, situations): -inf where a move is not valid, else 0."""
    penalty = np.full((len(_LETTERS), 2 * _ADJACENT), -np.inf, np.float32)
    for situation in range(penalty.shape[1]):
        first, second = situation, situation >> _STATUS_BITS
        starts, has_stack = first & _STARTS_SENTENCE, situation & _HAS_STACK
        if not has_stack or (second & _EXISTS and not starts and not first & _WAS_MOVED_BACK):
            penalty[_SHIFT, situation] = 0
        if has_stack:
            penalty[_REDUCE, situation] = 0
        if has_stack and first & _EXISTS and not starts:
            penalty[[_LEFT, _RIGHT], situation] = 0
        if second & _EXISTS and situation & _ADJACENT and not second & _STARTS_SENTENCE:
            penalty[_BREAK, situation] = 0
    return penalty


@dataclass(frozen=True, slots=True)
class Parse:
    """What a parse of spans decided.

    `advance[k]`: tokens of span k up to the last clean state in it, 0 where there was none.
    `auxiliary[slot]`: whether the token has the label `aux` or `auxpass`; final for tokens before the advance.
    `close_call[k]`: whether some move of span k was won by less than the guard.
    """

    advance: Ints
    auxiliary: Bools
    close_call: Bools


class ArcEager:
    """The parser's weights, laid out for `parse`."""

    def __init__(self, nlp: Language, gemm: Gemm) -> None:
        parser: Any = nlp.get_pipe("parser")
        model: Model = parser.model
        lower, upper, project = model.get_ref("lower"), model.get_ref("upper"), model.get_ref("tok2vec").layers[-1]
        self._gemm = gemm
        self._project = np.asarray(project.get_param("W")), np.asarray(project.get_param("b"))
        # (roles, hidden, pieces, inputs): pieces go before hidden, so that maxout compares two contiguous halves.
        weights = np.asarray(lower.get_param("W"))
        roles, self._hidden, _, inputs = weights.shape
        self._roles = np.arange(roles)[:, None]
        self._lower = np.ascontiguousarray(weights.transpose(0, 2, 1, 3)).reshape(-1, inputs)
        self._bias = np.asarray(lower.get_param("b")).T.reshape(-1)
        self._table = np.asarray(lower.get_param("pad")).transpose(0, 1, 3, 2).reshape(1, -1)
        self._upper = np.asarray(upper.get_param("W"))
        self._upper_bias = np.asarray(upper.get_param("b"))[:, None]
        # Runs of moves that mean the same here, in the model's order: among equal scores spaCy takes the first.
        runs = [(run, [*moves]) for run, moves in groupby(parser.move_names, _meaning)]
        edges = np.cumsum([0, *(len(moves) for _, moves in runs)])
        self._runs = [slice(start, end) for start, end in pairwise(edges)]
        self._kinds = np.array([kind for (kind, _), _ in runs])
        self._is_auxiliary = np.array([auxiliary for (_, auxiliary), _ in runs])
        self._penalties = _penalties()[self._kinds]

    def parse(self, vectors: Floats, rows: Ints, sizes: Ints, guard: float) -> Parse:
        """Parse spans laid end to end, each with `sizes[k]` tokens and `LOOK_AHEAD` slots more.

        `rows[slot]` is 1 + the token's row in `vectors`, or 0 where the document has ended. A move won by less
        than `guard` is reported, not repeated.
        """
        table = self._tabulate(vectors)
        # Slot 0 is "no token". The buffer is the slots themselves: a token moved back is written over the one
        # consumed before it. The stacks follow in the same array, three empty cells under each.
        slots = len(rows) + 1
        row = np.zeros(slots + 1, np.intp)
        row[1:-1] = rows * len(self._roles)
        areas = sizes + LOOK_AHEAD + 3
        cells = np.zeros(slots + 1 + int(areas.sum()), np.intp)
        cells[:slots] = np.where(row[:-1] > 0, np.arange(slots), 0)
        status = np.where(row > 0, _EXISTS, 0)
        left, right, head, older = np.zeros((4, slots + 1), np.intp)
        auxiliary = np.zeros(slots, bool)
        start = np.cumsum(sizes + LOOK_AHEAD) - (sizes + LOOK_AHEAD) + 1
        bottom = slots + 1 + np.cumsum(areas) - areas + 2
        last, close_call = start.copy(), np.zeros(len(sizes), bool)
        lanes = np.stack(
            (start, start + 1, bottom, bottom - 1, bottom - 2, start + sizes, bottom, np.arange(len(sizes)))
        )
        while lanes.shape[1]:
            front, _, top, _, _, limit, bottom, span = lanes
            seen = np.empty((8, len(span)), np.intp)
            cells.take(lanes[:5], out=seen[:5], mode="clip")
            left.take(seen[:3:2], out=seen[5:7], mode="clip")
            right.take(seen[2], out=seen[7], mode="clip")
            b0, b1, s0, s1 = seen[:4]
            statuses = status.take(seen[:2])
            situation = statuses[1] << _STATUS_BITS
            situation |= statuses[0]
            situation += (s0 > 0) * _HAS_STACK
            situation += (b1 - b0 == 1) * _ADJACENT
            scores = self._score(table, row.take(seen) + self._roles)
            scores += self._penalties.take(situation, axis=1)
            run = scores.argmax(0)
            kind = self._kinds.take(run)
            near = scores > scores.max(0) - guard
            if np.count_nonzero(near) > len(span):
                close_call[span[near.sum(0) > 1]] = True

            if len(at := (kind == _LEFT).nonzero()[0]):
                child, parent = s0[at], b0[at]
                right[head[child]] = older[child]  # the arc that had led here is always its head's latest
                head[child] = parent
                left[parent] = child
                auxiliary[child] = self._is_auxiliary[run[at]]
                status[parent] &= ~_WAS_MOVED_BACK
            rightward = kind == _RIGHT
            if len(at := rightward.nonzero()[0]):
                child, parent = b0[at], s0[at]
                older[child] = right[parent]
                head[child] = parent
                right[parent] = child
                auxiliary[child] = self._is_auxiliary[run[at]]
            if len(at := (kind == _BREAK).nonzero()[0]):
                status[b1[at]] |= _STARTS_SENTENCE
            lanes[:5] += _STEPS.take(kind, axis=1)
            if len(at := (rightward | (kind == _SHIFT)).nonzero()[0]):
                cells[top[at]] = b0[at]
            if len(at := (kind == _REDUCE).nonzero()[0]) and len(at := at[(head[s0[at]] == 0) & (s1[at] > 0)]):
                lanes[:2, at] -= 1
                cells[front[at]] = s0[at]
                status[s0[at]] |= _WAS_MOVED_BACK

            on = front <= limit
            if len(at := (top == bottom).nonzero()[0]):
                here = front[at]
                clean = (cells[here] == here) & (status[here] & _WAS_MOVED_BACK == 0)
                clean &= (left[here] == 0) & (status[here + 1] & _STARTS_SENTENCE == 0)
                clean |= cells[here] == 0
                clean &= on[at]
                at, here = at[clean], here[clean]
                last[span[at]] = here
                on[at] &= here < limit[at]
            if not on.all():
                lanes = lanes[:, on]
        return Parse(last - start, auxiliary[1:], close_call)

    def _tabulate(self, vectors: Floats) -> Floats:
        """What each token adds to a state's hidden layer in each role: shape ((1 + tokens) * roles, 2 * hidden).

        The first `roles` rows stand for "no token". The table is reused by the next call.
        """
        count = 1 + len(vectors)
        if len(self._table) < count:
            self._table = np.concatenate((self._table[:1], np.empty((count - 1, self._table.shape[1]), np.float32)))
        weights, bias = self._project
        self._gemm(self._gemm(vectors, weights) + bias, self._lower, self._table[1:count])
        return self._table.reshape(-1, 2 * self._hidden)

    def _score(self, table: Floats, features: Ints) -> Floats:
        """The best score per run of moves: shape (runs, states). `features` has shape (roles, states)."""
        summed = np.add.reduce(table.take(features, axis=0), axis=0)
        summed += self._bias
        hidden = np.maximum(summed[:, : self._hidden], summed[:, self._hidden :])
        moves = self._gemm(self._upper, hidden)
        moves += self._upper_bias
        best = np.empty((len(self._runs), len(hidden)), np.float32)
        for run, where in enumerate(self._runs):
            moves[where].max(0, out=best[run])
        return best


def _meaning(move: str) -> tuple[int, bool]:
    """The kind of a move, and whether it makes an auxiliary; spaCy's name of it is like `L-aux` or `R-dobj||xcomp`."""
    letter, _, label = move.partition("-")
    return _LETTERS.index(letter), label.partition("||")[0] in _AUXILIARIES
