"""A few texts cleaned both ways when the fast engine starts.

The engine rests on facts about the model, spaCy and this machine's arithmetic. The texts are such that each
of these facts shows: words whose lemma turns on `aux`, cuts that are no sentence ends, words named by patterns,
contractions, spans longer and shorter than the context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import spacy
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text.plain import model
from actors.text.plain.pipeline import plain_cell

TEXTS = (
    "the lamp employs prevent rust and stains. it employs copper wire! cotton helps be washed by hand?",
    "the design features prevent rust and stains",
    "key features: this multicoloured bag, 3 pockets, rs. 499 only\n\ntidy.",
    "the lamp no. helped be washed by hand",
    "cotton needs wt. be washed by hand",
    "the lamp jk. keeps be washed by hand",
    "we're gonna love it. y'all got ta see how it's made, ain't it lovely: brushed, polished and tested by dr. rao",
    "shirts",
)
"""Lower-cased, as an engine takes them."""

ROUNDING = 1e-5
"""The most that a vector may differ from spaCy's. 2.4e-6 is usual, and `exact.GUARD` allows for this much."""


def check(clean: Callable[[Sequence[str]], list[str]], nlp: Language, rounding: float) -> None:
    """Raises `MODEL_ALTERED` where a cell is not the one that `nlp` gives by itself, or the arithmetic is too coarse.

    `rounding` is the largest difference between a fast vector and spaCy's.
    """
    using = f"with spaCy {spacy.__version__} and numpy {np.__version__}"
    if rounding > ROUNDING:
        raise _failed(
            f"{using} on this machine, vectors differ from spaCy's by {rounding:.1e}, more than {ROUNDING:.0e}"
        )
    for text, ours in zip(TEXTS, clean(TEXTS), strict=True):
        plain = plain_cell(nlp, text)
        if ours != plain:
            raise _failed(f"{using}, {text!r} gave {ours!r}, spaCy alone {plain!r}")


def _failed(why: str) -> DropforgeError:
    return DropforgeError(Code.MODEL_ALTERED, f"The fast text engine's self-check failed: {why}. {model.WITHOUT_FAST}")
