"""`dropforge watch`: shows a run until it ends."""

from __future__ import annotations

import re
import sys

import click

from serve_app.cli.client.watching import exit_code, watched
from serve_app.cli.screen.terminal import console

from . import options


@click.command()
@click.argument("run")
@options.url
@options.as_json
def watch(run: str, url: str | None, as_json: bool) -> None:
    """Show a run until it ends. Ctrl-C stops watching, not the run.

    RUN is a run's id, its first digits, or an object's name. A full id may also be that of a run that is not accepted
    yet. With --json, it prints one line per change; the last line is the final state.

    \b
    Examples:
      dropforge watch 3f9c
      dropforge watch catalogue.csv --json | tail -1
    """
    from actors.model.drop import RUN_ID
    from serve_app.cli.client.target import target

    api = target(url).api()
    run_id = run if re.fullmatch(RUN_ID, run) else api.find(run).run_id
    view = watched(api, run_id, lines=as_json)
    if not as_json:
        from serve_app.cli.screen.report import run_report

        console().print(run_report(view))
    sys.exit(exit_code(view))
