"""A run's output as people look at it: how many rows, and the first ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from google.cloud import storage
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from actors.storage.bucket import connect

_WIDTHS = {"product_name": 24, "description": 30, "image_uri": 17, "attributes": 20, "c0_name": 16}


@dataclass(frozen=True, slots=True)
class Output:
    """`rows` counts all; `first` are the first ones, as column to cell."""

    rows: int
    first: list[dict[str, str]]


def read_output(project: str, uri: str, *, first: int) -> Output:
    """Reads the CSV at a `gs://` URI once, a block at a time. Raises what the Google client raises."""
    with open_text(project, uri) as text:
        rows = csv.DictReader(text)
        head = list(islice(rows, first))
        return Output(len(head) + sum(1 for _ in rows), head)


def open_text(project: str, uri: str) -> TextIO:
    """The UTF-8 text of the object at a `gs://` URI, read a block at a time."""
    return _blob(project, uri).open("rt", encoding="utf-8", newline="")


def save_object(project: str, uri: str, path: Path) -> None:
    """Writes the object at a `gs://` URI to a file, byte for byte."""
    _blob(project, uri).download_to_filename(str(path))


def _blob(project: str, uri: str) -> storage.Blob:
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return connect(project).bucket(bucket).blob(name)


def rows_table(rows: list[dict[str, str]]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in _WIDTHS.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=width)
    for row in rows:
        table.add_row(*(escape(_file_name(row[name]) if name == "image_uri" else row[name]) for name in _WIDTHS))
    return table


def _file_name(uri: str) -> str:
    """The last part of a URI, its middle left out where it is long."""
    name = uri.rpartition("/")[2]
    return name if len(name) <= 17 else f"{name[:8]}…{name[-8:]}"
