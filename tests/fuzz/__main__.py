"""Fuzzes for a while from printed seeds, in one process, and says how much and what was found.

    python -m tests.fuzz --minutes 30 [--seed 1] [--json PATH]

A finding is printed as the smallest file that shows it, and ends that property's round; the others go on.
"""

from __future__ import annotations

import json
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from hypothesis import HealthCheck, Phase, given, seed, settings

from . import test_fuzz as short
from .files import any_bytes, well_formed
from .properties import never_crashes_never_loses_always_accounts, reads_as_the_standard_library_does

EXAMPLES_A_ROUND = 500


def rounds(counts: Counter[str]) -> dict[str, Callable[[int], None]]:
    """One round of each property, by its name; told the round's seed."""
    properties: dict[str, tuple[Callable[..., None], dict[str, Any]]] = {
        "well-formed": (
            reads_as_the_standard_library_does,
            {"file": well_formed(), "shard_rows": short.LIMITS["shard_rows"]},
        ),
        "any-bytes": (never_crashes_never_loses_always_accounts, {"data": any_bytes(), **short.LIMITS}),
    }

    def round_of(name: str) -> Callable[[int], None]:
        check, strategies = properties[name]

        def play(number: int) -> None:
            def counted(**given_values: Any) -> None:
                counts[name] += 1
                check(**given_values)

            limited = settings(
                max_examples=EXAMPLES_A_ROUND,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            seed(number)(limited(given(**strategies)(counted)))()

        return play

    return {name: round_of(name) for name in properties}


@click.command(help=__doc__)
@click.option("--minutes", type=float, default=1.0, show_default=True)
@click.option("--seed", "first_seed", type=int, default=1, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(minutes: float, first_seed: int, json_path: Path | None) -> None:
    started, number = time.monotonic(), first_seed
    counts: Counter[str] = Counter()
    findings: list[str] = []
    plays = rounds(counts)
    while time.monotonic() - started < 60 * minutes:
        for name, play in plays.items():
            try:
                play(number)
            except Exception:
                findings.append(f"{name}, seed {number}\n{traceback.format_exc()}")
                click.echo(findings[-1])
        number += 1
        click.echo(f"{time.monotonic() - started:6.0f} s  {dict(counts)}  {len(findings)} findings", err=True)
    seconds = round(time.monotonic() - started)
    click.echo(f"{seconds} s, seeds {first_seed} to {number - 1}: {dict(counts)} files, {len(findings)} findings")
    if json_path:
        figures = {"seconds": seconds, "files": counts, "findings": findings, "seeds": [first_seed, number - 1]}
        json_path.write_text(json.dumps(figures, indent=2))
    raise SystemExit(bool(findings))


if __name__ == "__main__":
    main()
