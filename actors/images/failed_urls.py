"""The failed URLs of a row: what is said of each, and what the row's stored image keeps of them.

A row's image may be that of its second URL. The object then carries why the first has none, so that an attempt that
finds the image says the same as the attempt that stored it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from actors.errors import Code, DropforgeError
from actors.model.frame import ImageFailure

from .urls import shown, without_credentials

NOTE_BYTES = 3000
"""An object may have 8 KiB of custom metadata ("Quotas and limits", Cloud Storage). fake-gcs-server keeps all of an
object's metadata as JSON in a file attribute, which ext4 limits to a block of 4 KiB."""

_URL_CHARACTERS = 2048
_ID_CHARACTERS = 512
_DETAIL_CHARACTERS = 200
_CODES = {code.value: code for code in Code}


def image_failure(row: int, row_id: str, url: str, error: DropforgeError) -> ImageFailure:
    """The failure of one URL of a row. `url` is the text of the row's cell, and may be anything."""
    message = error.message
    for start in (shown(url), url):
        if message.startswith(start):
            message = f"The URL{message[len(start) :]}"
            break
    return ImageFailure(
        row,
        row_id[:_ID_CHARACTERS],
        printable(url),
        error.code,
        _cut(_escaped(without_credentials(message)), _DETAIL_CHARACTERS),
        error.retry_after_s,
    )


def printable(url: str) -> str:
    """The text of a URL without credentials, cut off, and with escapes for what would change a terminal or a log."""
    return _escaped(without_credentials(url, most=2 * _URL_CHARACTERS))[:_URL_CHARACTERS]


def notable(failures: Sequence[ImageFailure]) -> Sequence[ImageFailure]:
    """The first of a row's failures, as many as `note_of` can keep."""
    total = 0
    for index, failure in enumerate(failures):
        total += len(json.dumps(_entry(failure)))
        if total > NOTE_BYTES:
            return failures[:index]
    return failures


def note_of(failures: Sequence[ImageFailure]) -> str:
    """Code and detail of the first failures, as JSON in ASCII.

    The note, encoded once more as JSON, has at most `NOTE_BYTES` bytes; without failures it is empty.
    """
    entries = [_entry(failure) for failure in notable(failures)]
    return f"[{','.join(entries)}]" if entries else ""


def noted(note: str, row: int, row_id: str, urls: Iterable[str]) -> list[ImageFailure]:
    """The failures that a `note` keeps for the first of a row's URLs. A note of another program holds none."""
    try:
        entries = [(_CODES[code], str(detail)) for code, detail in json.loads(note or "[]")]
    except (ValueError, TypeError, LookupError, RecursionError):
        return []
    return [
        ImageFailure(row, row_id[:_ID_CHARACTERS], printable(url), code, detail)
        for url, (code, detail) in zip(urls, entries, strict=False)
    ]


def _entry(failure: ImageFailure) -> str:
    return json.dumps([failure.code, failure.detail])


def _escaped(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _cut(text: str, most: int) -> str:
    """At most this many characters; what is left out is in the middle, since the end often says what happened."""
    return text if len(text) <= most else f"{text[: most - 81]}…{text[-80:]}"
