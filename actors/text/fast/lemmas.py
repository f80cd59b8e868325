"""A word's lemma by its tag and by whether it is an auxiliary.

The pipeline's attribute ruler gives a token its part of speech and morphology from the tag, from the
dependency label and, for words it names, from the word and its neighbours; the lemmatizer then looks at the
word, the part of speech and the morphology alone. So the words that no pattern names have one part of speech
per (tag, auxiliary), found once by running the ruler on a made-up word, and the rest go through both
components inside their neighbours.

Of all dependency labels only `aux` and `auxpass` change a lemma of a word that is kept: the other patterns
with labels tell apart parts of speech that have no rules, or name stop words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.pipeline import AttributeRuler
from spacy.tokens import Doc, MorphAnalysis

from .components import component, labels_of

_MADE_UP = "qzxqzx"


@dataclass(frozen=True, slots=True)
class WordForm:
    """The part of a token that the rule lemmatizer reads."""

    orth: int
    text: str
    pos: int
    pos_: str
    morph: MorphAnalysis


class Lemmas:
    """The pipeline's lemmas, each found once."""

    def __init__(self, nlp: Language) -> None:
        self._vocab = nlp.vocab
        self._ruler: AttributeRuler = component(nlp, "attribute_ruler")
        self._lemmatizer = component(nlp, "lemmatizer")
        self._tags = labels_of(nlp, "tagger")
        # spaCy scans these lists, up to 57,000 long, once per rule and word.
        index = self._lemmatizer.lookups.get_table("lemma_index")
        for part_of_speech, words in list(index.items()):
            index[part_of_speech] = frozenset(words)
        self._named, self._named_by = _named_words(self._ruler)
        made_up = [_MADE_UP] * len(self._tags)
        self._forms = [
            [(token.pos, token.pos_, token.morph) for token in self._ruled(made_up, self._tags, label)]
            for label in ("dep", "aux")
        ]
        self._found: dict[tuple[str, int, bool], str | None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def alone(self, word: str, tag: int, auxiliary: bool) -> str | None:
        """The lemma of a word by itself, or None where a pattern names it. `tag` numbers the tagger's labels."""
        form = (word, tag, auxiliary)
        if form not in self._found:
            self._found[form] = None if self._is_named(word) else self._by_rule(word, tag, auxiliary)
        return self._found[form]

    def between(self, left: str, word: str, right: str, tag: int, auxiliary: bool) -> str:
        """The lemma of a word between its neighbours, which are empty at a document's edge."""
        words = [*filter(None, (left, word, right))]
        at = 1 if left else 0
        tags = [_MADE_UP] * len(words)
        tags[at] = self._tags[tag]
        token = self._ruled(words, tags, "aux" if auxiliary else "dep")[at]
        lemmas: list[str] = [token.lemma_] if token.lemma else self._lemmatizer.lemmatize(token)
        return lemmas[0]

    def _is_named(self, word: str) -> bool:
        return word in self._named or any(expression.search(word) for expression in self._named_by)

    def _by_rule(self, word: str, tag: int, auxiliary: bool) -> str:
        pos, pos_, morph = self._forms[auxiliary][tag]
        form = WordForm(self._vocab.strings[word], word, pos, pos_, morph)
        lemmas: list[str] = self._lemmatizer.rule_lemmatize(form)
        return lemmas[0]

    def _ruled(self, words: Sequence[str], tags: Sequence[str], label: str) -> Doc:
        count = len(words)
        return self._ruler(Doc(self._vocab, [*words], tags=[*tags], heads=[0] * count, deps=[label] * count))


def _named_words(ruler: Any) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The lower-cased words that patterns spell out, and the expressions that other patterns match words with."""
    words: set[str] = set()
    expressions: set[str] = set()
    for constraint in _word_constraints(ruler):
        if isinstance(constraint, str):
            words.add(constraint.lower())
        else:
            words.update(constraint.get("IN", ()))
            expressions.update(constraint[key] for key in ("REGEX",) if key in constraint)
    return frozenset(words), tuple(map(re.compile, sorted(expressions)))


def _word_constraints(ruler: Any) -> Iterator[str | dict[str, Any]]:
    for entry in ruler.patterns:
        for pattern in entry["patterns"]:
            for token in pattern:
                yield from (token[key] for key in ("LOWER", "ORTH", "TEXT", "NORM") if key in token)
