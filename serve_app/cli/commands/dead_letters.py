"""`dropforge dead-letters`: lists what ran out of retries, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from serve_app.model.dead_letter import Entry
    from serve_app.model.selection import Group

F = TypeVar("F", bound=Callable[..., Any])

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


class Age(click.ParamType[float]):
    """A span of time such as `30min`, in seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        for unit, seconds in _SECONDS.items():
            number = str(value).removesuffix(unit)
            if number != value and number.replace(".", "", 1).isdigit() and float(number) > 0:
                return float(number) * seconds
        raise click.BadParameter(f"{value!r} is not an age such as 90s, 30min, 6h or 2d", ctx, param)


def selecting(command: F) -> F:
    """Adds the options that select dead letters; `selection` turns their values into the API's form."""
    for option in reversed(
        (
            click.option("--run", metavar="ID", help="Only dead letters of this run; the first digits are enough."),
            click.option("--object", "object_", metavar="NAME", help="Only dead letters of this dropped object."),
            click.option("--shard", type=click.IntRange(0), help="Only the shard with this index."),
            click.option("--stage", help="Only failures in this stage, such as images."),
            click.option("--code", help="Only failures with this error code, such as image_host_down."),
            click.option("--since", type=Age(), metavar="AGE", help="Only failures within this time, such as 30min."),
            click.option("--limit", type=click.IntRange(1), help="At most this many dead letters, oldest first."),
        )
    ):
        command = option(command)
    return command


def selection(values: dict[str, Any]) -> dict[str, Any]:
    """The API's selection from the values of the `selecting` options."""
    named = {"object": values["object_"], "since_s": values["since"]}
    named |= {name: values[name] for name in ("run", "shard", "stage", "code", "limit")}
    return {name: value for name, value in named.items() if value is not None}


@click.command("dead-letters")
@selecting
@options.url
@options.as_json
def dead_letters(url: str | None, as_json: bool, **values: Any) -> None:
    """List what ran out of retries: failed shards, and notifications that could not be accepted.

    Listing changes nothing; `dropforge replay` retries them.

    \b
    Examples:
      dropforge dead-letters
      dropforge dead-letters --code image_host_down --since 6h
      dropforge dead-letters --run 3f9c --json | jq '.entries[].message'
    """
    from serve_app.cli.client.target import target

    view = target(url).api().dead_letters(selection(values))
    if as_json:
        print_json(view.model_dump(mode="json"))
    elif not view.total:
        click.echo("No dead letters.")
    else:
        screen = console()
        screen.print(entries_table(view.entries))
        screen.print(f"\n{view.total} dead letters: {groups_line(view.groups)}")
        screen.print("To see what a replay would do: `dropforge replay` with the same options.")


def entries_table(entries: Sequence[Entry]) -> RenderableType:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from serve_app.model.duration import duration

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", no_wrap=True)
    table.add_column("object", overflow="ellipsis", no_wrap=True, max_width=32)
    table.add_column("shard", justify="right", no_wrap=True)
    for name in ("stage", "code"):
        table.add_column(name, no_wrap=True)
    for name in ("attempts", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    # Rich narrows the columns that may wrap first, so only the one whose text may be cut off is left to wrap.
    table.add_column("what happened", min_width=16)
    now = datetime.now(UTC)
    for entry in entries:
        table.add_row(
            entry.run,
            escape(entry.object),
            "" if entry.shard is None else str(entry.shard),
            entry.stage,
            entry.code,
            str(entry.attempts),
            duration((now - entry.last_at).total_seconds()),
            Text(entry.message, no_wrap=True, overflow="ellipsis"),
        )
    return table


def groups_line(groups: Sequence[Group]) -> str:
    return ", ".join(f"{group.count} {group.code} in {group.stage}" for group in groups)
