"""Processes one catalogue in a running system, shows the run and checks its counts: the main part of the demo."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console

from actors.model.part import Counts
from infra.local.sample import sample
from serve_app.cli.client.api import Api
from serve_app.cli.client.destination import object_name
from serve_app.cli.client.upload import upload
from serve_app.cli.client.watching import show
from serve_app.cli.screen.output import Output, read_output, rows_table
from serve_app.cli.screen.report import run_report
from serve_app.model.views import RunView

from .local_system import LocalSystem
from .verdict import faults

_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What to drop. `expected` holds the counts that the run must have, or None when they are not known."""

    content: BinaryIO
    size: int
    name: str
    expected: Counts | None


@dataclass(frozen=True, slots=True)
class Result:
    """How the trial went. `output` is None when the run wrote none; empty `faults` mean success."""

    view: RunView
    output: Output | None
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "faults": list(self.faults),
            "run": self.view.model_dump(mode="json"),
            "output": asdict(self.output) if self.output else None,
        }


@contextlib.contextmanager
def catalogue_of(file: Path | None, image_url: str) -> Iterator[Catalogue]:
    """The catalogue in `file`, or, without one, the sample whose images are at `image_url`."""
    if file is None:
        made = sample(image_url)
        yield Catalogue(io.BytesIO(made.content), len(made.content), "sample.csv", made.expected)
        return
    with file.open("rb") as content:
        yield Catalogue(
            content, file.stat().st_size, file.name if file.suffix.lower() == ".gz" else f"{file.stem}.csv", None
        )


def trial(system: LocalSystem, catalogue: Catalogue, screen: Console) -> Result:
    """Drops the catalogue, watches its run and checks the result."""
    name = object_name(system.settings, catalogue.name)
    drop = upload(system.settings, catalogue.content, name, size=catalogue.size)
    screen.print(f"\n[bold]Dropped[/bold] {drop.uri}, {catalogue.size:,} bytes. Dropforge does the rest.")
    view = show(Api(system.host.url), drop.run_id, screen)
    output = read_output(system.settings.project, view.output, first=_ROWS_SHOWN) if view.output else None
    if output is not None:
        screen.print(f"\n[bold]The first {len(output.first)} of {output.rows} rows of the output[/bold]")
        screen.print(rows_table(output.first))
    screen.print("\n[bold]The result[/bold]")
    screen.print(run_report(view))
    found = tuple(faults(view, output_rows=output.rows if output else None, expected=catalogue.expected))
    for fault in found:
        screen.print(f"[red]Unexpected result:[/red] {fault}")
    if not found:
        planned = "" if catalogue.expected is None else ", and each equals what the sample was made to give"
        screen.print(f"All counts add up{planned}.")
    return Result(view, output, found)
