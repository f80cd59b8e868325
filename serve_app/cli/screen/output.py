"""A run's output as a person looks at it: the first rows, and how many there are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from actors.storage.bucket import connect

from .complaint import Complaint

if TYPE_CHECKING:
    from pandas.io.parsers import TextFileReader

_BLOCK_ROWS = 5_000
_READ_BYTES = 4 << 20
_WIDTHS = {"product_name": 24, "description": 30, "image_uri": 17, "attributes": 20, "c0_name": 16}


@dataclass(frozen=True, slots=True)
class Output:
    """`rows` is the number of all rows; `first` holds the first ones, each as column name to cell."""

    rows: int
    first: list[dict[str, str]]


def read_output(project: str, uri: str, *, first: int) -> Output:
    """The first rows of the CSV at a `gs://` URI and the number of all; holds `_BLOCK_ROWS` rows at a time.

    Raises `Complaint` when the object can't be read.
    """
    with open_text(project, uri) as text, _blocks(text, _BLOCK_ROWS) as blocks:
        block = next(blocks)
        return Output(len(block) + sum(map(len, blocks)), block.head(first).to_dict("records"))


def first_rows(project: str, uri: str, number: int, *, generation: int | None = None) -> list[dict[str, str]]:
    """The first `number` rows of the CSV at a `gs://` URI, each as column name to cell; reads no further than these.

    Raises `Complaint` when the object can't be read, or no longer has that generation.
    """
    with open_text(project, uri, generation=generation) as text, _blocks(text, number) as blocks:
        rows: list[dict[str, str]] = next(blocks).to_dict("records")
        return rows


@contextlib.contextmanager
def open_text(project: str, uri: str, *, generation: int | None = None) -> Iterator[TextIO]:
    """The UTF-8 text of the object at a `gs://` URI, read a block at a time.

    Raises `Complaint` when the object can't be read, or no longer has that generation.
    """
    with (
        _readable(uri),
        _blob(project, uri, generation).open("rt", encoding="utf-8", newline="", chunk_size=_READ_BYTES) as text,
    ):
        yield text


@contextlib.contextmanager
def open_bytes(project: str, uri: str) -> Iterator[tuple[BinaryIO, int]]:
    """The bytes of the object at a `gs://` URI, read a block at a time, and their number.

    Raises `Complaint` when the object can't be read.
    """
    with _readable(uri):
        blob = _blob(project, uri)
        blob.reload()
        with blob.open("rb", chunk_size=_READ_BYTES) as content:
            yield content, blob.size


def save_object(project: str, uri: str, path: Path) -> None:
    """Writes the object at a `gs://` URI to a file, byte for byte. Raises `Complaint` when it can't be read."""
    with _readable(uri):
        _blob(project, uri).download_to_filename(str(path))


def rows_table(rows: list[dict[str, str]]) -> RenderableType:
    """Rows of an output as a table of the columns that differ most, long cells cut off."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in _WIDTHS.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=width)
    for row in rows:
        table.add_row(*(escape(_file_name(row[name]) if name == "image_uri" else row[name]) for name in _WIDTHS))
    return table


def _blocks(text: TextIO, rows: int) -> TextFileReader:
    """The CSV as data frames of at most `rows` rows of text cells: "NA", "007" and empty cells stay what they are."""
    import pandas as pd  # takes half a second to import

    return pd.read_csv(text, dtype=str, keep_default_na=False, chunksize=rows)


@contextlib.contextmanager
def _readable(uri: str) -> Iterator[None]:
    """Turns an error of Google's client into a `Complaint` about the object."""
    try:
        yield
    except auth.DefaultCredentialsError as error:
        raise Complaint(
            f"Can't read {uri}: found no Google credentials.",
            "log in with `gcloud auth application-default login`",
        ) from error
    except api.NotFound as error:
        raise Complaint(
            f"{uri} no longer exists: it was deleted, or a newer drop of the same name replaced it.",
            "list the runs with `dropforge runs`, and read the newest one of this object",
        ) from error
    except (api.Unauthorized, api.Forbidden) as error:
        raise Complaint(
            f"Cloud Storage refused to read {uri}: your account has no permission.",
            "ask for the role roles/storage.objectViewer on the bucket, or log in with another account",
        ) from error
    except (api.GoogleAPICallError, api.RetryError, auth.GoogleAuthError, requests.RequestException) as error:
        raise Complaint(
            f"Could not read {uri}: {error}",
            "check the network and STORAGE_EMULATOR_HOST, if it is set; then try again",
        ) from error


def _blob(project: str, uri: str, generation: int | None = None) -> storage.Blob:
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return connect(project).bucket(bucket).blob(name, generation=generation)


def _file_name(uri: str) -> str:
    """The last part of a URI, its middle left out where it is long."""
    name = uri.rpartition("/")[2]
    return name if len(name) <= 17 else f"{name[:8]}…{name[-8:]}"
