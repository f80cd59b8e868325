"""`dropforge reconcile`: finds uploads whose notification never came, and accepts them."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options
from .dead_letters import Age

if TYPE_CHECKING:
    from serve_app.cli.client.api import Api
    from serve_app.model.reconciliation import ReconciliationView

FAILED = 1
INTERRUPTED = 130
_EVERY_S = 0.5


@click.command()
@click.option("--since", type=Age(), metavar="AGE", help="Only objects uploaded within this time, such as 2d.")
@click.option("--prefix", default="", help="Only objects whose names start so; it begins with the watched prefix.")
@click.option("--limit", type=click.IntRange(1), help="At most this many uploads, in the order of their names.")
@click.option("--yes", is_flag=True, help="Accept them; without it, only show them.")
@options.url
@options.as_json
def reconcile(since: float | None, prefix: str, limit: int | None, yes: bool, url: str | None, as_json: bool) -> None:
    """Find uploads that have no run, because their notification never came. Without --yes, only show them.

    The application lists the watched prefix, the newest version of each object. With --yes, it accepts those without
    a run as if they had just been announced. Ctrl-C stops watching; the application goes on. Exit code 1 if the
    listing or an upload fails.

    \b
    Examples:
      dropforge reconcile
      dropforge reconcile --since 2d --yes
      dropforge reconcile --prefix in/2026-05/ --json | jq '.sample[].drop.object'
    """
    from serve_app.cli.client.target import target

    api = target(url).api()
    request = {"prefix": prefix, "since_s": since, "limit": limit, "dry_run": not yes}
    view = _watched(api, api.reconcile(request), quiet=as_json)
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        _print(view)
    sys.exit(FAILED if view.state != "done" or view.failed else 0)


def _watched(api: Api, view: ReconciliationView, *, quiet: bool) -> ReconciliationView:
    """Waits for the end. Ctrl-C ends the command with exit code 130, not the reconciliation."""
    shown = ""
    try:
        while view.state == "running":
            line = f"{view.listed:,} objects listed, {view.missed:,} without a run"
            if view.listed and line != shown and not quiet:
                click.echo(line, err=True)
                shown = line
            time.sleep(_EVERY_S)
            view = api.reconciliation(view.reconciliation)
    except KeyboardInterrupt:
        click.echo("\nStopped watching; the reconciliation continues in the application.", err=True)
        sys.exit(INTERRUPTED)
    return view


def _print(view: ReconciliationView) -> None:
    screen = console()
    if view.sample:
        screen.print(_table(view))
        if view.missed > len(view.sample):
            screen.print(f"… and {view.missed - len(view.sample):,} more")
        screen.print()
    screen.print(
        f"{view.listed:,} objects below {view.prefix or 'the bucket'}, {view.matching:,} of them drops"
        f"{' of this time' if view.since_s else ''}, {view.missed:,} without a run.",
        highlight=False,
        markup=False,
    )
    if view.trouble:
        click.echo(f"It ended early: {view.trouble}", err=True)
    elif view.state == "interrupted":
        click.echo("The process that looked ended early. Run the command again for the rest.", err=True)
    elif view.dry_run and view.missed:
        screen.print("Add --yes to accept them.")
    elif not view.dry_run and view.missed:
        screen.print(f"Accepted {view.accepted:,}. `dropforge runs` shows their runs.")
        if view.failed:
            click.echo(f"{view.failed:,} could not be accepted; the application's log says why.", err=True)


def _table(view: ReconciliationView) -> object:
    from rich.markup import escape
    from rich.table import Table

    from serve_app.model.duration import duration

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("object", overflow="fold")
    for name in ("bytes", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("run" if not view.dry_run else "its run would be", no_wrap=True)
    now = datetime.now(UTC)
    for upload in view.sample:
        age = duration((now - upload.uploaded_at).total_seconds())
        table.add_row(escape(upload.drop.object), f"{upload.size:,}", age, upload.run_id)
    return table
