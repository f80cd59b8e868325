"""Descriptions to unique lemmas.

A text is tokenised and cut into spans whose lemmas depend on nothing outside a few tokens around them, so the
lemmas of each distinct span are found once and kept. Why that gives spaCy's own cells:

1. A cell is a function of the tokens' texts and lemmas, a lemma one of the word, its tag, whether its label is
   `aux` or `auxpass`, and for a few words the neighbours (`lemmas`).
2. A tag is a function of the nine token types around it (`encoder`).
3. Between two clean states of the parser, labels are a function of the vectors there and of two tokens more
   (`arc_eager`); so all of a span is a function of its tokens, four before and six after (`Page.key`).
4. Decisions that rounding could turn are left to spaCy's own arithmetic (`analysis`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from spacy.language import Language

from . import model
from .analysis import Analysis, Analyzer
from .encoder import MAX_TYPES
from .lemmas import Lemmas
from .page import Page, lay_out
from .plain import is_encodable, plain_cell
from .settings import TextSettings
from .tokens import TokenTypes

_DEFAULTS = TextSettings()
_PAGE_CHARS = 1 << 19
_LONGEST_CHARS = 20_000
# Rough sizes of Python's and spaCy's own structures, for the budget: bytes per token type, lemma, span.
_TYPE_BYTES, _LEMMA_BYTES, _SPAN_BYTES = 1400, 300, 300


@dataclass(slots=True)
class _Walk:
    """How far a text's spans are known: the next one starts at `at` and ends at `ends[passed]`."""

    at: int
    ends: list[int]
    passed: int = 0
    lemmas: list[str] = field(default_factory=list)


class DescriptionCleaner:
    """Cleans descriptions. Holds the language model and what it learned; for one thread at a time."""

    def __init__(self, settings: TextSettings = _DEFAULTS) -> None:
        self._settings = settings
        self._nlp = model.load()
        self._begin(self._nlp)

    def _begin(self, nlp: Language) -> None:
        self._types = TokenTypes(nlp)
        self._analyzer = Analyzer(nlp, self._types)
        self._lemmas = Lemmas(nlp)
        self._spans: dict[bytes, tuple[int, tuple[str, ...]]] = {}
        self._span_bytes = 0

    @property
    def versions(self) -> dict[str, str]:
        return model.versions()

    def clean(self, texts: Sequence[str]) -> list[str]:
        """One cell per text, equal to `plain_cell`'s. A cell never depends on the other texts or on their order."""
        cells = [""] * len(texts)
        fast: list[int] = []
        lowered = [text.lower() for text in texts]
        for number, text in enumerate(lowered):
            if len(text) > _LONGEST_CHARS:
                cells[number] = plain_cell(self._nlp, text)
            elif is_encodable(text):
                fast.append(number)
        for numbers in _pages(fast, lowered):
            for number, cell in zip(numbers, self._clean_page([lowered[number] for number in numbers]), strict=True):
                cells[number] = cell
            self._keep_to_budget()
        return cells

    def _clean_page(self, texts: Sequence[str]) -> list[str]:
        page = lay_out(*self._types.tokenize(texts), self._types)
        walks = [_Walk(start, ends) for start, ends in zip(page.starts, page.ends, strict=True)]
        unfinished = walks
        while unfinished:
            unknown: dict[bytes, tuple[int, int]] = {}
            unfinished = [walk for walk in unfinished if not self._advance(walk, page, unknown)]
            if unknown:
                self._learn(page, unknown)
        return [" ".join(dict.fromkeys(walk.lemmas)) for walk in walks]

    def _advance(self, walk: _Walk, page: Page, unknown: dict[bytes, tuple[int, int]]) -> bool:
        """Walk over the known spans; note the first unknown one and those that probably come after it."""
        at, known = walk.at, True
        for end in walk.ends[walk.passed :]:
            key = page.key(at, end)
            span = self._spans.get(key)
            if span is None:
                known = False
                unknown.setdefault(key, (at, end))
                at = end
            else:
                at += span[0]
                if known:
                    walk.at = at
                    walk.passed += 1
                    walk.lemmas += span[1]
        return known

    def _learn(self, page: Page, unknown: dict[bytes, tuple[int, int]]) -> None:
        keys = list(unknown)
        for analysis in self._analyzer.analyze(page, np.array(list(unknown.values()))):
            lemmas = self._lemmatize(page, analysis)
            for chosen, advance, found in zip(analysis.chosen.tolist(), analysis.advance.tolist(), lemmas, strict=True):
                self._spans[keys[chosen]] = (advance, found)
                self._span_bytes += len(keys[chosen]) + 8 * len(found) + _SPAN_BYTES

    def _lemmatize(self, page: Page, analysis: Analysis) -> Iterator[tuple[str, ...]]:
        """Per span the unique lemmas of its decided tokens, in order."""
        types = page.types[analysis.at]
        slots = np.flatnonzero(analysis.decided & self._types.kept[types])
        words, lemma = self._types.words, self._lemmas.of
        found = [
            lemma(words[type_], tag, auxiliary, words[left], words[right])
            for type_, tag, auxiliary, left, right in zip(
                types[slots].tolist(),
                analysis.tags[slots].tolist(),
                analysis.auxiliary[slots].tolist(),
                page.types[analysis.at[slots] - 1].tolist(),
                page.types[analysis.at[slots] + 1].tolist(),
                strict=True,
            )
        ]
        edges = np.searchsorted(analysis.owner[slots], np.arange(len(analysis.advance) + 1)).tolist()
        return (tuple(dict.fromkeys(found[start:end])) for start, end in pairwise(edges))

    def _keep_to_budget(self) -> None:
        """Begin anew with a fresh model once what was learned outgrows the budget; spaCy keeps every word it saw."""
        held = self._analyzer.held_bytes + self._span_bytes
        held += len(self._types) * _TYPE_BYTES + len(self._lemmas) * _LEMMA_BYTES
        if held > self._settings.cache_mb << 20 or len(self._types) > MAX_TYPES - _PAGE_CHARS:
            self._nlp = model.load()
            self._begin(self._nlp)


def _pages(numbers: Sequence[int], texts: Sequence[str]) -> Iterator[list[int]]:
    """Cut the numbers into runs whose texts have about `_PAGE_CHARS` characters."""
    page: list[int] = []
    chars = 0
    for number in numbers:
        page.append(number)
        chars += len(texts[number])
        if chars >= _PAGE_CHARS:
            yield page
            page, chars = [], 0
    if page:
        yield page
