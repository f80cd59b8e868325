"""Descriptions that are hard to analyse, made of pieces from fixed seeds."""

from __future__ import annotations

import random

from spacy.language import Language

from actors.text.plain.pipeline import plain_cell

# Their joints make the parser and the tagger decide anew: auxiliaries, false sentence ends, odd tokens.
PIECES = (
    "The lamp employs prevent rust and stains.",
    "It employs copper wire!",
    "rs. 499 only",
    "Cotton helps be washed by hand?",
    "Key features of the women's multicoloured kurta",
    "pack of 3, navy, red",
    "Gentle machine wash in lukewarm water",
    "wt. 2.5 kg",
    "We're gonna love it",
    "y'all got ta see what's made",
    "ain't it lovely...",
    "specifications of 100% cotton shorts general details",
    "designed and finished by hand",
    "helps to add a touch of class to your wear",
    "at flipkart.com. only genuine products. 30 day replacement guarantee. free shipping. cash on delivery!",
    "\n\t\t price: rs. 1,919 \n\n",
    "style code ALTHT_3P_21",
    "😀 👍🏽",
    "the design features prevent rust",
    "which has been polished, tested and packed",
    "it does not bleach",
    "Ünïcode naïve café İstanbul",
)


def descriptions(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choice(PIECES) for _ in range(chance.randint(1, 9))) for _ in range(count)]


def lowered(count: int, seed: int) -> list[str]:
    """The same as an engine takes them."""
    return [text.lower() for text in descriptions(count, seed)]


def plain_cells(nlp: Language, texts: list[str]) -> list[str]:
    return [plain_cell(nlp, text) for text in texts]
