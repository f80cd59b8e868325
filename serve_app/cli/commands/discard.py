"""`dropforge discard`: removes messages that can't be replayed from the dead-letter subscription."""

from __future__ import annotations

from typing import Any

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options
from .dead_letters import entries_table, selecting, selection


@click.command()
@selecting
@click.option("--yes", is_flag=True, help="Discard them; without it, only show which would be discarded.")
@options.url
@options.as_json
def discard(yes: bool, url: str | None, as_json: bool, **values: Any) -> None:
    """Acknowledge stray messages on the dead-letter subscription. Without --yes, only list them.

    A stray message is neither a failed shard of an existing run nor a notification: something else published it, or
    its run was deleted. Dead letters that `dropforge replay` can retry are never discarded.

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
        click.echo("No stray messages: nothing to discard.")
    elif yes:
        click.echo(f"Discarded {view.discarded} of {view.selected} stray messages.")
    else:
        screen = console()
        screen.print(entries_table(view.sample))
        if view.selected > len(view.sample):
            screen.print(f"… and {view.selected - len(view.sample)} more")
        screen.print(f"\nWould discard {view.selected} stray messages. Add --yes to discard them.")
