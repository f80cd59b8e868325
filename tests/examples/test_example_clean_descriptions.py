"""What becomes of a description: the dictionary form of each word that says something, once, in the text's order."""

from __future__ import annotations

import pytest

from actors.text.cleaner import DescriptionCleaner


@pytest.fixture(scope="module")
def cleaner() -> DescriptionCleaner:
    """Loads the language model, which takes about a second: make one and use it for many descriptions."""
    return DescriptionCleaner()


def test_a_description_becomes_its_words(cleaner: DescriptionCleaner) -> None:
    cells = cleaner.clean(
        [
            "The children's toys ran on two batteries, which are included.",
            "She is wearing the blue shirts; wear a shirt, worn once.",
            "2016-03-25 / 499.00",
        ]
    )
    # Stop words, numbers and punctuation go; plurals and tenses become one form; a repeated word stays once.
    assert cells == ["child toy run battery include", "wear blue shirt", ""]


def test_a_description_alone_gives_the_same_cell(cleaner: DescriptionCleaner) -> None:
    texts = ["It looks good on every wall.", "Machine washable, in cold water."]
    assert cleaner.clean(texts) == [cleaner.clean([text])[0] for text in texts]
