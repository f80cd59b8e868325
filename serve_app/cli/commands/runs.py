"""`dropforge runs`: lists runs, and shows one run or the first rows of its output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.terminal import console, print_json, printable
from serve_app.model.run_state import RunState

from . import options

if TYPE_CHECKING:
    from serve_app.cli.client.target import Target
    from serve_app.model.views import RunView

_HEAD_ROWS = 5


@click.command()
@click.argument("run", required=False)
@options.url
@click.option(
    "--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="List at most this many runs."
)
@click.option(
    "--head",
    type=click.IntRange(1, 1000),
    is_flag=False,
    flag_value=_HEAD_ROWS,
    metavar="[N]",
    help=f"Show the first N rows of RUN's output instead ({_HEAD_ROWS} without N).",
)
@options.as_json
def runs(run: str | None, url: str | None, limit: int, head: int | None, as_json: bool) -> None:
    """List runs, or show RUN with all its counts, or the first rows of its output.

    RUN is a run's id, its first digits, or an object's name (its newest run). Open and incomplete runs are listed
    first, then the newest.

    \b
    Examples:
      dropforge runs
      dropforge runs 3f9c
      dropforge runs catalogue.csv --json | jq .counts
      dropforge runs catalogue.csv --head
      dropforge runs 3f9c --head 20 --json | jq -r '.[].description'
    """
    from serve_app.cli.client.target import target

    if head is not None and run is None:
        raise click.UsageError("--head needs a RUN: `dropforge runs RUN --head`, or `--head N` for N rows.")
    found = target(url)
    if run is None:
        _list(found, limit, as_json)
    elif head is not None:
        _show_head(found, found.api().find(run), head, as_json)
    else:
        _show(found.api().find(run), as_json)


def _list(found: Target, limit: int, as_json: bool) -> None:
    from serve_app.cli.screen.report import runs_table

    views = found.api().runs(limit)
    if as_json:
        print_json({"runs": [view.model_dump(mode="json") for view in views]})
    elif views:
        console().print(runs_table(views))
    else:
        click.echo("No runs yet. Start one with `dropforge drop FILE`.")


def _show(view: RunView, as_json: bool) -> None:
    from serve_app.cli.screen.report import run_report

    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        console().print(run_report(view))


def _show_head(found: Target, view: RunView, number: int, as_json: bool) -> None:
    if view.output is None:
        raise _no_output(view)
    from serve_app.cli.screen.output import first_rows, rows_table

    rows = first_rows(found.settings.project, view.output, number, generation=view.output_generation)
    if as_json:
        print_json(rows)
        return
    if rows:
        console().print(rows_table(rows))
    click.echo(f"{len(rows)} of {view.counts.rows_out} rows of {printable(view.output)}; --json shows all columns.")


def _no_output(view: RunView) -> Complaint:
    what = f"Run {view.run_id} is {view.state}, so it has no output"
    match view.state:
        case RunState.REFUSED:
            return Complaint(f"{what}.", f"see why it was refused with `dropforge runs {view.run_id}`")
        case RunState.INCOMPLETE:
            return Complaint(
                f"{what} until its failed shards succeed.",
                f"retry them with `dropforge replay --run {view.run_id} --yes`",
            )
    return Complaint(f"{what} yet.", f"wait until it is done with `dropforge watch {view.run_id}`")
