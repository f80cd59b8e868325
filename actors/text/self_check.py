"""A few texts cleaned both ways when the cleaner starts.

The fast path rests on facts about the model, spaCy and this machine's arithmetic. The texts are such that each
of these facts shows: words whose lemma turns on `aux`, cuts that are no sentence ends, words named by patterns,
contractions, spans longer and shorter than the context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import spacy
from spacy.language import Language

from actors.errors import Code, DropforgeError

from .plain import plain_cell

TEXTS = (
    "The lamp employs prevent rust and stains. It employs copper wire! Cotton helps be washed by hand?",
    "The design features prevent rust and stains",
    "Key features: this multicoloured bag, 3 pockets, rs. 499 only\n\nTidy.",
    "The lamp no. helped be washed by hand",
    "Cotton needs wt. be washed by hand",
    "The lamp jk. keeps be washed by hand",
    "We're gonna love it. Y'all got ta see how it's made, ain't it lovely: brushed, polished and tested by dr. rao",
    "shirts",
)


ROUNDING = 1e-5
"""The most that a vector may differ from spaCy's. 2.4e-6 is usual, and `exact.GUARD` allows for this much."""

_REMEDY = "Install the pinned versions again: pip install --force-reinstall --require-hashes -r requirements.txt"


def check(clean: Callable[[Sequence[str]], list[str]], nlp: Language, rounding: float) -> None:
    """Raises `MODEL_ALTERED` where a cell is not the one that `nlp` gives by itself, or the arithmetic is too coarse.

    `rounding` is the largest difference between a fast vector and spaCy's.
    """
    using = f"with spaCy {spacy.__version__} and numpy {np.__version__}"
    if rounding > ROUNDING:
        raise DropforgeError(
            Code.MODEL_ALTERED,
            f"The cleaner's self-check failed: {using} on this machine, vectors differ from spaCy's by {rounding:.1e}, "
            f"more than {ROUNDING:.0e}. {_REMEDY}",
        )
    for text, ours in zip(TEXTS, clean(TEXTS), strict=True):
        plain = plain_cell(nlp, text)
        if ours != plain:
            raise DropforgeError(
                Code.MODEL_ALTERED,
                f"The cleaner's self-check failed: {using}, {text!r} gave {ours!r}, spaCy alone {plain!r}. {_REMEDY}",
            )
