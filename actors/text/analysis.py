"""Tags and auxiliaries of spans: computed fast, and again by spaCy's own arithmetic where it was close.

Sums of products come out differently in the last bits with another BLAS or another batch. `GUARD` is many
times the largest difference this makes to a score (1.5e-5 measured over 80,000 tokens), so a decision won by
more is the one that spaCy makes. A span with a closer one is decided again with spaCy's BLAS, in which
batching changes no bit; so a cell depends on its text alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from thinc.api import Model

from .arc_eager import LOOK_AHEAD, ArcEager
from .arrays import Bools, Floats, Ints, numpy_gemm, spacy_gemm
from .encoder import CONTEXT, Encoder
from .page import Page
from .tokens import TokenTypes

GUARD = 5e-4
_SLOTS = 1 << 14
"""Slots parsed together. Enough to keep the arrays long, few enough for their table (4 KB a window) to be small."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found of some spans, which are laid end to end with `LOOK_AHEAD` slots after each.

    `chosen[k]` is span k's row among the spans that were asked for, `advance[k]` how many of its tokens are
    decided. Per slot: `at` the position on the page, `owner` the k of its span, `tags` the number of the tag,
    `auxiliary` whether the label is `aux` or `auxpass`, `decided` whether it lies before the advance.
    """

    chosen: Ints
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
        self._encoder = Encoder(nlp, numpy_gemm)
        self._parser = ArcEager(nlp, numpy_gemm)
        self._spacy_parser = ArcEager(nlp, spacy_gemm)
        self._spacy_encode: Model = nlp.get_pipe("tok2vec").model.layers[1]  # type: ignore[attr-defined]
        self._spacy_tag: Model = nlp.get_pipe("tagger").model.layers[1]  # type: ignore[attr-defined]

    @property
    def held_bytes(self) -> int:
        return self._encoder.held_bytes

    def analyze(self, page: Page, spans: Ints) -> Iterator[Analysis]:
        """Analyse the spans of shape (n, 2), start and end on the page, a group of similar length at a time."""
        edges = np.zeros(len(page.types) + 1, np.intp)
        np.add.at(edges, spans[:, 0], 1)
        np.add.at(edges, spans[:, 1] + LOOK_AHEAD, -1)
        wanted = (np.cumsum(edges)[:-1] > 0) & (page.types > 0)
        windows = self._encoder.encode(page.types, wanted, self._types.embeddings)
        sizes = spans[:, 1] - spans[:, 0]
        order = np.argsort(sizes, kind="stable")
        group = np.cumsum(sizes[order] + LOOK_AHEAD) // _SLOTS
        for chosen in np.split(order, np.flatnonzero(np.diff(group)) + 1):
            yield self._analyze(page, chosen, spans[chosen], windows)

    def _analyze(self, page: Page, chosen: Ints, spans: Ints, windows: Ints) -> Analysis:
        at, owner = _slots(spans)
        exists = page.types[at] > 0
        distinct, vector = np.unique(windows[at[exists]], return_inverse=True)
        rows = np.zeros(len(at), np.intp)
        rows[exists] = vector + 1
        sizes = spans[:, 1] - spans[:, 0]
        parse = self._parser.parse(self._encoder.vectors[distinct], rows, sizes, GUARD)
        advance, auxiliary = parse.advance, parse.auxiliary
        kept = np.flatnonzero(self._types.kept[page.types[at]])
        tags = np.zeros(len(at), np.intp)
        tags[kept] = self._encoder.tags[windows[at[kept]]]
        close = parse.close_call
        close[owner[kept[self._encoder.margins[windows[at[kept]]] < GUARD]]] = True
        if close.any():
            again = np.flatnonzero(close)
            slots = close[owner]
            advance[again], auxiliary[slots], tags[slots] = self._decide(page, spans[again])
        first = np.cumsum(sizes + LOOK_AHEAD) - (sizes + LOOK_AHEAD)
        decided = np.arange(len(at)) < (first + advance)[owner]
        return Analysis(chosen, advance, at, owner, tags, auxiliary, decided)

    def _decide(self, page: Page, spans: Ints) -> tuple[Ints, Bools, Ints]:
        """The advance per span, the auxiliaries and the tags per slot, by spaCy's own arithmetic."""
        at, _ = _slots(spans)
        exists = page.types[at] > 0
        vectors = self._spacy_vectors(page, spans)
        rows = np.zeros(len(at), np.intp)
        rows[exists] = np.arange(1, len(vectors) + 1)
        parse = self._spacy_parser.parse(vectors, rows, spans[:, 1] - spans[:, 0], guard=0)
        tags = np.zeros(len(at), np.intp)
        tags[exists] = self._spacy_tag.predict([vectors])[0].argmax(1)
        return parse.advance, parse.auxiliary, tags

    def _spacy_vectors(self, page: Page, spans: Ints) -> Floats:
        """The vectors of the existing tokens of the spans and their look-ahead."""
        texts, places = [], []
        for start, end in spans.tolist():
            around = np.arange(start - CONTEXT, end + LOOK_AHEAD + CONTEXT)
            # Inside a document the neighbours are real; at its edge spaCy pads by itself.
            around = around[page.types[around] > 0]
            texts.append(self._types.embeddings[page.types[around]])
            places.append((around >= start) & (around < end + LOOK_AHEAD))
        encoded = self._spacy_encode.predict(texts)
        return np.concatenate([vectors[place] for vectors, place in zip(encoded, places, strict=True)])


def _slots(spans: Ints) -> tuple[Ints, Ints]:
    """Positions of the spans' tokens and look-ahead, end to end, and which span each belongs to."""
    sizes = spans[:, 1] - spans[:, 0] + LOOK_AHEAD
    owner = np.repeat(np.arange(len(spans)), sizes)
    return np.arange(len(owner)) + (spans[:, 0] - (np.cumsum(sizes) - sizes))[owner], owner
