"""Names of stored images.

A row's id is untrusted and becomes part of an object name. Ids of unreserved URL characters (RFC 3986, section 2.3) are
kept. All others are encoded, so that different ids never share a name, and no name can leave the run's folder or be
misread by a tool, a log or a terminal. Of several rows with the same id, the first in the file has the plain name (see
`actors.csv.ids`); the names of the others contain their row numbers.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

MAX_ID_BYTES = 128
"""Longer encoded ids are cut: a name must fit into a file name of 255 bytes even if each `%` is escaped again."""

_KEPT_OF_LONG_ID = 32
# Neither can occur in percent-encoded text, where two hex digits follow `%`.
_DIGEST_MARK = "%~"
_ROW_MARK = "%row"
_LIKELIEST = "jpg"
_EXTENSIONS = {name: name for name in ("png", "webp", "gif", "bmp", "tiff", "avif")} | {"tif": "tiff"}


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """The bucket and folder of a run's images: objects are named `{folder}/{name}`."""

    bucket: str
    folder: str

    def object(self, name: str) -> str:
        return f"{self.folder.strip('/')}/{name}"

    def uri(self, name: str) -> str:
        return f"gs://{self.bucket}/{self.object(name)}"


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a row's image is named after: its id, and its row number if the id alone is not unique."""

    id: str
    row: int | None = None

    @property
    def encoded(self) -> str:
        """The key as part of an object name; different for different keys."""
        return encode_id(self.id) if self.row is None else f"{encode_id(self.id)}{_ROW_MARK}{self.row}"


def image_name(key: RowKey, index: int, extension: str) -> str:
    """`{encoded key}_{index}.{extension}`. Different (key, index) pairs never share a name."""
    return f"{key.encoded}_{index}.{extension}"


def likely_name(key: RowKey, index: int, url: str) -> str:
    """What the image of a row's URL is called most likely: in the format that the URL's path says."""
    return image_name(key, index, _extension(url))


def index_of(name: str, key: RowKey) -> int | None:
    """The index in a name that `image_name` made for this key; None for any other name."""
    encoded, _, index = name.rpartition(".")[0].rpartition("_")
    return int(index) if encoded == key.encoded and index.isdecimal() else None


def encode_id(row_id: str) -> str:
    """An id as part of an object name: at most `MAX_ID_BYTES` ASCII characters, different for different ids.

    It is percent-encoded UTF-8; a leading dot is encoded too. An empty or too long id gets its SHA-256 appended, after
    a mark that cannot occur in percent-encoded text.
    """
    encoded = quote(row_id, safe="", errors="surrogatepass")
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if encoded and len(encoded) <= MAX_ID_BYTES:
        return encoded
    digest = hashlib.sha256(row_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{encoded[:_KEPT_OF_LONG_ID]}{_DIGEST_MARK}{digest}"


def _extension(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return _LIKELIEST
    return _EXTENSIONS.get(posixpath.splitext(path)[1].removeprefix(".").lower(), _LIKELIEST)
