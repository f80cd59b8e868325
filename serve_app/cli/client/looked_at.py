"""The start of a file that is to be looked at, on this machine or in a bucket."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, cast

from actors.profiling.head_text import HeadText, read_head_text
from serve_app.cli.screen.complaint import Complaint

if TYPE_CHECKING:
    from io import RawIOBase

_CHUNK_BYTES = 1 << 20


def head_of_file(path: Path) -> HeadText:
    """Raises `DropforgeError` where it is no CSV, and `Complaint` where it can't be read."""
    try:
        with path.open("rb") as content:
            return read_head_text(content, path.stat().st_size)
    except OSError as error:
        raise Complaint(
            f"Can't read {path}: {error.strerror or error}.", "check the file's name and its permissions"
        ) from error


def head_of_object(project: str, uri: str) -> HeadText:
    """As `head_of_file`, of an object at a `gs://` URI, of which only the start is read."""
    from serve_app.cli.screen.output import open_bytes  # the client of Cloud Storage takes long to import

    with open_bytes(project, uri) as (content, size):
        return read_head_text(BufferedReader(cast("RawIOBase", content), _CHUNK_BYTES), size)
