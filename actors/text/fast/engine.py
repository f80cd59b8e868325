"""Cells by the model's inference done anew.

A text is tokenised and cut into spans whose lemmas depend on nothing outside a few tokens around them, so the
lemmas of each distinct span are found once and kept. Why that gives spaCy's own cells:

1. A cell is a function of the tokens' texts and lemmas, a lemma one of the word, its tag, whether its label is
   `aux` or `auxpass`, and for a few words the neighbours (`lemmas`).
2. A tag is a function of the nine token types around it (`encoder`).
3. Between two clean states of the parser, labels are a function of the vectors there and of two tokens more
   (`arc_eager`); so all of a span is a function of its tokens, four before and six after (`Page.key`).
4. Decisions that rounding could turn are left to spaCy's own arithmetic (`exact`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

import numpy as np
from spacy.language import Language

from actors.text.plain import model
from actors.text.plain.pages import pages
from actors.text.plain.settings import EngineName, TextSettings

from . import self_check
from .analysis import Analysis, Analyzer
from .arc_eager import LOOK_AHEAD
from .arrays import Ints
from .encoder import MAX_TYPES
from .lemmas import Lemmas
from .page import Page, lay_out
from .scoring import TABLE_TOKENS
from .tokens import TokenTypes

_PAGE_CHARS = 1 << 19
_TAGS = 64
# The next page may add one per character, and a page may end with a text of spaCy's greatest length.
_MOST_TYPES = MAX_TYPES // 4
# Rough sizes of Python's and spaCy's own structures, for the budget: bytes per token type, lemma, span.
_TYPE_BYTES, _LEMMA_BYTES, _SPAN_BYTES = 1400, 300, 300


@dataclass(slots=True)
class _Walk:
    """How far a text's spans are known: the next one starts at `at` and ends at `ends[passed]`."""

    at: int
    ends: list[int]
    passed: int = 0
    lemmas: list[str] = field(default_factory=list)


class FastEngine:
    """The model's layers by numpy, what they gave of each span of text kept. An `Engine`.

    Raises `MODEL_ALTERED` where the self-check fails, and anything where the model is built otherwise than expected.
    """

    name: EngineName = "fast"
    call_chars = _PAGE_CHARS

    def __init__(self, nlp: Language, settings: TextSettings) -> None:
        self._settings = settings
        self._begin(nlp)
        rounding = self._analyzer.rounding(self._page(self_check.TEXTS[:1]))
        self_check.check(self.clean, nlp, rounding)

    def _begin(self, nlp: Language) -> None:
        self._nlp = nlp
        self._types = TokenTypes(nlp)
        self._analyzer = Analyzer(nlp, self._types)
        self._lemmas = Lemmas(nlp)
        self._spans: dict[bytes, tuple[int, tuple[str, ...]]] = {}
        self._span_bytes = 0

    @property
    def longest(self) -> int:
        return self._nlp.max_length

    def clean(self, texts: Sequence[str]) -> list[str]:
        cells: list[str] = []
        for page in pages(texts, _PAGE_CHARS):
            cells += self._clean_page(page)
            self._keep_to_budget()
        return cells

    def _page(self, texts: Sequence[str]) -> Page:
        types, sizes = self._types.tokenize(texts)
        return lay_out(types, sizes, self._types)

    def _clean_page(self, texts: Sequence[str]) -> list[str]:
        page = self._page(texts)
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
        keys, spans = list(unknown), np.array(list(unknown.values()))
        encoded = self._analyzer.encode(page, spans)
        for group in _groups(spans):
            analysis = self._analyzer.analyze(page, spans[group], encoded)
            lemmas = self._lemmatize(page, analysis)
            for number, advance, found in zip(group.tolist(), analysis.advance.tolist(), lemmas, strict=True):
                self._spans[keys[number]] = (advance, found)
                self._span_bytes += _span_bytes(keys[number], found)

    def _lemmatize(self, page: Page, analysis: Analysis) -> Iterator[tuple[str, ...]]:
        """Per span the unique lemmas of its decided tokens, in order."""
        types, words = page.types[analysis.at], self._types.words
        slots = np.flatnonzero(analysis.decided & self._types.kept[types])
        forms = np.stack((types[slots], analysis.tags[slots], analysis.auxiliary[slots]))
        code = np.ravel_multi_index(tuple(forms), (len(words), _TAGS, 2))
        _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
        alone = [self._lemmas.alone(words[type_], tag, bool(aux)) for type_, tag, aux in forms[:, first].T.tolist()]
        lemmas = np.array(alone, object)[inverse]
        for named in np.flatnonzero(np.array([lemma is None for lemma in alone], bool)[inverse]):
            at = analysis.at[slots[named]]
            left, word, right = (words[type_] for type_ in page.types[at - 1 : at + 2])
            lemmas[named] = self._lemmas.between(left, word, right, forms[1, named], bool(forms[2, named]))
        found = lemmas.tolist()
        edges = np.searchsorted(analysis.owner[slots], np.arange(len(analysis.advance) + 1)).tolist()
        return (tuple(dict.fromkeys(found[start:end])) for start, end in pairwise(edges))

    def _keep_to_budget(self) -> None:
        """Forget what is least likely to come again; begin anew when that is not enough, as spaCy keeps every word."""
        budget = self._settings.cache_mb << 20
        if self._held_bytes <= budget and len(self._types) <= _MOST_TYPES:
            return
        self._analyzer.forget_wide_windows()
        for key in list(islice(self._spans, len(self._spans) // 2)):
            self._span_bytes -= _span_bytes(key, self._spans.pop(key)[1])
        if self._held_bytes > budget // 2 or len(self._types) > _MOST_TYPES:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """A new model in the old one's memory: both at once would be the most that a cleaner ever takes."""
        model.verify(model.locate())  # while there still is the old one to go on with
        del self._types, self._analyzer, self._lemmas, self._spans, self._nlp
        gc.collect()  # spaCy's pipelines are full of cycles
        self._begin(model.load())

    @property
    def _held_bytes(self) -> int:
        learned = len(self._types) * _TYPE_BYTES + len(self._lemmas) * _LEMMA_BYTES
        return self._analyzer.held_bytes + self._span_bytes + learned


def _span_bytes(key: bytes, lemmas: tuple[str, ...]) -> int:
    return len(key) + 8 * len(lemmas) + _SPAN_BYTES


def _groups(spans: Ints) -> list[Ints]:
    """Cut the spans' numbers into groups of similar length, and of as many tokens, that can be analysed together.

    A group takes as many steps as its longest span: a last one of few tokens would take as many as a full one.
    """
    sizes = spans[:, 1] - spans[:, 0] + LOOK_AHEAD
    order = np.argsort(sizes, kind="stable")
    up_to = np.cumsum(sizes[order])
    groups = -(-up_to[-1] // TABLE_TOKENS)
    cuts = np.searchsorted(up_to, up_to[-1] * np.arange(1, groups) // groups)
    return [group for group in np.split(order, cuts) if len(group)]  # a span may be longer than a group's share
