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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats, Ints
from .scoring import BREAK, LEFT, LEFT_AUX, MOVES, REDUCE, RIGHT, RIGHT_AUX, ROLES, SHIFT

LOOK_AHEAD = 2
"""Slots after a span's last token that its states may look at."""

Scores = Callable[[Ints], Floats]
"""The best score of each meaning, shape (MOVES, states), of the slots in each role, shape (ROLES, states)."""
Decide = Callable[[Ints, Floats], Ints]
"""The best move per state of such slots, given 0 for each valid move and -inf for the others."""

# What each move does to the pointers of a lane: buffer front and the one after, stack top and the two below.
_STEPS = np.zeros((5, MOVES), np.intp)
_STEPS[:, [SHIFT, RIGHT, RIGHT_AUX]] = 1
_STEPS[2:, [REDUCE, LEFT, LEFT_AUX]] = -1
_IS_LEFT, _IS_RIGHT = np.isin(np.arange(MOVES), [[LEFT, LEFT_AUX]]), np.isin(np.arange(MOVES), [[RIGHT, RIGHT_AUX]])
# Bits of a token's status, and of a situation above the statuses of the buffer's first two tokens.
_STARTS_SENTENCE, _WAS_MOVED_BACK, _EXISTS = 1, 2, 4
_STATUS_BITS = 3
_HAS_STACK, _ADJACENT = 1 << 2 * _STATUS_BITS, 2 << 2 * _STATUS_BITS


def _penalties() -> Floats:
    """Shape (MOVES, situations): -inf where a move is not valid, else 0."""
    penalty = np.full((MOVES, 2 * _ADJACENT), -np.inf, np.float32)
    for situation in range(penalty.shape[1]):
        first, second = situation, situation >> _STATUS_BITS
        starts, has_stack = first & _STARTS_SENTENCE, situation & _HAS_STACK
        if not has_stack or (second & _EXISTS and not starts and not first & _WAS_MOVED_BACK):
            penalty[SHIFT, situation] = 0
        if has_stack:
            penalty[REDUCE, situation] = 0
        if has_stack and first & _EXISTS and not starts:
            penalty[[LEFT, LEFT_AUX, RIGHT, RIGHT_AUX], situation] = 0
        if second & _EXISTS and situation & _ADJACENT and not second & _STARTS_SENTENCE:
            penalty[BREAK, situation] = 0
    return penalty


_PENALTIES = _penalties()


@dataclass(frozen=True, slots=True)
class Parse:
    """What a parse of spans decided.

    `advance[k]`: tokens of span k up to the last clean state in it, 0 where there was none.
    `auxiliary[slot]`: whether the token has the label `aux` or `auxpass`; final for tokens before the advance.
    """

    advance: Ints
    auxiliary: Bools


def parse(exists: Bools, sizes: Ints, fast: Scores, exact: Decide, guard: float) -> Parse:
    """Parse spans laid end to end, each with `sizes[k]` tokens and `LOOK_AHEAD` slots more.

    `exists[slot]` is false where the document has ended; slots are counted from 1 for `fast` and `exact`, and 0 is
    no token. A move that `fast` would win by less than `guard` is decided by `exact`.
    """
    states = _States(exists, sizes)
    while states.count:
        seen, situation = states.look()
        valid = _PENALTIES.take(situation, axis=1)
        scores = fast(seen)
        scores += valid
        moves = scores.argmax(0)
        near = scores > scores.max(0) - guard
        if np.count_nonzero(near) > len(moves):
            close = np.flatnonzero(near.sum(0) > 1)
            moves[close] = exact(seen[:, close], valid[:, close])
        states.move(seen, moves)
        states.settle()
    return Parse(states.last - states.start, states.auxiliary[1:])


class _States:
    """The parser's states, one per unfinished span, and what was decided of all slots.

    Slot 0 is "no token". `cells` holds the buffers and the stacks. The buffer is the slots themselves, 0 where there
    is no token: one moved back is written over the one consumed before it. The stacks follow, three empty cells under
    each. `lanes` has a column per state: five pointers into `cells` (the buffer's front and the one after, the
    stack's top and the two below), where the span ends, the stack's bottom, and the number of the span.
    """

    def __init__(self, exists: Bools, sizes: Ints) -> None:
        slots = 1 + len(exists)
        areas = sizes + LOOK_AHEAD
        self.start = 1 + np.cumsum(areas) - areas
        self.last = self.start.copy()
        self.auxiliary = np.zeros(slots, bool)
        self._cells = np.zeros(slots + 1 + int((areas + 3).sum()), np.intp)
        self._cells[1:slots] = np.where(exists, np.arange(1, slots), 0)
        self._status = np.zeros(slots + 1, np.intp)
        self._status[1:slots] = exists * _EXISTS
        self._left, self._right, self._head, self._older = np.zeros((4, slots + 1), np.intp)
        bottom = slots + 3 + np.cumsum(areas + 3) - (areas + 3)
        pointers = self.start, self.start + 1, bottom, bottom - 1, bottom - 2
        self._lanes = np.stack((*pointers, self.start + sizes, bottom, np.arange(len(sizes))))

    @property
    def count(self) -> int:
        return len(self._lanes[0])

    def look(self) -> tuple[Ints, Ints]:
        """The slot in each role, shape (ROLES, states), and the situation that decides which moves are valid."""
        seen = np.empty((ROLES, self.count), np.intp)
        self._cells.take(self._lanes[:5], out=seen[:5], mode="clip")
        self._left.take(seen[:3:2], out=seen[5:7], mode="clip")
        self._right.take(seen[2], out=seen[7], mode="clip")
        b0, b1, s0 = seen[:3]
        statuses = self._status.take(seen[:2])
        situation = statuses[1] << _STATUS_BITS
        situation |= statuses[0]
        situation += (s0 > 0) * _HAS_STACK
        situation += (b1 - b0 == 1) * _ADJACENT
        return seen, situation

    def move(self, seen: Ints, moves: Ints) -> None:
        b0, b1, s0, s1 = seen[:4]
        head, left, right, older, status = self._head, self._left, self._right, self._older, self._status
        if len(at := _IS_LEFT.take(moves).nonzero()[0]):
            child, parent = s0[at], b0[at]
            right[head[child]] = older[child]  # the arc that had led here is always its head's latest
            head[child] = parent
            left[parent] = child
            self.auxiliary[child] = moves[at] == LEFT_AUX
            status[parent] &= ~_WAS_MOVED_BACK
        rightward = _IS_RIGHT.take(moves)
        if len(at := rightward.nonzero()[0]):
            child, parent = b0[at], s0[at]
            older[child] = right[parent]
            head[child] = parent
            right[parent] = child
            self.auxiliary[child] = moves[at] == RIGHT_AUX
        if len(at := (moves == BREAK).nonzero()[0]):
            status[b1[at]] |= _STARTS_SENTENCE
        front, _, top = self._lanes[:3]
        self._lanes[:5] += _STEPS.take(moves, axis=1)
        if len(at := (rightward | (moves == SHIFT)).nonzero()[0]):
            self._cells[top[at]] = b0[at]
        at = (moves == REDUCE).nonzero()[0]
        if len(at := at[(head[s0[at]] == 0) & (s1[at] > 0)]):
            self._lanes[:2, at] -= 1
            self._cells[front[at]] = s0[at]
            status[s0[at]] |= _WAS_MOVED_BACK

    def settle(self) -> None:
        """Note the clean states, and drop those that are done or would have to look further ahead."""
        front, _, top, _, _, limit, bottom, span = self._lanes
        unfinished = front <= limit
        if len(at := ((top == bottom) & unfinished).nonzero()[0]):
            here = front[at]
            clean = (self._cells[here] == here) & (self._status[here] & _WAS_MOVED_BACK == 0)
            clean &= (self._left[here] == 0) & (self._status[here + 1] & _STARTS_SENTENCE == 0)
            clean |= self._cells[here] == 0
            at, here = at[clean], here[clean]
            self.last[span[at]] = here
            unfinished[at] = here < limit[at]
        if not unfinished.all():
            self._lanes = self._lanes[:, unfinished]
