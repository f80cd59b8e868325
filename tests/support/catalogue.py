"""Catalogues of any number of rows, the same from the same seed.

The rows are recombined from the shared sample's real ones where it is present, else from the made-up sample's.
"""

from __future__ import annotations

import csv
import io
import random

from infra.local.sample import sample

from .shared_data import SAMPLE

_IMAGES = 4


def catalogue(rows: int, *, seed: int, image_url: str) -> bytes:
    """`rows` rows with their own ids and images, and text of pieces of the source's."""
    header, source = source_rows(image_url)
    chance = random.Random(seed)
    at = {name: index for index, name in enumerate(header)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    sentences = [row[at["description"]].split(". ") for row in source]
    for number in range(rows):
        row = list(chance.choice(source))
        identity = f"{seed:04x}{number:08x}{chance.getrandbits(64):016x}"
        row[at["uniq_id"]] = identity
        pieces = len(chance.choice(sentences))
        row[at["description"]] = ". ".join(chance.choice(chance.choice(sentences)) for _ in range(pieces))
        images = ", ".join(f'"{image_url}/ok/{identity}-{image}.jpg"' for image in range(_IMAGES))
        row[at["image"]] = f"[{images}]"
        writer.writerow(row)
    return text.getvalue().encode()


def source_rows(image_url: str) -> tuple[list[str], list[list[str]]]:
    """The header, and the rows that others are made of: none of them would be rejected."""
    content = SAMPLE.read_bytes() if SAMPLE.exists() else sample(image_url).content
    header, *records = csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    required = [header.index(name) for name in ("description", "product_specifications", "product_category_tree")]
    return header, [row for row in records if len(row) == len(header) and all(row[index] for index in required)]
