"""The rule of a cleaned description, by spaCy alone: the oracle of the fast path."""

from __future__ import annotations

from spacy.language import Language


def plain_cell(nlp: Language, text: str) -> str:
    """The unique lemmas of the lower-cased text, in order, joined by a blank.

    Stop words and tokens that are not alphabetic are left out. The rule is `prep_product_desc` of
    GoogleCloudPlatform/accelerated-platforms (commit 1e5775ea), which gives no value where spaCy raises: for
    a text over `nlp.max_length` characters or one that UTF-8 can't encode. Such a cell is empty here.
    """
    lowered = text.lower()
    if len(lowered) > nlp.max_length or not is_encodable(lowered):
        return ""
    doc = nlp(lowered)
    return " ".join(dict.fromkeys(token.lemma_ for token in doc if token.is_alpha and not token.is_stop))


def is_encodable(text: str) -> bool:
    """Whether the text has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
