"""Names of stored images.

A row's id comes from a stranger, and becomes part of an object name. Ids of unreserved URL characters (RFC 3986,
section 2.3) stay as they are; the rest is encoded so that two different ids never share a name and none can leave
the run's folder or be misread by a tool, a log or a terminal. Of rows with one id, the first in the file has the plain
name (see `csv.ids`); the others have their numbers in theirs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

MAX_ID_BYTES = 128
"""Longer encoded ids are cut: a name must fit a file name of 255 bytes even where `%` is escaped once more."""

_KEPT_OF_LONG_ID = 32
# Never parts of a percent-encoding, where two hex digits follow `%`.
_DIGEST_MARK = "%~"
_ROW_MARK = "%row"


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """Where a run's images go: objects `{folder}/{name}` of a bucket."""

    bucket: str
    folder: str

    def object(self, name: str) -> str:
        return f"{self.folder.strip('/')}/{name}"

    def uri(self, name: str) -> str:
        return f"gs://{self.bucket}/{self.object(name)}"


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a row's image is named by: its id, and its number where the id is no name for it alone."""

    id: str
    row: int | None = None

    @property
    def encoded(self) -> str:
        """The key as part of an object name, another one for every key."""
        return encode_id(self.id) if self.row is None else f"{encode_id(self.id)}{_ROW_MARK}{self.row}"


def image_name(key: RowKey, index: int, extension: str) -> str:
    """`{encoded key}_{index}.{extension}`. Different (key, index) pairs never share a name."""
    return f"{key.encoded}_{index}.{extension}"


def index_of(name: str, key: RowKey) -> int | None:
    """The index in a name made by `image_name` for this key; None where the name is another's."""
    encoded, _, index = name.rpartition(".")[0].rpartition("_")
    return int(index) if encoded == key.encoded and index.isdecimal() else None


def encode_id(row_id: str) -> str:
    """An id as part of an object name: at most `MAX_ID_BYTES` ASCII characters, another one for every id.

    Percent-encoded UTF-8, a leading dot included. The empty id and ones too long are told by their SHA-256 behind
    a mark that percent-encoding can't produce.
    """
    encoded = quote(row_id, safe="", errors="surrogatepass")
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if encoded and len(encoded) <= MAX_ID_BYTES:
        return encoded
    digest = hashlib.sha256(row_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{encoded[:_KEPT_OF_LONG_ID]}{_DIGEST_MARK}{digest}"
