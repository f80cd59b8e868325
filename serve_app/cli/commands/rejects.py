"""`dropforge rejects`: shows the rows of a drop that are not in its output, and why."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("run")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rejected rows to this file, under the drop's header. Correct them there and drop the file.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most this many rows.")
@options.url
@options.as_json
def rejects(run: str, save: Path | None, limit: int, url: str | None, as_json: bool) -> None:
    """Show the rows of a run that were rejected, and why.

    RUN is a run's id, its first digits, or an object's name.

    \b
    Examples:
      dropforge rejects catalogue.csv
      dropforge rejects 3f9c --save to-correct.csv
      dropforge rejects 3f9c --json | jq -r .code | sort | uniq -c
    """
    from serve_app.cli.client.target import target

    there = target(url)
    view = there.api().find(run)
    if view.rejects is None or view.reasons is None:
        if not view.state.final:
            raise Complaint(
                f"Run {view.run_id} is {view.state}; its rejects are written when it is done.",
                f"wait for it with `dropforge watch {view.run_id}`",
            )
        click.echo(f"Run {view.run_id} has no rejects.", err=as_json)
        return
    from serve_app.cli.screen.output import (  # the client of Cloud Storage takes as long to import as all the rest
        open_text,
        save_object,
    )

    project = there.settings.project
    if save is not None:
        save_object(project, view.rejects, save)
        click.echo(f"Wrote {sum(view.counts.rejects.values())} rejected rows to {save}.", err=as_json)
    with open_text(project, view.reasons) as text:
        if as_json:
            for line in text:
                print_json(json.loads(line), line=True)
            return
        found = [json.loads(line) for line in islice(text, limit)]
    console().print(_table(found))
    total = view.counts.rejected
    if total > len(found):
        click.echo(f"… and {total - len(found)} more. Show more with --limit N, or all with --json.")


def _table(found: list[dict[str, Any]]) -> RenderableType:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("row", "offset"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("why", overflow="fold")
    for reject in found:
        table.add_row(str(reject["row"]), str(reject["offset"]), reject["code"], escape(reject["detail"]))
    return table
