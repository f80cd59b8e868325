"""Runs as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from serve_app.model.duration import duration
from serve_app.model.ranking import largest_first
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView

_COLOURS = {RunState.DONE: "green", RunState.REFUSED: "red", RunState.INCOMPLETE: "yellow"}


def runs_table(views: Sequence[RunView]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", no_wrap=True)
    table.add_column("object", overflow="ellipsis", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("rows in", "rows out", "rejects", "images", "age", "took"):
        table.add_column(name, justify="right", no_wrap=True)
    now = datetime.now(UTC)
    for view in views:
        counts = view.counts
        table.add_row(
            view.run_id,
            escape(view.drop.object),
            _state(view),
            str(counts.rows_in),
            str(counts.rows_out),
            str(counts.rejected),
            str(counts.images.get("stored", 0)),
            duration((now - view.accepted_at).total_seconds()),
            duration(view.elapsed_s),
        )
    return table


def run_report(view: RunView) -> RenderableType:
    """Everything about one run. Sums are spelled out, so that a reader can check them."""
    return aligned(
        {
            "run": f"{view.run_id}  {_state(view)} after {duration(view.elapsed_s)}, {view.rows_per_s:.0f} rows/s",
            "why": escape(f"{view.reason.code}: {view.reason.message}") if view.reason else "",
            "warning": "\n".join(f"[yellow]{escape(each.message)}[/yellow]" for each in view.warnings),
            "drop": escape(view.drop.uri),
            "catalogue": escape(view.catalogue_name),
            **sums(view),
            "shards": _shards(view),
            "stages": ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in view.stage_s.items()),
            "retries": _listed(view.retries),
            "failures": "\n".join(
                escape(
                    f"{'the run' if failure.shard is None else f'shard {failure.shard.name}'} in {failure.stage} after "
                    f"{failure.attempts} attempts: {failure.reason.code}: {failure.reason.message}"
                )
                for failure in view.failures
            ),
            **places(view),
        }
    )


def sums(view: RunView) -> dict[str, str]:
    """The counts of a run as equations."""
    counts = view.counts
    merged = f" + {counts.merged} merged" if counts.merged else ""
    rows = f"{counts.rows_in} in = {counts.rows_out} out{merged} + {counts.rejected} rejects"
    return {
        "rows": rows + (f", and {counts.blank} blank" if counts.blank else "") + _verdict(counts.add_up),
        "rejects": f"{counts.rejected} = {_added(counts.rejects)}" if counts.rejected else "",
        "images": f"{counts.rows_out} rows = {_added(counts.images)}{_verdict(images_add_up(view))}"
        if counts.images
        else "",
        "failed URLs": _listed(counts.image_failures),
        "attributes": _unread(view),
        "given up": f"{counts.gave_up_images} images, by a replay" if counts.gave_up_images else "",
    }


def images_add_up(view: RunView) -> bool:
    """Whether the image outcomes add up to the rows of the output."""
    return sum(view.counts.images.values()) == view.counts.rows_out


def places(view: RunView) -> dict[str, str]:
    """The URIs of the objects that a run has written, by label."""
    return {
        name: escape(uri)
        for name, uri in (
            ("output", view.output),
            ("rejects in", view.rejects),
            ("reasons in", view.reasons),
            ("failed URLs in", view.failed_urls),
            ("manifest", view.manifest),
        )
        if uri
    }


def aligned(lines: Mapping[str, str]) -> RenderableType:
    """Labels and their texts in two columns, without the labels whose text is empty."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, text in lines.items():
        if text:
            grid.add_row(name, text)
    return grid


def _state(view: RunView) -> str:
    colour = _COLOURS.get(view.state, "cyan")
    return f"[{colour}]{view.state}[/{colour}]"


def _shards(view: RunView) -> str:
    shards = view.shards
    text = f"{shards.done} of {shards.planned}{'' if shards.plan_complete else ' so far'}"
    extra = {"reused": shards.reused, "failed": shards.failed, "in flight": shards.in_flight}
    return ", ".join([text, *(f"{number} {name}" for name, number in extra.items() if number)])


def _added(numbers: Mapping[str, int]) -> str:
    return " + ".join(f"{number} {name}" for name, number in largest_first(numbers))


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in largest_first(numbers))


def _unread(view: RunView) -> str:
    """What of the specifications is not in the output."""
    counts = view.counts
    told = []
    if counts.unread_specifications:
        told.append(
            f"{counts.unread_specifications} of {counts.rows_out} rows have none although their specification is not "
            "empty: see the catalogue's `specification_format`"
        )
    if counts.entries_without_key:
        told.append(f"{counts.entries_without_key} entries of specifications have no key, and are left out")
    return "\n".join(told)


def _verdict(adds_up: bool) -> str:
    return "" if adds_up else "  [red]does not add up[/red]"
