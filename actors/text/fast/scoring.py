"""Scores of the parser's moves: fast, and by spaCy's own arithmetic.

A state is seen through eight tokens, each in its role (`spacy/pipeline/_parser_internals/_state.pxd`,
`set_context_tokens`). Each adds a projection of its vector to a hidden layer with two pieces per unit; a
token that isn't there adds the role's padding. The greater piece of each unit goes to the output layer.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from spacy.language import Language

from .arrays import Floats, Ints
from .components import AnyModel, component, model_of

ROLES = 8
SHIFT, REDUCE, BREAK, LEFT_AUX, RIGHT_AUX, LEFT, RIGHT = range(7)
MOVES = 7
"""What a move means to lemmas: labels other than `aux` and `auxpass` are all the same."""

TABLE_TOKENS = 1 << 14
"""Tokens whose contributions are best tabulated at a time: enough for long arrays, at 4 KB each."""

# Rows multiplied at a time, so that the products are still in the processor's cache when they are stored.
_CHUNK = 512

# States up to which one `reduceat` costs less than a `reduce` for each meaning.
_FEW = 32

_BY_LETTER = {"S": SHIFT, "D": REDUCE, "B": BREAK, "L": LEFT, "R": RIGHT}
_AUXILIARIES = {
    ("L", "aux"): LEFT_AUX,
    ("L", "auxpass"): LEFT_AUX,
    ("R", "aux"): RIGHT_AUX,
    ("R", "auxpass"): RIGHT_AUX,
}


def meanings(nlp: Language) -> Ints:
    """What each of the model's moves means. spaCy's names for them are like `S`, `L-aux`, `R-dobj||xcomp`."""
    named = [name.partition("-") for name in component(nlp, "parser").move_names]
    return np.array(
        [_AUXILIARIES.get((letter, label.partition("||")[0]), _BY_LETTER[letter]) for letter, _, label in named]
    )


class MoveScorer:
    """The parser's layers, the lower one computed once per token and role."""

    def __init__(self, nlp: Language) -> None:
        model = model_of(nlp, "parser")
        lower, upper, project = model.get_ref("lower"), model.get_ref("upper"), model.get_ref("tok2vec").layers[-1]
        self._project = np.asarray(project.get_param("W")).T.copy(), np.asarray(project.get_param("b"))
        # (roles, hidden, pieces, inputs): pieces go before hidden units, so that maxout compares contiguous halves.
        weights = np.asarray(lower.get_param("W"))
        _, self._hidden, _, inputs = weights.shape
        self._lower = weights.transpose(0, 2, 1, 3).reshape(-1, inputs).T.copy()
        self._bias = np.asarray(lower.get_param("b")).T.reshape(-1)
        self._roles = np.arange(ROLES)[:, None]
        pad = np.asarray(lower.get_param("pad")).transpose(0, 1, 3, 2).reshape(1, -1)
        self._table = np.concatenate((pad, np.empty((TABLE_TOKENS, pad.shape[1]), np.float32)))
        # Moves of one meaning together.
        meaning = meanings(nlp)
        order = np.argsort(meaning, kind="stable")
        self._upper = np.asarray(upper.get_param("W"))[order]
        self._upper_bias = np.asarray(upper.get_param("b"))[order, None]
        edges = np.searchsorted(meaning[order], np.arange(MOVES + 1))
        self._starts, self._groups = edges[:-1], [slice(*pair) for pair in pairwise(edges)]

    def tabulate(self, vectors: Floats) -> Floats:
        """The table that `score` needs for states that see these tokens, shape (tokens, width).

        Good until the next call, which may use its memory again.
        """
        count = len(vectors)
        if count <= TABLE_TOKENS:
            table = self._table[: 1 + count]
        else:
            table = np.concatenate((self._table[:1], np.empty((count, self._table.shape[1]), np.float32)))
        weights, bias = self._project
        projected = vectors @ weights + bias
        for start in range(0, count, _CHUNK):
            rows = projected[start : start + _CHUNK]
            np.matmul(rows, self._lower, out=table[1 + start : 1 + start + len(rows)])
        return table.reshape(-1, 2 * self._hidden)

    def score(self, table: Floats, rows: Ints) -> Floats:
        """The best score of each meaning: shape (MOVES, states).

        `rows` has shape (roles, states): 1 + the token's row among the tabulated, or 0 for none.
        """
        # "clip" spares a pass over the indices, which are all in range.
        summed = np.add.reduce(table.take(rows * ROLES + self._roles, axis=0, mode="clip"), axis=0)
        summed += self._bias
        hidden = np.maximum(summed[:, : self._hidden], summed[:, self._hidden :])
        scores = self._upper @ hidden.T
        scores += self._upper_bias
        if len(hidden) <= _FEW:
            few: Floats = np.maximum.reduceat(scores, self._starts, axis=0)
            return few
        best = np.empty((MOVES, len(hidden)), np.float32)
        for meaning, group in enumerate(self._groups):
            np.maximum.reduce(scores[group], axis=0, out=best[meaning])
        return best


class SpacyMoves:
    """The parser's layers added up as spaCy does it, bit for bit (`spacy/ml/parser_model.pyx`, `predict_states`)."""

    def __init__(self, nlp: Language) -> None:
        model = model_of(nlp, "parser")
        self._meanings = meanings(nlp)
        self._lower, self._upper = model.get_ref("lower"), model.get_ref("upper")
        self._project: AnyModel = model.get_ref("tok2vec").layers[-1]

    def score(self, vectors: Floats, rows: Ints) -> Floats:
        """The scores of the model's moves, shape (states, moves); `rows` as in `MoveScorer.score`."""
        # The layer's answer starts with the padding.
        features: Floats = self._lower.predict(self._project.predict(vectors))
        summed = np.zeros((rows.shape[1], *features.shape[2:]), np.float32)
        for role in range(ROLES):
            summed += features[rows[role], role]
        summed += self._lower.get_param("b")
        scores: Floats = self._upper.predict(summed.max(2))
        return scores

    def decide(self, vectors: Floats, rows: Ints, valid: Floats) -> Ints:
        """The meaning of the best valid move per state; among equal scores, of the first. `valid` is 0 or -inf."""
        best: Ints = (self.score(vectors, rows) + valid[self._meanings].T).argmax(1)
        return self._meanings[best]
