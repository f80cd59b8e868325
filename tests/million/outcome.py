"""What came of a run, as files, in a form in which two runs of the same content are equal byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Self

from actors.model.manifest import Manifest

CONTENTS = ("output", "rejects", "reasons", "failed_urls")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Files of `folder`, named as `CONTENTS`. `images` is the folder of the run's images, as its output has it."""

    folder: Path
    images: str

    @classmethod
    def keep(cls, manifest: Manifest, store: Path, folder: Path) -> Self:
        """Links the files of the local store into `folder`, where they stay when the store is removed."""
        folder.mkdir(parents=True, exist_ok=True)
        for content in CONTENTS:
            kept = folder / content
            kept.unlink(missing_ok=True)
            if target := getattr(manifest, content):
                os.link(store / target.bucket / target.name, kept)
        assert manifest.output is not None
        stem = manifest.drop.object.rpartition("/")[2].removesuffix(".csv")
        return cls(folder, f"gs://{manifest.output.bucket}/images/{stem}/{manifest.drop.generation}/")

    def difference(self, content: str, other: Outcome) -> str:
        """Where two contents first differ, in words; empty where they are equal."""
        for number, (mine, theirs) in enumerate(zip_longest(self._lines(content), other._lines(content)), start=1):
            if mine != theirs:
                return f"{content} differs from line {number} on: {_shown(mine)} for {_shown(theirs)}"
        return ""

    def _lines(self, content: str) -> Iterator[bytes]:
        path = self.folder / content
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield line.replace(self.images.encode(), b"IMAGES/")


def _shown(line: bytes | None) -> str:
    return "nothing" if line is None else repr(line[:200])
