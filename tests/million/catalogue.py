"""A catalogue of any size, written row by row and the same from the same seed, and what must come of it."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from tests.support.catalogue import source_rows
from tests.support.descriptions import PIECES

from .trouble import STORED, Trouble, trouble_of

MOST_IMAGES = 4
_FORBIDDEN = "http://127.0.0.1:22"
_HARD = 0.1
"""Share of the sentences that are hard to analyse."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run must count. `fetches` is how many images it must fetch, if each is fetched once."""

    rows: int = 0
    rows_out: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, int] = field(default_factory=dict)
    image_failures: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0

    @property
    def fetches(self) -> int:
        return self.images.get(STORED, 0)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))


class Catalogue:
    """Rows made of pieces of the sample's, each with an id and images of its own.

    Images are at `image_url`, an image host's address, as `/KIND/ROW-INDEX.jpg`.
    """

    def __init__(self, rows: int, *, seed: int, image_url: str) -> None:
        self._rows = rows
        self._seed = seed
        self._image_url = image_url
        header, self._source = source_rows(image_url)
        self._header = header
        self._at = {name: index for index, name in enumerate(header)}
        self._sentences = [row[self._at["description"]].split(". ") for row in self._source]

    def write(self, path: Path) -> Expected:
        """Writes the file, never more than a row of it in memory."""
        rejects, images, failures = Counter[str](), Counter[str](), Counter[str]()
        with path.open("wb") as file:
            file.write(_line(self._header))
            for row, line in enumerate(self.lines(), start=1):
                file.write(line)
                trouble = trouble_of(row)
                if trouble is not None and trouble.reject is not None:
                    rejects[str(trouble.reject)] += 1
                else:
                    images[trouble.image if trouble else STORED] += 1
                    failures.update(map(str, trouble.failures if trouble else ()))
            size = file.tell()
        return Expected(self._rows, images.total(), dict(rejects), dict(images), dict(failures), size)

    def lines(self) -> Iterator[bytes]:
        """The rows, without the header."""
        chance = random.Random(self._seed)
        for row in range(1, self._rows + 1):
            trouble = trouble_of(row)
            line = self._product(row, chance, trouble.images if trouble else ())
            yield self._troubled(line, trouble) if trouble else _line(line)

    def _product(self, row: int, chance: random.Random, images: tuple[str, ...]) -> list[str]:
        cells = list(chance.choice(self._source))
        cells[self._at["uniq_id"]] = f"{chance.getrandbits(128):032x}"
        pieces = [
            chance.choice(PIECES if chance.random() < _HARD else chance.choice(self._sentences))
            for _ in chance.choice(self._sentences)
        ]
        cells[self._at["description"]] = ". ".join(pieces)
        for name in ("product_specifications", "product_category_tree"):
            cells[self._at[name]] = chance.choice(self._source)[self._at[name]]
        kinds = images or ("ok",) * chance.randint(1, MOST_IMAGES)
        cells[self._at["image"]] = "[{}]".format(", ".join(f'"{self._url(row, *each)}"' for each in enumerate(kinds)))
        return cells

    def _url(self, row: int, index: int, kind: str) -> str:
        if kind == "forbidden":
            return f"{_FORBIDDEN}/{row}-{index}.jpg"
        return f"{self._image_url}/{kind}/{row}-{index}.jpg"

    def _troubled(self, cells: list[str], trouble: Trouble) -> bytes:
        match trouble.name:
            case "no description":
                cells[self._at["description"]] = ""
            case "too few fields":
                return _line(cells[: len(cells) // 2])
            case "an unquoted comma":
                return _line([*cells, "and one field too many"])
            case "not UTF-8":
                cells[self._at["brand"]] = "Caf?"
                return _line(cells).replace(b"Caf?", "Café".encode("latin-1"))
        return _line(cells)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
