"""How fast descriptions are cleaned by either engine, beside spaCy called row by row as the reference calls it.

    python -m tests.bench.text [--rows N] [--rounds N] [--check N] [--json PATH]

Two figures: `cold` are engines that have seen nothing, on the sample's own rows filled up with recombined ones;
`warm` are ones that have cleaned `--learn` other recombined rows, on rows they have not seen. Rows are made from
fixed seeds. Contenders take turns on the same rows, on one core each, and CPU time is measured; compare the ratios.
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
from actors.text.plain.settings import TextSettings
from tests.support.shared_data import SAMPLE

# Used where the sample is absent: few words, so its windows repeat more than a real catalogue's.
_SUBJECTS = ("this cotton kurta", "the steel bottle", "our lamp", "a pack of 3", "key features of the analog watch")
_VERBS = ("features", "employs", "comes with", "helps you keep", "is designed for", "was made using", "multicoloured")
_OBJECTS = ("soft cushions", "a stainless finish", "rs. 499 only", "30 days of warranty", "women's clothing, red")


@dataclass(frozen=True, slots=True)
class Figure:
    """Rows per CPU second: of the fast engine (`ours`), of the engine `spacy`, and of spaCy row by row (`plain`).

    `ratio` is what the fast engine is faster than row by row: the median of the rounds' ratios, `ratios` their least
    and greatest. `engines` likewise what it is faster than the engine `spacy`.
    """

    name: str
    rows: int
    rounds: int
    ours: float
    spacy: float
    plain: float
    ratio: float
    ratios: tuple[float, float]
    engines: float
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


Cleaners = tuple[DescriptionCleaner, DescriptionCleaner]
"""One of each engine, the fast one first."""


def new_cleaners() -> Cleaners:
    return DescriptionCleaner(), DescriptionCleaner(TextSettings(engine="spacy"))


def compare(name: str, rounds: list[tuple[Cleaners, list[str]]], nlp: Language) -> Figure:
    """Each round: both engines and spaCy row by row on the same rows, the one that goes first taking turns."""
    seconds: list[list[float]] = []
    different = 0
    for number, ((fast, spacy_engine), rows) in enumerate(rounds):
        contenders = [fast.clean, spacy_engine.clean, lambda rows: [plain_cell(nlp, row) for row in rows]]
        order = [0, 1, 2][number % 3 :] + [0, 1, 2][: number % 3]
        results = {index: timed(contenders[index], rows) for index in order}
        seconds.append([results[index][0] / len(rows) for index in range(3)])
        cells = (results[index][1] for index in range(3))
        different += sum(len({*of_a_row}) > 1 for of_a_row in zip(*cells, strict=True))
    ours, engine, plain = (statistics.median(contender) for contender in zip(*seconds, strict=True))
    ratios = [by_row / fast for fast, _, by_row in seconds]
    return Figure(
        name,
        sum(len(rows) for _, rows in rounds),
        len(rounds),
        1 / ours,
        1 / engine,
        1 / plain,
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        statistics.median(piped / fast for fast, piped, _ in seconds),
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
    cold = [(new_cleaners(), cold_rows) for _ in range(rounds)]
    figures = [compare("cold", cold, plain)]
    del cold
    warm = new_cleaners()
    learnt = sample + take(fresh, learn)
    for cleaner in warm:
        cleaner.clean(learnt)
    figures.append(compare("warm", [(warm, take(fresh, rows)) for _ in range(rounds)], plain))
    for figure in figures:
        click.echo(
            f"{figure.name}: ours {figure.ours:,.0f} rows/s, engine spacy {figure.spacy:,.0f}, spaCy row by row "
            f"{figure.plain:,.0f} rows/s of CPU time; ratio {figure.ratio:.1f} ({figure.ratios[0]:.1f} to "
            f"{figure.ratios[1]:.1f} in {rounds} rounds), {figure.engines:.1f} beside the engine spacy; different "
            f"cells {figure.different_cells}"
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
