"""`dropforge watch`, and the watching that `drop` and `demo` end with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import Console

    from serve_app.cli.client.api import Api
    from serve_app.model.views import RunView

REFUSED_OR_INCOMPLETE = 3
INTERRUPTED = 130


@click.command()
@click.argument("run")
@options.url
@options.as_json
def watch(run: str, url: str | None, as_json: bool) -> None:
    """Show a run until it is settled. Ctrl-C stops the watching, not the run.

    RUN is a run's id, its first digits, or an object's name. A full id may be one that is not accepted yet.
    With --json, one line per change; the last is the settled run.

    \b
    Examples:
      dropforge watch 3f9c
      dropforge watch catalogue.csv --json | tail -1
    """
    from serve_app.cli.client.api import RUN_ID
    from serve_app.cli.client.target import target

    api = target(url).api()
    run_id = run if RUN_ID.fullmatch(run) else api.find(run).run_id
    view = watched(api, run_id, lines=as_json)
    if not as_json:
        from serve_app.cli.screen.report import run_report

        console().print(run_report(view))
    sys.exit(exit_code(view))


def watched(api: Api, run_id: str, *, lines: bool = False, stderr: bool = False) -> RunView:
    """Shows a run until it is settled and returns it; with `lines` as JSON lines. Ctrl-C ends the command."""
    try:
        return _print_lines(api, run_id) if lines else show(api, run_id, console(stderr=stderr))
    except KeyboardInterrupt:
        click.echo(f"\nNo longer watching; the run goes on. `dropforge watch {run_id}` comes back to it.", err=True)
        sys.exit(INTERRUPTED)


def show(api: Api, run_id: str, screen: Console) -> RunView:
    """Shows a run until it is settled and returns it."""
    from serve_app.cli.client.follow import follow
    from serve_app.cli.screen.live import run_display

    with run_display(screen) as display:
        for view in follow(api, run_id):
            display.show(view)
    assert view is not None
    return view


def _print_lines(api: Api, run_id: str) -> RunView:
    from serve_app.cli.client.follow import follow

    shown = None
    for view in follow(api, run_id):
        if view is None:
            continue
        change = view.model_dump(mode="json", exclude={"elapsed_s", "rows_per_s"})
        if change != shown:
            print_json(view.model_dump(mode="json"), line=True)
            shown = change
    assert view is not None
    return view


def exit_code(view: RunView) -> int:
    return 0 if view.state == "done" else REFUSED_OR_INCOMPLETE
