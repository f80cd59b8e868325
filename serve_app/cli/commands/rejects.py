"""`dropforge rejects`: shows the rows of a drop that are not in its output, or the image URLs that failed, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from serve_app.model.views import RunView


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is listed: its name, how many there are, the JSON lines, the object that is saved, and the columns."""

    name: str
    total: int
    lines: str | None
    saved: str | None
    columns: Sequence[str]


@click.command()
@click.argument("run")
@click.option("--images", is_flag=True, help="Show the image URLs that failed instead.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rejected rows to this file, under the drop's header. Correct them there and drop the file. With "
    "--images: the failed URLs as JSON lines.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most this many.")
@options.url
@options.as_json
def rejects(run: str, images: bool, save: Path | None, limit: int, url: str | None, as_json: bool) -> None:
    """Show the rows of a run that were rejected, or the image URLs that failed, and why.

    RUN is a run's id, its first digits, or an object's name.

    \b
    Examples:
      dropforge rejects catalogue.csv
      dropforge rejects 3f9c --save to-correct.csv
      dropforge rejects 3f9c --json | jq -r .code | sort | uniq -c
      dropforge rejects 3f9c --images --json | jq -r .url
    """
    from serve_app.cli.client.target import target

    there = target(url)
    view = there.api().find(run)
    listing = _failed_urls(view) if images else _rejected_rows(view)
    if listing.lines is None or listing.saved is None:
        if not view.state.final:
            raise Complaint(
                f"Run {view.run_id} is {view.state}; its {listing.name} are written when it is done.",
                f"wait for it with `dropforge watch {view.run_id}`",
            )
        click.echo(f"Run {view.run_id} has no {listing.name}.", err=as_json)
        return
    from serve_app.cli.screen.output import (  # the client of Cloud Storage takes as long to import as all the rest
        open_text,
        save_object,
    )

    project = there.settings.project
    if save is not None:
        save_object(project, listing.saved, save)
        click.echo(f"Wrote {listing.total} {listing.name} to {save}.", err=as_json)
    with open_text(project, listing.lines) as text:
        if as_json:
            for line in text:
                print_json(json.loads(line), line=True)
            return
        found = [json.loads(line) for line in islice(text, limit)]
    console().print(_table(found, listing.columns))
    if listing.total > len(found):
        click.echo(f"… and {listing.total - len(found)} more. Show more with --limit N, or all with --json.")


def _rejected_rows(view: RunView) -> _Listing:
    return _Listing("rejects", view.counts.rejected, view.reasons, view.rejects, ("row", "offset", "code", "detail"))


def _failed_urls(view: RunView) -> _Listing:
    total = sum(view.counts.image_failures.values())
    return _Listing("failed URLs", total, view.failed_urls, view.failed_urls, ("row", "id", "url", "code", "detail"))


def _table(found: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> RenderableType:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        match name:
            case "row" | "offset":
                table.add_column(name, justify="right", no_wrap=True)
            case "code":
                table.add_column(name, no_wrap=True)
            case _:
                table.add_column("why" if name == "detail" else name, overflow="fold")
    for each in found:
        table.add_row(*(escape(str(each[name])) for name in columns))
    return table
