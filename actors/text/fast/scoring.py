"""Scores of the parser's moves: fast, and by spaCy's own arithmetic.

A state is seen through eight tokens, each in its role (`spacy/pipeline/_parser_internals/_state.pxd`,
`set_context_tokens`). Each adds a projection of its vector to a hidden layer with two pieces per unit; a
token that isn't there adds the role's padding. The greater piece of each unit goes to the output layer.
"""

from __future__ import annotations

import numpy as np
from spacy.language import Language

from .arrays import Floats, Ints
from .components import AnyModel, component, model_of
from .transitions import BREAK, HIDDEN_AT_A_TIME, LEFT, LEFT_AUX, MOVES, REDUCE, RIGHT, RIGHT_AUX, ROLES, SHIFT, Layers

TABLE_TOKENS = 1 << 11
"""Tokens whose contributions are tabulated at a time: few enough for a processor's cache, at 4 KB each."""

# Rows multiplied at a time, so that the products are still in the processor's cache when they are stored.
_CHUNK = 512

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
        _, hidden, _, inputs = weights.shape
        if hidden % HIDDEN_AT_A_TIME:  # compiled code would read beyond its arrays
            raise ValueError(f"the parser has {hidden} hidden units, no multiple of {HIDDEN_AT_A_TIME}")
        self._lower = weights.transpose(0, 2, 1, 3).reshape(-1, inputs).T.copy()
        self._pad = np.asarray(lower.get_param("pad")).transpose(0, 1, 3, 2).reshape(1, -1)
        # Moves of one meaning together.
        meaning = meanings(nlp)
        order = np.argsort(meaning, kind="stable")
        edges = np.searchsorted(meaning[order], np.arange(MOVES + 1))
        self._layers = Layers(
            self._pad.reshape(ROLES, 2 * hidden),
            np.asarray(lower.get_param("b")).T.reshape(-1).copy(),
            np.asarray(upper.get_param("W"))[order].T.copy(),
            np.asarray(upper.get_param("b"))[order].copy(),
            edges.astype(np.int32),
        )

    def tabulate(self, vectors: Floats) -> Layers:
        """The network for states that see these tokens, shape (tokens, width); token k is row 1 + k, no token row 0."""
        count = len(vectors)
        table = np.empty((1 + count, self._pad.shape[1]), np.float32)
        table[0] = self._pad
        weights, bias = self._project
        projected = vectors @ weights + bias
        for start in range(0, count, _CHUNK):
            rows = projected[start : start + _CHUNK]
            np.matmul(rows, self._lower, out=table[1 + start : 1 + start + len(rows)])
        return self._layers._replace(table=table.reshape(ROLES * (1 + count), -1))


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
