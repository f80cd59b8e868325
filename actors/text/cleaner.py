"""Descriptions to unique lemmas."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language

from . import model
from .settings import TextSettings

_DEFAULTS = TextSettings()


def plain_cell(nlp: Language, text: str) -> str:
    """The cell by spaCy alone: the unique lemmas of the lower-cased text, in order, joined by a blank.

    Stop words and tokens that are not alphabetic are left out. The rule is `prep_product_desc` of
    GoogleCloudPlatform/accelerated-platforms (commit 1e5775ea), which gives no value where spaCy raises: for
    a text over `nlp.max_length` characters or one that UTF-8 can't encode. Such a cell is empty here.
    """
    lowered = text.lower()
    if len(lowered) > nlp.max_length:
        return ""
    try:
        doc = nlp(lowered)
    except UnicodeEncodeError:
        return ""
    return " ".join(dict.fromkeys(token.lemma_ for token in doc if token.is_alpha and not token.is_stop))


class DescriptionCleaner:
    """Cleans descriptions. Holds the language model; one per process, used by one thread at a time."""

    def __init__(self, settings: TextSettings = _DEFAULTS) -> None:
        self._settings = settings
        self._nlp = model.load()

    @property
    def versions(self) -> dict[str, str]:
        return model.versions()

    def clean(self, texts: Sequence[str]) -> list[str]:
        """One cell per text. A cell depends on its text alone, never on the others or on their order."""
        return [plain_cell(self._nlp, text) for text in texts]
