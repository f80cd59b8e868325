"""Cells by spaCy alone: the rule of a cell, and the engine that is nothing but the model's own pipeline.

It holds for every version of spaCy and every model with a tagger and a lemmatizer, and is what the fast engine is
checked against.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc

from . import model
from .pages import pages
from .settings import EngineName, TextSettings

_PAGE_CHARS = 1 << 15
"""Memory grows with what is analysed at a time, by 3 kB a character; beyond this much, speed does not."""

# What a word that was not met before leaves behind in spaCy: its text, a lexeme, perhaps a lemma.
_WORD_BYTES = 600


def plain_cell(nlp: Language, text: str) -> str:
    """The unique lemmas of the lower-cased text, in order, joined by a blank.

    Stop words and tokens that are not alphabetic are left out. The rule is `prep_product_desc` of
    GoogleCloudPlatform/accelerated-platforms (commit 1e5775ea), which gives no value where spaCy raises: for
    a text over `nlp.max_length` characters or one that UTF-8 can't encode. Such a cell is empty here.
    """
    lowered = text.lower()
    if len(lowered) > nlp.max_length or not is_encodable(lowered):
        return ""
    return _cell(nlp(lowered))


def is_encodable(text: str) -> bool:
    """Whether the text has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class PlainEngine:
    """spaCy's pipeline, a page of texts at a time. An `Engine`."""

    name: EngineName = "spacy"
    call_chars = _PAGE_CHARS

    def __init__(self, nlp: Language, settings: TextSettings) -> None:
        self._nlp = nlp
        self._most_words = len(nlp.vocab) + (settings.cache_mb << 20) // _WORD_BYTES

    @property
    def longest(self) -> int:
        return self._nlp.max_length

    def clean(self, texts: Sequence[str]) -> list[str]:
        cells: list[str] = []
        for page in pages(texts, _PAGE_CHARS):
            cells += map(_cell, self._nlp.pipe(page))
            if len(self._nlp.vocab) > self._most_words:
                self._begin_anew()
        return cells

    def _begin_anew(self) -> None:
        """spaCy keeps every word it has met. A new model in the old one's memory."""
        model.verify(model.locate())  # while there still is the old one to go on with
        del self._nlp
        gc.collect()  # spaCy's pipelines are full of cycles
        self._nlp = model.load()


def _cell(doc: Doc) -> str:
    return " ".join(dict.fromkeys(token.lemma_ for token in doc if token.is_alpha and not token.is_stop))
