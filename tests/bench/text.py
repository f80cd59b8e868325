"""How fast descriptions are cleaned, beside spaCy called row by row as the reference calls it.

    python -m tests.bench.text [--rows N] [--rounds N] [--check N] [--json PATH]

Two figures: `cold` is a cleaner that has seen nothing, on the sample's own rows filled up with recombined ones;
`warm` is one that has cleaned `--learn` other recombined rows, on rows it has not seen. Rows are made from fixed
seeds. Contenders take turns on the same rows, on one core each, and CPU time is measured; compare the ratios.
Every cell is compared too.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# Before numpy is imported, which reads them.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import click
import spacy
from spacy.language import Language

from actors.text.cleaner import DescriptionCleaner
from actors.text.plain import model
from actors.text.plain.pipeline import plain_cell
from tests.support.shared_data import SAMPLE

# Used where the sample is absent: few words, so its windows repeat more than a real catalogue's.
_SUBJECTS = ("this cotton kurta", "the steel bottle", "our lamp", "a pack of 3", "key features of the analog watch")
_VERBS = ("features", "employs", "comes with", "helps you keep", "is designed for", "was made using", "multicoloured")
_OBJECTS = ("soft cushions", "a stainless finish", "rs. 499 only", "30 days of warranty", "women's clothing, red")


@dataclass(frozen=True, slots=True)
class Figure:
    """Rows per CPU second. `ratio` is the median of the rounds' ratios, `ratios` their least and greatest."""

    name: str
    rows: int
    rounds: int
    ours: float
    plain: float
    ratio: float
    ratios: tuple[float, float]
    different_cells: int


def sample_rows() -> list[str]:
    if SAMPLE.exists():
        with SAMPLE.open(encoding="utf-8", newline="") as file:
            return [row["description"] for row in csv.DictReader(file) if row["description"]]
    chance = random.Random(0)
    sentence = lambda: " ".join(map(chance.choice, (_SUBJECTS, _VERBS, _OBJECTS)))  # noqa: E731
    return [". ".join(sentence() for _ in range(chance.randint(1, 9))) for _ in range(600)]


def recombined_rows(sample: list[str], seed: int) -> Iterator[str]:
    """Without end: rows of three to ten of the sample's sentences, every fourth one of pieces cut at any word."""
    chance = random.Random(seed)
    sentences = [part for text in sample for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]
    while True:
        for _ in range(3):
            yield " ".join(chance.choice(sentences) for _ in range(chance.randint(3, 10)))
        pieces = []
        for _ in range(chance.randint(2, 8)):
            words = chance.choice(sample).split(" ")
            start = chance.randrange(len(words))
            pieces += words[start : start + chance.randint(1, 25)]
        yield " ".join(pieces)


def take(rows: Iterator[str], count: int) -> list[str]:
    return [next(rows) for _ in range(count)]


def timed(clean: Callable[[list[str]], list[str]], rows: list[str]) -> tuple[float, list[str]]:
    started = time.process_time()
    cells = clean(rows)
    return time.process_time() - started, cells


def compare(name: str, rounds: list[tuple[DescriptionCleaner, list[str]]], nlp: Language) -> Figure:
    """Each round: the cleaner and spaCy alone on the same rows, the one that goes first taking turns."""
    ours, plain, different = [], [], 0
    for number, (cleaner, rows) in enumerate(rounds):
        contenders = [cleaner.clean, lambda rows: [plain_cell(nlp, row) for row in rows]]
        order = (0, 1) if number % 2 else (1, 0)
        results = {index: timed(contenders[index], rows) for index in order}
        ours.append(results[0][0] / len(rows))
        plain.append(results[1][0] / len(rows))
        different += sum(left != right for left, right in zip(results[0][1], results[1][1], strict=True))
    ratios = [slow / fast for slow, fast in zip(plain, ours, strict=True)]
    return Figure(
        name,
        sum(len(rows) for _, rows in rounds),
        len(rounds),
        1 / statistics.median(ours),
        1 / statistics.median(plain),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        different,
    )


def count_different(rows: list[str], nlp: Language) -> int:
    cells = DescriptionCleaner().clean(rows)
    docs = nlp.pipe((row.lower() for row in rows), batch_size=64)
    plain = (" ".join(dict.fromkeys(t.lemma_ for t in doc if t.is_alpha and not t.is_stop)) for doc in docs)
    return sum(ours != theirs for ours, theirs in zip(cells, plain, strict=True))


@click.command(help=__doc__)
@click.option("--rows", default=1000, show_default=True, help="Rows per round.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--learn", default=10_000, show_default=True, help="Rows that the warm cleaner has seen before.")
@click.option("--check", default=0, show_default=True, help="Compare the cells of this many more recombined rows.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures there too.")
def main(rows: int, rounds: int, learn: int, check: int, json_path: Path | None) -> None:
    plain = spacy.load(model.locate())
    sample = sample_rows()
    fresh = recombined_rows(sample, seed=1)
    cold_rows = (sample + take(fresh, max(0, rows - len(sample))))[:rows]
    cold = [(DescriptionCleaner(), cold_rows) for _ in range(rounds)]
    figures = [compare("cold", cold, plain)]
    del cold
    warm = DescriptionCleaner()
    warm.clean(sample + take(fresh, learn))
    figures.append(compare("warm", [(warm, take(fresh, rows)) for _ in range(rounds)], plain))
    for figure in figures:
        click.echo(
            f"{figure.name}: ours {figure.ours:,.0f} rows/s, plain {figure.plain:,.0f} rows/s of CPU time, "
            f"ratio {figure.ratio:.1f} ({figure.ratios[0]:.1f} to {figure.ratios[1]:.1f} in {rounds} rounds), "
            f"different cells {figure.different_cells}"
        )
    result: dict[str, object] = {"unit": "rows per CPU second", "figures": [asdict(figure) for figure in figures]}
    if check:
        different = count_different(take(recombined_rows(sample, seed=2), check), plain)
        click.echo(f"check: {check} rows, different cells {different}")
        result["check"] = {"rows": check, "different_cells": different}
    if json_path:
        json_path.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
