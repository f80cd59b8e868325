"""Samples of a run for its page: the first products with their images, and some rejects of each code.

They are read in a few ranged requests of bounded size, however large the run is.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.run import Run
from actors.storage.bucket import Bucket

PRODUCTS = 24
REJECTS_PER_CODE = 3
PARTS = 6
"""At most this many finished shards of an unfinished run are read."""

_BYTES = 192 << 10
_TEXT = 240


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the output. `image` is the name of its image in the run's image folder, empty without an image."""

    id: str
    name: str
    category: str
    description: str
    image: str


@dataclass(frozen=True, slots=True)
class RejectSample:
    row: int
    detail: str


@dataclass(frozen=True, slots=True)
class Samples:
    """`rejects` are by code. `trouble` says what could not be read; empty when everything could."""

    products: tuple[Product, ...] = ()
    rejects: Mapping[str, tuple[RejectSample, ...]] | None = None
    trouble: str = ""

    def rejects_of(self, code: str) -> tuple[RejectSample, ...]:
        return (self.rejects or {}).get(code, ())


@dataclass(frozen=True, slots=True)
class _Piece:
    """An object whose beginning is read."""

    bucket: str
    name: str
    generation: int | None = None


def read_samples(client: storage.Client, run: Run, manifest: Manifest | None, parts: Sequence[PartRecord]) -> Samples:
    """Samples of a finished run's output, or, without a manifest, of the finished `parts`. Blocking.

    Does not raise `DropforgeError`: what could not be read is in `Samples.trouble`.
    """
    rows, reasons = _pieces(run, manifest, parts)
    products: list[Product] = []
    rejects: dict[str, list[RejectSample]] = defaultdict(list)
    trouble = ""
    try:
        for piece in rows:
            if len(products) < PRODUCTS:
                data, whole = _beginning(client, piece)
                found = products_of(data, run, whole=whole, header=manifest is not None)
                products += found[: PRODUCTS - len(products)]
        for piece in reasons:
            data, whole = _beginning(client, piece)
            for code, sample in rejects_of(data, whole=whole):
                if len(rejects[code]) < REJECTS_PER_CODE:
                    rejects[code].append(sample)
    except DropforgeError as error:
        trouble = error.message
        if error.code is Code.NOT_FOUND:
            trouble = "This run's output no longer exists: a newer drop of the same object replaced it."
    return Samples(tuple(products), {code: tuple(some) for code, some in rejects.items()}, trouble)


def products_of(data: bytes, run: Run, *, whole: bool, header: bool) -> list[Product]:
    """The products in the first bytes of an output or a part; `header` says that the first row is the header.

    Unless `data` is the `whole` object, the last row is omitted, since it may be cut off.
    """
    lines = io.StringIO(data.decode("utf-8", "replace"), newline="")
    records = list(csv.reader(lines))
    if not whole and records:
        records.pop()
    columns = run.catalogue.output_columns
    folder = f"gs://{run.image_bucket}/{run.image_folder}/"
    products = []
    for record in records[1 if header else 0 :]:
        if len(record) != len(columns):
            continue
        cell = dict(zip(columns, record, strict=True))
        uri = cell["image_uri"]
        products.append(
            Product(
                id=cell["uniq_id"],
                name=cell["product_name"],
                category=cell.get("c0_name", ""),
                description=_short(cell["description"]),
                image=uri.removeprefix(folder) if uri.startswith(folder) else "",
            )
        )
    return products


def rejects_of(data: bytes, *, whole: bool) -> Iterator[tuple[str, RejectSample]]:
    """Code and sample of each line of a reasons file. Unless `data` is the `whole` file, omits the last line."""
    lines = data.splitlines()
    for line in lines if whole else lines[:-1]:
        reject = json.loads(line)
        yield reject["code"], RejectSample(reject["row"], _short(reject["detail"]))


def _pieces(run: Run, manifest: Manifest | None, parts: Sequence[PartRecord]) -> tuple[list[_Piece], list[_Piece]]:
    if manifest is not None:
        output, reasons = manifest.output, manifest.reasons
        return (
            [_Piece(output.bucket, output.name, manifest.output_generation)] if output else [],
            [_Piece(reasons.bucket, reasons.name)] if reasons else [],
        )
    return (
        [_Piece(run.work_bucket, part.rows_object) for part in parts if part.rows_object],
        [_Piece(run.work_bucket, part.reasons_object) for part in parts if part.reasons_object],
    )


def _beginning(client: storage.Client, piece: _Piece) -> tuple[bytes, bool]:
    """An object's first bytes, and whether they are the whole object."""
    bucket = Bucket(client, piece.bucket, retry_s=3.0, timeout_s=5.0)
    data = bucket.read(piece.name, generation=piece.generation, end=_BYTES)
    return data, len(data) < _BYTES


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
