"""Shows a run until it ends, for `drop`, `watch` and `demo`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from serve_app.model.views import RunView

    from .api import Api

REFUSED_OR_INCOMPLETE = 3
INTERRUPTED = 130


def watched(api: Api, run_id: str, *, lines: bool = False, stderr: bool = False) -> RunView:
    """Shows a run until it ends, and returns it; with `lines`, as one JSON line per change. Ctrl-C exits with 130."""
    try:
        return _print_lines(api, run_id) if lines else show(api, run_id, console(stderr=stderr))
    except KeyboardInterrupt:
        click.echo(f"\nStopped watching; the run continues. Watch it again: dropforge watch {run_id}", err=True)
        sys.exit(INTERRUPTED)


def show(api: Api, run_id: str, screen: Console) -> RunView:
    """Shows a run until it ends, and returns it."""
    from serve_app.cli.screen.live import run_display

    from .follow import follow

    with run_display(screen) as display:
        for view in follow(api, run_id):
            display.show(view)
    assert view is not None
    return view


def _print_lines(api: Api, run_id: str) -> RunView:
    from .follow import follow

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
