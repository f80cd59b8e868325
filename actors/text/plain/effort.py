"""How long a description would take to be cut into words: strangers can make that hours.

spaCy's tokenizer takes punctuation off a piece of text between two blanks one character at a time, and looks at all
that is left of it each time. A piece of 4,000 brackets takes it seconds, one of a megabyte days.
"""

from __future__ import annotations

MOST_EFFORT = 2000**2
"""What 2,000 characters of punctuation in a row come to: about a second, and far above what people write."""

_LONG_PIECE = 200


def effort(text: str) -> int:
    """Characters times punctuation characters, summed over the pieces of more than `_LONG_PIECE` characters."""
    if len(text) ** 2 <= MOST_EFFORT:
        return 0
    if not _may_have_long_piece(text):
        return 0
    return sum(len(piece) * _others(piece) for piece in text.split() if len(piece) > _LONG_PIECE)


def _may_have_long_piece(text: str) -> bool:
    """Looks between the blanks around every so many characters, which takes a fraction of splitting the text."""
    end = 0
    for at in range(_LONG_PIECE, len(text), _LONG_PIECE):
        if at >= end:
            end = text.find(" ", at)
            if end < 0:
                end = len(text)
            if end - text.rfind(" ", 0, at) > _LONG_PIECE:
                return True
    return False


def _others(piece: str) -> int:
    return sum(not char.isalnum() for char in piece)
