"""What an engine is: something that makes cells of descriptions by the language model.

There are two, `fast.engine.FastEngine` and `plain.PlainEngine`. Another one is a class with these members, a name in
`settings.EngineName` and a line in `cleaner`; `tests/text/test_cells.py` then holds it to the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .settings import EngineName


class Engine(Protocol):
    """Holds the model and what it learned from earlier texts, of bounded size. For one thread at a time."""

    @property
    def name(self) -> EngineName:
        """As the setting `text.engine` and a manifest's versions have it."""

    @property
    def call_chars(self) -> int:
        """Characters that are best cleaned in one call: no more than a few seconds' worth."""

    @property
    def longest(self) -> int:
        """Characters of the longest text that the model reads."""

    def clean(self, texts: Sequence[str]) -> list[str]:
        """One cell per text, equal to `plain.plain_cell`'s, whatever the other texts are and their order.

        The texts are lower-cased, no longer than `longest` and can be encoded as UTF-8. Raises `MODEL_ALTERED` where
        the model has to be read again and is not the one that was checked before.
        """
