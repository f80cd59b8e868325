"""Tags and auxiliaries of spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from spacy.language import Language

from .arc_eager import LOOK_AHEAD, parse
from .arrays import Bools, Floats, Ints
from .encoder import Encoder
from .exact import GUARD, ExactEncoder
from .page import Page
from .scoring import MoveScorer, SpacyMoves
from .tokens import TokenTypes


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found of spans that are laid end to end with `LOOK_AHEAD` slots after each.

    `advance[k]` is how many tokens of span k are decided. Per slot: `at` the position on the page, `owner` the k of
    its span, `tags` the number of the tag, `auxiliary` whether the label is `aux` or `auxpass`, `decided` whether it
    lies before the advance.
    """

    advance: Ints
    at: Ints
    owner: Ints
    tags: Ints
    auxiliary: Bools
    decided: Bools


class Analyzer:
    """The tagger and the parser of a model."""

    def __init__(self, nlp: Language, types: TokenTypes) -> None:
        self._types = types
        self._exact = ExactEncoder(nlp)
        self._encoder = Encoder(nlp, self._exact)
        self._scorer, self._spacy_moves = MoveScorer(nlp), SpacyMoves(nlp)

    @property
    def held_bytes(self) -> int:
        return self._encoder.held_bytes

    def forget_wide_windows(self) -> None:
        self._encoder.forget_wide_windows()

    def rounding(self, page: Page) -> float:
        """The largest difference between a fast vector and spaCy's, over all tokens of the page."""
        at = np.flatnonzero(page.types)
        windows = self._encoder.encode(page.types, page.types > 0, self._types.embeddings)[at]
        exact = self._exact.vectors(page.types, at, self._types.embeddings)
        return float(np.abs(self._encoder.vectors[windows] - exact).max())

    def encode(self, page: Page, spans: Ints) -> Ints:
        """The number of the window at each position of the page that the spans may look at; elsewhere without meaning.

        `spans` has shape (n, 2): start and end on the page.
        """
        edges = np.zeros(len(page.types) + 1, np.intp)
        np.add.at(edges, spans[:, 0], 1)
        np.add.at(edges, spans[:, 1] + LOOK_AHEAD, -1)
        wanted = (np.cumsum(edges[:-1]) > 0) & (page.types > 0)
        return self._encoder.encode(page.types, wanted, self._types.embeddings)

    def analyze(self, page: Page, spans: Ints, encoded: Ints) -> Analysis:
        """Analyse spans, given what `encode` found of them or of more."""
        sizes = spans[:, 1] - spans[:, 0] + LOOK_AHEAD
        owner = np.repeat(np.arange(len(spans)), sizes)
        first = np.cumsum(sizes) - sizes
        place = np.arange(len(owner)) - first[owner]
        at = place + spans[owner, 0]
        exists = page.types[at] > 0
        windows = encoded[at]
        distinct, vector = np.unique(windows[exists], return_inverse=True)
        rows = np.zeros(len(at), np.intp)
        rows[exists] = 1 + vector
        layers = self._scorer.tabulate(self._encoder.vectors[distinct])

        def exact(slots: Ints, valid: Floats) -> Ints:
            seen, row = np.unique(slots[slots > 0], return_inverse=True)
            exact_rows = np.zeros_like(slots)
            exact_rows[slots > 0] = 1 + row
            vectors = self._exact.vectors(page.types, at[seen - 1], self._types.embeddings)
            return self._spacy_moves.decide(vectors, exact_rows, valid)

        parsed = parse(exists, sizes - LOOK_AHEAD, rows, layers, exact, GUARD)
        tags = self._encoder.tags[windows]
        return Analysis(parsed.advance, at, owner, tags, parsed.auxiliary, place < parsed.advance[owner])
