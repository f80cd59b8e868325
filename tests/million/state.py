"""What is kept of a million between starts: the order that it is for, and how far it is."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .catalogue import Catalogue, Expected
from .stack import image_url

UNDISTURBED, FAULTS = "undisturbed", "faults"
PASSES = (UNDISTURBED, FAULTS)


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. A state folder is for one order; `port` is the image host's, which the catalogue names."""

    rows: int
    seed: int
    shard_rows: int
    one_bucket: bool
    port: int

    @property
    def what(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "port"}


class State:
    """The folder. Raises `ValueError` where it is another order's."""

    def __init__(self, folder: Path, order: Order) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "order.json"
        if path.exists():
            kept = Order(**json.loads(path.read_text()))
            if kept.what != order.what:
                raise ValueError(f"{folder} holds {kept.what}, not {order.what}: name another STATE, or remove it.")
            order = kept
        path.write_text(json.dumps(asdict(order)))
        self.order = order

    @property
    def catalogue(self) -> Path:
        return self.folder / "catalogue.csv"

    def pass_folder(self, name: str) -> Path:
        return self.folder / name

    def generate(self) -> Expected:
        """The catalogue, written where it was not yet, and what must come of it."""
        expected = self.folder / "expected.json"
        if not expected.exists():
            order = self.order
            made = Catalogue(order.rows, seed=order.seed, image_url=image_url(order.port)).write(self.catalogue)
            made.save(expected)
        return Expected.load(expected)

    @property
    def generated(self) -> bool:
        return (self.folder / "expected.json").exists()

    def result(self, name: str) -> dict[str, Any] | None:
        """What a pass that has ended left."""
        path = self.pass_folder(name) / "result.json"
        found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
        return found

    def keep_result(self, name: str, result: dict[str, Any]) -> None:
        """Written as a whole or not at all: it says that the pass has ended."""
        path = self.pass_folder(name) / "result.json"
        path.with_suffix(".new").write_text(json.dumps(result, indent=1))
        path.with_suffix(".new").rename(path)

    def forget_cloud(self, name: str) -> None:
        """Removes a pass's buckets: its images alone are as many files as the catalogue has rows."""
        shutil.rmtree(self.pass_folder(name) / "cloud", ignore_errors=True)
