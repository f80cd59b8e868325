"""The table of what was played."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .run import Played

_HEADINGS = ("scenario", "runs", "failures", "recovery s", "reused", "duplicate fetches", "seconds")


def table(played: Sequence[Played]) -> str:
    """One line a scenario: recovery as median and longest, shards reused and duplicate fetches as sums."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for scenario in dict.fromkeys(each.scenario.name for each in played):
        figures = [each.figures for each in played if each.scenario.name == scenario]
        recovery = [each.recovery_s for each in figures if each.recovery_s is not None]
        rows.append(
            (
                scenario,
                str(len(figures)),
                str(sum(bool(each.wrong) for each in figures)),
                f"{median(recovery):.1f} / {max(recovery):.1f}" if recovery else "-",
                str(sum(each.shards_reused for each in figures)),
                str(sum(each.duplicate_fetches for each in figures)),
                f"{sum(each.seconds for each in figures):.0f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([name.strip().ljust(widths[0]), *numbers])
