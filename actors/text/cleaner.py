"""The way in: descriptions as they came to cells, by the engine that the settings choose."""

from __future__ import annotations

from collections.abc import Sequence

import spacy
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text.plain import model
from actors.text.plain.engine import Engine
from actors.text.plain.pipeline import PlainEngine, is_encodable
from actors.text.plain.settings import TextSettings

_DEFAULTS = TextSettings()


class DescriptionCleaner:
    """Cleans descriptions. Holds an engine; for one thread at a time.

    Raises `MODEL_ALTERED` where the model is absent or altered, or the fast engine does not fit it.
    """

    def __init__(self, settings: TextSettings = _DEFAULTS) -> None:
        self._engine = _engine(model.load(), settings)

    @property
    def call_chars(self) -> int:
        """See `Engine.call_chars`."""
        return self._engine.call_chars

    @property
    def versions(self) -> dict[str, str]:
        """What the cells were made by, for the manifest."""
        return {**model.versions(), "text_engine": self._engine.name}

    def clean(self, texts: Sequence[str]) -> list[str]:
        """One cell per text, equal to `plain_cell`'s. A cell never depends on the other texts or on their order."""
        cells = [""] * len(texts)
        lowered = [text.lower() for text in texts]
        longest = self._engine.longest
        readable = [at for at, text in enumerate(lowered) if len(text) <= longest and is_encodable(text)]
        for at, cell in zip(readable, self._engine.clean([lowered[at] for at in readable]), strict=True):
            cells[at] = cell
        return cells


def _engine(nlp: Language, settings: TextSettings) -> Engine:
    if settings.engine == "spacy":
        return PlainEngine(nlp, settings)
    try:
        # Only where it is wanted: it knows spaCy and thinc from the inside, and may not even import with others.
        from actors.text.fast.engine import FastEngine

        return FastEngine(nlp, settings)
    except (DropforgeError, MemoryError):
        raise
    except Exception as error:
        raise DropforgeError(
            Code.MODEL_ALTERED,
            f"The fast text engine does not fit {model.NAME} {model.VERSION} as spaCy {spacy.__version__} loads it "
            f"({type(error).__name__}: {error}). {model.WITHOUT_FAST}",
        ) from error
