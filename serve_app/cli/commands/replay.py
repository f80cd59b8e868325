"""`dropforge replay`: retries dead letters."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options
from .dead_letters import entries_table, groups_line, selecting, selection

if TYPE_CHECKING:
    from serve_app.cli.client.api import Api
    from serve_app.model.replay import ReplayView

_EVERY_S = 0.5
FAILED_AGAIN = 3
INTERRUPTED = 130


@click.command()
@selecting
@click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="N", help="Retry at most N per second.")
@click.option(
    "--give-up",
    type=click.Choice(["images"]),
    help="Finish the shards without the images that can't be fetched: their image_uri stays empty, and is counted.",
)
@click.option("--yes", is_flag=True, help="Retry them; without it, only show which would be retried.")
@options.url
@options.as_json
def replay(rate: float | None, give_up: str | None, yes: bool, url: str | None, as_json: bool, **values: Any) -> None:
    """Retry dead letters. Without --yes, only show which.

    A shard redoes only what is missing: images that are already stored are not fetched again. When a run's last
    missing shard is done, the run finishes. Ctrl-C stops watching; the replay continues in the application. Only one
    replay runs at a time.

    \b
    Examples:
      dropforge replay
      dropforge replay --code image_host_down --yes
      dropforge replay --run 3f9c --rate 2 --yes --json
      dropforge replay --run 3f9c --give-up images --yes
    """
    from serve_app.cli.client.target import target

    api = target(url).api()
    view = api.replay({"selection": selection(values), "rate": rate, "give_up": give_up, "dry_run": not yes})
    if yes and view.selected:
        view = _watched(api, view, quiet=as_json)
    if as_json:
        print_json(view.model_dump(mode="json"))
    elif not view.selected:
        click.echo("No dead letters match: nothing to replay.")
    elif not yes:
        _print_preview(view)
    sys.exit(FAILED_AGAIN if view.failed_again else 0)


def _print_preview(view: ReplayView) -> None:
    screen = console()
    screen.print(entries_table(view.sample))
    if view.selected > len(view.sample):
        screen.print(f"… and {view.selected - len(view.sample)} more")
    screen.print(f"\nWould replay {view.selected} dead letters: {groups_line(view.groups)}.")
    if view.give_up == "images":
        screen.print("Rows whose image can't be fetched would stay without one, for good.")
    screen.print("Add --yes to replay them.")


def _watched(api: Api, view: ReplayView, *, quiet: bool) -> ReplayView:
    """Shows the replay until it ends. Ctrl-C ends the command with exit code 130, not the replay."""
    shown = ""
    try:
        while view.state == "running":
            line = f"{view.requested} of {view.selected} requested, {view.succeeded} succeeded"
            if line != shown and not quiet:
                click.echo(line)
                shown = line
            time.sleep(_EVERY_S)
            view = api.replay_progress(view.replay)
    except KeyboardInterrupt:
        click.echo("\nStopped watching; the replay continues in the application.", err=True)
        sys.exit(INTERRUPTED)
    if not quiet:
        click.echo(f"Replay {view.state}: {view.succeeded} succeeded, {view.failed_again} failed again.")
    return view
