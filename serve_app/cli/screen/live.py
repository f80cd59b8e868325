"""Shows a run's progress: a bar on a terminal, one line per change elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from serve_app.model.views import RunView

_WAITING = "waiting for the notification"


class RunDisplay(Protocol):
    def __enter__(self) -> RunDisplay: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, view: RunView | None) -> None:
        """Shows the run's current state. `view` is None until the run is accepted."""


def run_display(console: Console) -> RunDisplay:
    return _Bar(console) if console.is_terminal else _Lines(console)


def summary(view: RunView) -> str:
    """The main counters of a run, in one line."""
    shards, counts = view.shards, view.counts
    parts = [f"{shards.done}/{shards.planned}{'' if shards.plan_complete else '+'} shards"]
    parts.append(f"{counts.rows_in} rows")
    for number, name in (
        (counts.rejected, "rejects"),
        (counts.images.get("stored", 0), "images"),
        (sum(view.retries.values()), "retries"),
        (len(view.failures), "failed"),
    ):
        if number:
            parts.append(f"{number} {name}")
    return ", ".join(parts)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = ""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, view: RunView | None) -> None:
        line = _WAITING if view is None else f"{view.state:<11} {summary(view)}"
        if line != self._shown:
            self._console.print(line, soft_wrap=True)
            self._shown = line


class _Bar:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<11}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[summary]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task(_WAITING, total=None, summary="")

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, view: RunView | None) -> None:
        if view is None:
            return
        self._progress.update(
            self._task,
            description=str(view.state),
            completed=view.shards.done,
            total=view.shards.planned if view.shards.plan_complete else None,
            summary=summary(view),
        )
