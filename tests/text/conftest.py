from __future__ import annotations

import pytest
from spacy.language import Language

from actors.text.plain import model


@pytest.fixture(scope="session")
def nlp() -> Language:
    return model.load()
