"""`dropforge discard`: takes away messages that can't be replayed."""

from __future__ import annotations

from typing import Any

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options
from .dead_letters import entries_table, selecting, selection


@click.command()
@selecting
@click.option("--yes", is_flag=True, help="Do it; without it, only show what would be done.")
@options.url
@options.as_json
def discard(yes: bool, url: str | None, as_json: bool, **values: Any) -> None:
    """Take stray messages off the dead-letter subscription. Without --yes, only show which.

    A stray is a message that is no failed shard of a run there is and no notification: somebody else put it there,
    or its run was deleted. Dead letters that `dropforge replay` can try again are never taken.

    \b
    Examples:
      dropforge discard
      dropforge discard --yes
      dropforge discard --limit 100 --yes --json
    """
    from serve_app.cli.client.target import target

    view = target(url).api().discard({"selection": selection(values), "dry_run": not yes})
    if as_json:
        print_json(view.model_dump(mode="json"))
    elif not view.selected:
        click.echo("No stray messages; nothing to discard.")
    elif yes:
        click.echo(f"Discarded {view.discarded} of {view.selected} stray messages.")
    else:
        screen = console()
        screen.print(entries_table(view.sample))
        if view.selected > len(view.sample):
            screen.print(f"… and {view.selected - len(view.sample)} more")
        screen.print(f"\nWould discard {view.selected} stray messages. Add --yes to do it.")
