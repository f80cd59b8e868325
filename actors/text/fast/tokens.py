"""Texts to token types.

A token type is what the model can see of a token by itself: its text, its norm (the tokenizer gives some
words another one) and whether a blank follows. Everything else it reads (prefix, suffix, shape, whether it
is alphabetic or a stop word) is a function of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from .arrays import Floats, Ints, Rows
from .components import model_of

_SENTENCE_ENDS = frozenset(".!?")
Hashes = NDArray[np.uint64]
"""What spaCy has of words and of other features: 64-bit hashes of their text."""

_MIX = np.uint64(0x9E3779B97F4A7C15)


class TokenTypes:
    """Numbers token types from 1 in order of appearance; 0 is padding.

    Per type: `words` the text, `kept` whether the token can be in a cell, `closes` whether a sentence may end
    with it, `opens` whether one may start with it, `is_space` whether it is blank.
    """

    def __init__(self, nlp: Language) -> None:
        model = model_of(nlp, "tok2vec")
        extract, *self._embed = model.layers[0].layers
        self._columns: list[int | str] = extract.attrs["columns"]
        self._nlp = nlp
        self._numbers: dict[int, int] = {}
        self._embeddings = Rows(model.get_dim("nO"))
        self._embeddings.append(np.zeros((1, model.get_dim("nO")), np.float32))
        self.words = [""]
        self.kept, self.closes, self.opens, self.is_space = np.zeros((4, 1), bool)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def embeddings(self) -> Floats:
        """Shape (types, width), by spaCy's own arithmetic; padding is zero."""
        return self._embeddings.array

    def tokenize(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """All tokens' types, end to end, and the number of tokens of each text."""
        docs = [self._nlp.tokenizer(text) for text in texts]
        sizes = np.array([len(doc) for doc in docs], np.intp)
        filled = [doc for doc in docs if len(doc)]
        if not filled:
            return np.empty(0, np.intp), sizes
        orth, norm, space = np.concatenate([doc.to_array(["ORTH", "NORM", "SPACY"]) for doc in filled]).T
        # Words are 64-bit hashes throughout spaCy, so a mix of two of them identifies as well as it does.
        mixed = (orth * _MIX) ^ (norm + space)
        keys, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        new = np.array([key not in self._numbers for key in keys.tolist()])
        if new.any():
            self._add(keys[new], orth[first[new]], _features(filled, self._columns, first[new]))
        return np.array([self._numbers[key] for key in keys.tolist()], np.intp)[inverse], sizes

    def _add(self, keys: Hashes, orths: Hashes, features: Hashes) -> None:
        rows: list[Any] = [features]
        for layer in self._embed:
            rows = layer.predict(rows)
        self._embeddings.append(rows[0])
        self._numbers.update(zip(keys.tolist(), range(len(self), len(self) + len(keys)), strict=True))
        lexemes = [self._nlp.vocab[orth] for orth in orths.tolist()]
        words = [lexeme.text for lexeme in lexemes]
        self.words += words
        self.kept = np.append(self.kept, [lexeme.is_alpha and not lexeme.is_stop for lexeme in lexemes])
        self.closes = np.append(self.closes, [word in _SENTENCE_ENDS for word in words])
        self.opens = np.append(self.opens, [any(map(str.isalnum, word)) for word in words])
        self.is_space = np.append(self.is_space, [lexeme.is_space for lexeme in lexemes])


def _features(docs: Sequence[Doc], columns: list[int | str], at: Ints) -> Hashes:
    """What the embedding reads of the tokens at positions `at` of the documents laid end to end."""
    return np.concatenate([doc.to_array(columns) for doc in docs])[at]
