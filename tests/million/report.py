"""The tables at the end, of what was measured and of what must be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.table import table

from .checks import Check
from .result import Result
from .samples import Series, Tenth

_SHOWN = {"first": 0, "second": 1, "middle": 5, "last": 9}


def over_time(name: str, series: Series) -> str:
    """Rows/s, requests a row and memory in the first, second, middle and last tenth of the rows."""
    tenths = series.tenths()
    if not tenths:
        return f"{name}: nothing was seen of it"
    chosen = [tenths[at] for at in _SHOWN.values()]
    peaks = series.peaks_mb()
    rows = [
        ["rows/s", *(f"{tenth.rows_per_s:.0f}" for tenth in chosen), ""],
        ["requests a row", *(f"{tenth.requests_a_row:.3f}" for tenth in chosen), ""],
        *([f"MB of {kind}", *_memory(chosen, kind), f"{peak:.0f}"] for kind, peak in peaks.items()),
    ]
    return table([name, *_SHOWN, "peak"], rows)


def sizes(results: Mapping[str, Result]) -> str:
    """Objects and bytes that each pass left, and requests it made, by kind."""
    kinds = sorted({kind for result in results.values() for kind in result.objects})
    left = [[kind, *(_object(result.objects.get(kind, (0, 0))) for result in results.values())] for kind in kinds]
    asked = sorted({kind for result in results.values() for kind in result.requests})
    made = [[kind, *(f"{result.requests.get(kind, 0):,}" for result in results.values())] for kind in asked]
    return f"{table(['objects', *results], left)}\n\n{table(['requests', *results], made)}"


def plan(result: Result) -> str:
    left = result.objects
    return (
        f"plan {left['plan'][1]:,} bytes for {result.shards:,} shards, manifest {left['manifest'][1]:,}, part records "
        f"{left['part record'][1]:,}; a plan ten times as long takes {result.plan_memory_bytes / 1e6:.1f} MB of memory "
        f"and a record of {result.plan_record_bytes / 1e6:.1f} MB"
    )


def faults(struck: Sequence[Mapping[str, Any]]) -> str:
    """What each fault has cost."""
    rows = [
        [each["target"], f"{each['rows']:,}", f"{each['in_flight']:,}", f"{each['twice']:,}", _seconds(each["still_s"])]
        for each in struck
    ]
    return table(["fault", "at row", "images in flight", "fetched twice", "until the next rows"], rows)


def checks(found: Sequence[Check]) -> str:
    words = {True: "met", False: "NOT MET", None: ""}
    return table(
        ["check", "what", "measured", "target", ""],
        [[each.group, each.what, each.measured, each.target, words[each.met]] for each in found],
    )


def _memory(tenths: Sequence[Tenth], kind: str) -> list[str]:
    return [f"{tenth.memory_mb.get(kind, 0.0):.0f}" for tenth in tenths]


def _object(found: Sequence[int]) -> str:
    count, size = found
    return f"{count:,}, {size / 1e6:,.1f} MB"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"
