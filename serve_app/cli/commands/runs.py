"""`dropforge runs`: what became of drops."""

from __future__ import annotations

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options


@click.command()
@click.argument("run", required=False)
@options.url
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="Most runs listed.")
@options.as_json
def runs(run: str | None, url: str | None, limit: int, as_json: bool) -> None:
    """List runs, or show one with counts that add up.

    RUN is a run's id, its first digits, or an object's name (its newest run). Open and incomplete runs come first,
    then the newest.

    \b
    Examples:
      dropforge runs
      dropforge runs 3f9c
      dropforge runs catalogue.csv --json | jq .counts
    """
    from serve_app.cli.client.target import target
    from serve_app.cli.screen.report import run_report, runs_table

    api = target(url).api()
    if run is not None:
        view = api.find(run)
        if as_json:
            print_json(view.model_dump(mode="json"))
        else:
            console().print(run_report(view))
        return
    views = api.runs(limit)
    if as_json:
        print_json({"runs": [view.model_dump(mode="json") for view in views]})
    elif views:
        console().print(runs_table(views))
    else:
        click.echo("No runs yet. `dropforge drop FILE` makes one.")
