"""Many texts cut into as many as are best worked on at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def pages(texts: Sequence[str], chars: int) -> Iterator[list[str]]:
    """Consecutive runs of the texts, each the shortest that has `chars` characters or more; the last has the rest."""
    page: list[str] = []
    held = 0
    for text in texts:
        page.append(text)
        held += len(text)
        if held >= chars:
            yield page
            page, held = [], 0
    if page:
        yield page
