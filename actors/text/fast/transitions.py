"""The parser's moves, compiled: what a state sees, what its moves score, and what the chosen one changes.

What is compiled imports nothing that is compiled elsewhere: numba keeps a module's machine code until the module's own
text changes, and does not see a change of what it imports.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats, Slots
from .compiled import compiled

ROLES = 8
"""Tokens through which a state is seen: the buffer's first two, the stack's top three, the leftmost child of the
buffer's first and of the stack's top, and the rightmost of the latter."""
SHIFT, REDUCE, BREAK, LEFT_AUX, RIGHT_AUX, LEFT, RIGHT = range(7)
MOVES = 7
"""What a move means to lemmas: labels other than `aux` and `auxpass` are all the same."""

HIDDEN_AT_A_TIME = 8
"""Hidden units that `_score` adds in one pass over the moves; a network has a multiple of them."""

# Bits of a token's status, and of a situation above the statuses of the buffer's first two tokens.
_STARTS_SENTENCE, _WAS_MOVED_BACK, EXISTS = 1, 2, 4
_STATUS_BITS = 3
_HAS_STACK, _ADJACENT = 1 << 2 * _STATUS_BITS, 2 << 2 * _STATUS_BITS
UNDECIDED = -1


def _validity() -> Bools:
    """Shape (situations, MOVES)."""
    valid = np.zeros((2 * _ADJACENT, MOVES), bool)
    for situation in range(len(valid)):
        first, second = situation, situation >> _STATUS_BITS
        starts, has_stack = first & _STARTS_SENTENCE, situation & _HAS_STACK
        if not has_stack or (second & EXISTS and not starts and not first & _WAS_MOVED_BACK):
            valid[situation, SHIFT] = True
        if has_stack:
            valid[situation, REDUCE] = True
        if has_stack and first & EXISTS and not starts:
            valid[situation, [LEFT, LEFT_AUX, RIGHT, RIGHT_AUX]] = True
        if second & EXISTS and situation & _ADJACENT and not second & _STARTS_SENTENCE:
            valid[situation, BREAK] = True
    return valid


_VALID = _validity()
PENALTIES = np.where(_VALID.T, 0, -np.inf).astype(np.float32)
"""Shape (MOVES, situations): -inf where a move is not valid, else 0."""


class Layers(NamedTuple):
    """The network that scores moves.

    `table` has shape (ROLES * (1 + tokens), 2 * hidden): what a token adds in each role, the first ROLES rows what the
    lack of one adds. `upper` has shape (hidden, moves), `upper_bias` (moves,), with the moves of meaning k from
    `edges[k]` to `edges[k + 1]`.
    """

    table: Floats
    bias: Floats
    upper: Floats
    upper_bias: Floats
    edges: Slots


# The columns of `Spans.tokens` and of `Spans.bounds`.
STATUS, LEFTMOST, RIGHTMOST, HEAD, OLDER, AUXILIARY = range(6)
FRONT, TOP, BOTTOM, LIMIT, LAST = range(5)


class Spans(NamedTuple):
    """The parser's state in each span, and what was decided of all slots.

    Slot 0 is "no token". `cells` holds the buffers and the stacks. The buffer is the slots themselves, 0 where there
    is no token: one moved back is written over the one consumed before it. The stacks follow, three empty cells under
    each. `tokens` has a row per slot: bits of its status, the slots of its leftmost and its rightmost child and of its
    head, the child that was its head's rightmost before it, and whether it is an auxiliary. `bounds` has a row per
    span: the cells of the buffer's first token, of the stack's top and below the stack, the slot where the span ends,
    and that of its last clean state.
    """

    cells: Slots
    tokens: Slots
    bounds: Slots


class Asked(NamedTuple):
    """The spans that wait for a decision: their numbers, what their states see, and the answer once there is one."""

    spans: Slots
    seen: Slots
    situation: Slots
    answer: Slots


@compiled
def advance(spans: Spans, rows: Slots, layers: Layers, guard: float, asked: Asked, count: int) -> int:
    """Go on with the first `count` spans of `asked`, each to its end or to a close call. How many now are asked.

    `rows[slot]` is the token's row in the layers' table. A move that wins by `guard` or less is a close call.
    """
    cells, tokens, bounds = spans.cells, spans.tokens, spans.bounds
    table, bias, upper, upper_bias, edges = layers.table, layers.bias, layers.upper, layers.upper_bias, layers.edges
    seen = np.empty(ROLES, np.int32)
    summed = np.empty(len(bias), np.float32)
    scores = np.empty(len(upper_bias), np.float32)
    best = np.empty(MOVES, np.float32)
    waiting = 0
    for place in range(count):
        span, move = asked.spans[place], asked.answer[place]
        bound = bounds[span]
        while True:
            situation = _look(cells, tokens, bound, seen)
            if move == UNDECIDED:
                move = _only_move(situation, guard)
            if move == UNDECIDED:
                _score(table, bias, upper, upper_bias, edges, rows, seen, summed, scores, best)
                move = _best_move(situation, best, guard)
            if move == UNDECIDED:
                asked.spans[waiting], asked.situation[waiting] = span, situation
                asked.seen[:, waiting] = seen
                waiting += 1
                break
            _move(cells, tokens, bound, seen, move)
            move = UNDECIDED
            if _settled(cells, tokens, bound):
                break
    return waiting


@compiled
def _look(cells: Slots, tokens: Slots, bound: Slots, seen: Slots) -> int:
    """Fill in the slot in each role; the situation that decides which moves are valid."""
    front, top = bound[FRONT], bound[TOP]
    b0, b1, s0 = cells[front], cells[front + 1], cells[top]
    seen[0], seen[1], seen[2], seen[3], seen[4] = b0, b1, s0, cells[top - 1], cells[top - 2]
    seen[5], seen[6], seen[7] = tokens[b0, LEFTMOST], tokens[s0, LEFTMOST], tokens[s0, RIGHTMOST]
    situation = (tokens[b1, STATUS] << _STATUS_BITS) | tokens[b0, STATUS]
    if s0 > 0:
        situation |= _HAS_STACK
    if b1 - b0 == 1:
        situation |= _ADJACENT
    return int(situation)


@compiled
def _only_move(situation: int, guard: float) -> int:
    """The only valid move, `UNDECIDED` where there are more. With an infinite guard each move is asked for."""
    valid, only = 0, UNDECIDED
    for move in range(MOVES):
        if _VALID[situation, move]:
            valid, only = valid + 1, move
    return only if valid == 1 and guard < np.inf else UNDECIDED


@compiled
def _best_move(situation: int, best: Floats, guard: float) -> int:
    """The best valid move, `UNDECIDED` where the second best comes as near as `guard`."""
    chosen, first, second = UNDECIDED, -np.inf, -np.inf
    for move in range(MOVES):
        if _VALID[situation, move]:
            score = best[move]
            if score > first:
                chosen, first, second = move, score, first
            elif score > second:
                second = score
    return UNDECIDED if first - second <= guard else chosen


@compiled
def _move(cells: Slots, tokens: Slots, bound: Slots, seen: Slots, move: int) -> None:
    b0, b1, s0, s1 = seen[0], seen[1], seen[2], seen[3]
    if move == REDUCE:
        bound[TOP] -= 1
        if tokens[s0, HEAD] == 0 and s1 > 0:
            bound[FRONT] -= 1
            cells[bound[FRONT]] = s0
            tokens[s0, STATUS] |= _WAS_MOVED_BACK
    elif move == BREAK:
        tokens[b1, STATUS] |= _STARTS_SENTENCE
    elif move in (LEFT, LEFT_AUX):
        # The arc that had led here is always its head's latest.
        tokens[tokens[s0, HEAD], RIGHTMOST] = tokens[s0, OLDER]
        tokens[s0, HEAD] = b0
        tokens[b0, LEFTMOST] = s0
        tokens[s0, AUXILIARY] = move == LEFT_AUX
        tokens[b0, STATUS] &= ~_WAS_MOVED_BACK
        bound[TOP] -= 1
    else:
        if move != SHIFT:
            tokens[b0, OLDER] = tokens[s0, RIGHTMOST]
            tokens[b0, HEAD] = s0
            tokens[s0, RIGHTMOST] = b0
            tokens[b0, AUXILIARY] = move == RIGHT_AUX
        bound[FRONT] += 1
        bound[TOP] += 1
        cells[bound[TOP]] = b0


@compiled
def _settled(cells: Slots, tokens: Slots, bound: Slots) -> bool:
    """Note a clean state. Whether the span is done or would have to look further ahead."""
    here, limit = bound[FRONT], bound[LIMIT]
    if here > limit:
        return True
    if bound[TOP] != bound[BOTTOM]:
        return False
    clean = cells[here] == 0 or (
        cells[here] == here
        and tokens[here, STATUS] & _WAS_MOVED_BACK == 0
        and tokens[here, LEFTMOST] == 0
        and tokens[here + 1, STATUS] & _STARTS_SENTENCE == 0
    )
    if clean:
        bound[LAST] = here
    return bool(clean and here >= limit)


@compiled
def _score(
    table: Floats,
    bias: Floats,
    upper: Floats,
    upper_bias: Floats,
    edges: Slots,
    rows: Slots,
    seen: Slots,
    summed: Floats,
    scores: Floats,
    best: Floats,
) -> None:
    """Fill in the best score of each meaning."""
    r0, r1, r2, r3, r4, r5, r6, r7 = (
        rows[seen[0]] * ROLES,
        rows[seen[1]] * ROLES + 1,
        rows[seen[2]] * ROLES + 2,
        rows[seen[3]] * ROLES + 3,
        rows[seen[4]] * ROLES + 4,
        rows[seen[5]] * ROLES + 5,
        rows[seen[6]] * ROLES + 6,
        rows[seen[7]] * ROLES + 7,
    )
    for unit in range(len(summed)):
        summed[unit] = (
            bias[unit]
            + (table[r0, unit] + table[r1, unit] + table[r2, unit] + table[r3, unit])
            + (table[r4, unit] + table[r5, unit] + table[r6, unit] + table[r7, unit])
        )
    hidden, moves = upper.shape
    scores[:] = upper_bias
    for unit in range(0, hidden, HIDDEN_AT_A_TIME):
        h0 = max(summed[unit], summed[hidden + unit])
        h1 = max(summed[unit + 1], summed[hidden + unit + 1])
        h2 = max(summed[unit + 2], summed[hidden + unit + 2])
        h3 = max(summed[unit + 3], summed[hidden + unit + 3])
        h4 = max(summed[unit + 4], summed[hidden + unit + 4])
        h5 = max(summed[unit + 5], summed[hidden + unit + 5])
        h6 = max(summed[unit + 6], summed[hidden + unit + 6])
        h7 = max(summed[unit + 7], summed[hidden + unit + 7])
        for move in range(moves):
            scores[move] += (
                h0 * upper[unit, move]
                + h1 * upper[unit + 1, move]
                + h2 * upper[unit + 2, move]
                + h3 * upper[unit + 3, move]
                + h4 * upper[unit + 4, move]
                + h5 * upper[unit + 5, move]
                + h6 * upper[unit + 6, move]
                + h7 * upper[unit + 7, move]
            )
    for meaning in range(MOVES):
        score = scores[edges[meaning]]
        for move in range(edges[meaning] + 1, edges[meaning + 1]):
            if scores[move] > score:
                score = scores[move]
        best[meaning] = score


def best_scores(layers: Layers, rows: Slots) -> Floats:
    """The best score of each meaning, shape (MOVES,), of a state that sees these rows of the table, one a role."""
    summed, scores = np.empty(len(layers.bias), np.float32), np.empty(len(layers.upper_bias), np.float32)
    best = np.empty(MOVES, np.float32)
    _score(*layers, rows.astype(np.int32), np.arange(ROLES, dtype=np.int32), summed, scores, best)
    return best
