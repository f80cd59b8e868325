"""What must be so, and whether it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .catalogue import Expected
from .result import Result
from .samples import Series

RIGHT, FAULTS, FLAT, END = "Right", "Faults", "Flat", "The writer's end"
STORE, PREDICTED = "The store", "Predicted"

_RATE = 0.9
_ANSWER_S = 1.0
_GROWTH = 1.1
_SLACK_MB = 10.0
_COMMIT_S = 5.0
_COMMIT_PARTS = 2500
_REQUESTS = 1.05
_ERROR = 0.15


@dataclass(frozen=True, slots=True)
class Check:
    """`met` is None where there is nothing to compare."""

    group: str
    what: str
    measured: str
    target: str
    met: bool | None


def decisive(group: str) -> bool:
    """Whether a check of this group that is not met is a failure, whatever the machine."""
    return group in (RIGHT, FAULTS)


def right(expected: Expected, name: str, result: Result) -> Iterator[Check]:
    """Every row accounted for."""
    counts = result.counts
    for what, measured, wanted in (
        ("rows in", counts["records"] - counts["blank"], expected.rows),
        ("rows out", counts["rows_out"], expected.rows_out),
        ("rejects by reason", dict(counts["rejects"]), dict(expected.rejects)),
        ("images by outcome", dict(counts["images"]), dict(expected.images)),
        ("images handed out, each once", result.fetched_different, expected.fetches),
    ):
        yield Check(RIGHT, f"{what}, {name}", _shown(measured), _shown(wanted), measured == wanted)
    yield Check(RIGHT, f"the counts add up, {name}", "yes" if result.add_up else "no", "yes", result.add_up)


def equal(differences: Sequence[tuple[str, str]]) -> Iterator[Check]:
    """Contents of the run with faults beside the undisturbed one's: each with where they differ, empty for nowhere."""
    for content, difference in differences:
        shown = difference or "equal"
        yield Check(RIGHT, f"{content.replace('_', ' ')} with faults, byte for byte", shown, "equal", not difference)


def struck(result: Result, planned: int) -> Iterator[Check]:
    """A short run may end before all that was planned could be done to it."""
    found = len(result.faults)
    yield Check(FAULTS, "faults struck", f"{found}", f"{planned}", found == planned)


def fetched_twice(result: Result) -> Iterator[Check]:
    """Images handed out again beside those in flight at the faults."""
    in_flight = sum(struck["in_flight"] for struck in result.faults)
    twice = result.fetched - result.fetched_different
    yield Check(RIGHT, "images fetched twice", f"{twice:,}", f"at most {in_flight:,} in flight", twice <= in_flight)


def once(result: Result) -> Iterator[Check]:
    """Without faults nothing is fetched again."""
    twice = result.fetched - result.fetched_different
    yield Check(RIGHT, "images fetched twice, undisturbed", f"{twice:,}", "0", twice == 0)


def failed_urls(expected: Expected, result: Result) -> Iterator[Check]:
    """Undisturbed, no URL fails but those that were planned to."""
    measured, wanted = dict(result.counts["image_failures"]), dict(expected.image_failures)
    yield Check(RIGHT, "image URLs that failed, undisturbed", _shown(measured), _shown(wanted), measured == wanted)


def flat(series: Series) -> Iterator[Check]:
    tenths = series.tenths()
    if not tenths:
        return
    second, last = tenths[1], tenths[-1]
    rate = last.rows_per_s / second.rows_per_s if second.rows_per_s else 0.0
    yield Check(FLAT, "rows/s, last tenth to second", f"{rate:.2f}", f"at least {_RATE}", rate >= _RATE)
    if second.cleaning_cores > 0 and last.cleaning_cores > 0:
        paced = last.cleaning_cores / second.cleaning_cores
        what = "the same at the machine's speed, as cleaning a row shows it"
        yield Check(FLAT, what, f"{paced:.2f}", f"at least {_RATE}", paced >= _RATE)
    asked = last.requests_a_row / second.requests_a_row if second.requests_a_row else 0.0
    yield Check(
        FLAT, "requests a row, last tenth to second", f"{asked:.2f}", f"at most {_REQUESTS}", asked <= _REQUESTS
    )
    for kind in sorted(last.memory_mb):
        before, after = second.memory_mb.get(kind, 0.0), last.memory_mb[kind]
        met = after <= before * _GROWTH + _SLACK_MB
        target = f"at most {_GROWTH:.0%} and {_SLACK_MB:.0f} MB"
        yield Check(FLAT, f"memory of {kind}, second to last tenth", f"{before:.0f} to {after:.0f} MB", target, met)
    for name, seconds in series.latencies().items():
        slowest = seconds[-1]
        shown = f"{slowest:.2f} s, median {seconds[len(seconds) // 2]:.2f} s"
        yield Check(FLAT, f"slowest answer, {name}", shown, f"within {_ANSWER_S:.0f} s", slowest <= _ANSWER_S)


def writers_end(result: Result) -> Iterator[Check]:
    allowed = _COMMIT_S * max(1.0, result.shards / _COMMIT_PARTS)
    shown = f"{result.commit_s:.1f} s for {result.shards:,} parts"
    yield Check(END, "from the last part to the commit", shown, f"at most {allowed:.0f} s", result.commit_s <= allowed)


def predicted(result: Result) -> Iterator[Check]:
    if result.predicted_s is None:
        yield Check(PREDICTED, "the simulation's seconds", "too few samples", f"within {_ERROR:.0%}", None)
        return
    error = result.predicted_s / result.seconds - 1
    shown = f"{result.predicted_s:.0f} s for {result.seconds:.0f} s, {error:+.0%}"
    yield Check(PREDICTED, "the simulation's seconds", shown, f"within {_ERROR:.0%}", abs(error) <= _ERROR)


def store(result: Result, rows: int) -> Iterator[Check]:
    """Not a target, but what is paid for."""
    images = sum(count for kind, count in result.requests.items() if kind.startswith("image "))
    total = sum(result.requests.values())
    listed = sum(count for kind, count in result.requests.items() if kind.startswith("listed "))
    yield Check(STORE, "requests a row", f"{total / rows:.4f}, {images / rows:.4f} of them images", "", None)
    yield Check(STORE, "listings", f"{listed:,}, {listed / result.seconds:.2f} a second", "", None)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in sorted(value.items())) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
