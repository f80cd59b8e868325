"""Either engine's cells are spaCy's own, whatever they are cleaned together with and whatever was cleaned before."""

from __future__ import annotations

import csv
import random
import re
import sys
from pathlib import Path
from typing import get_args

import pytest
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text.cleaner import DescriptionCleaner
from actors.text.plain import model
from actors.text.plain.pipeline import plain_cell
from actors.text.plain.settings import EngineName, TextSettings
from tests.support.descriptions import descriptions, plain_cells

ENGINES: tuple[EngineName, ...] = get_args(EngineName)


def cleaner_of(engine: EngineName) -> DescriptionCleaner:
    return DescriptionCleaner(TextSettings(engine=engine))


@pytest.fixture(scope="module", params=ENGINES)
def cleaner(request: pytest.FixtureRequest) -> DescriptionCleaner:
    """One that keeps what every test before taught it."""
    return cleaner_of(request.param)


def test_the_samples_cells_are_the_golden_ones(shared_data: Path, cleaner: DescriptionCleaner) -> None:
    def column(name: str) -> dict[str, str]:
        with (shared_data / name).open(newline="", encoding="utf-8") as lines:
            return {row["uniq_id"]: row["description"] for row in csv.DictReader(lines)}

    golden, source = column("flipkart_sample.golden.csv"), column("flipkart_sample.csv")
    assert len(golden) == 597
    assert cleaner.clean([source[row] for row in golden]) == list(golden.values())


@pytest.fixture(scope="module")
def recombined(shared_data: Path, nlp: Language) -> dict[str, str]:
    """Texts of the sample's sentences in other orders, with spaCy's cells."""
    with (shared_data / "flipkart_sample.csv").open(newline="", encoding="utf-8") as lines:
        texts = [row["description"] for row in csv.DictReader(lines) if row["description"]]
    sentences = [part for text in texts for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]
    chance = random.Random(5)
    made = [" ".join(chance.choice(sentences) for _ in range(chance.randint(2, 6))) for _ in range(200)]
    return dict(zip(made, plain_cells(nlp, made), strict=True))


@pytest.fixture(scope="module")
def made_up(nlp: Language) -> dict[str, str]:
    texts = descriptions(250, seed=1)
    return dict(zip(texts, plain_cells(nlp, texts), strict=True))


def test_the_samples_recombined_sentences_are_spacys(cleaner: DescriptionCleaner, recombined: dict[str, str]) -> None:
    assert cleaner.clean([*recombined]) == [*recombined.values()]


def test_made_up_rows_are_spacys(cleaner: DescriptionCleaner, made_up: dict[str, str]) -> None:
    assert cleaner.clean([*made_up]) == [*made_up.values()]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cell_depends_on_its_text_alone(engine: EngineName, nlp: Language) -> None:
    texts = descriptions(60, seed=2)
    expected = plain_cells(nlp, texts)
    together = cleaner_of(engine).clean(texts)
    one_by_one = cleaner_of(engine)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    shuffled = cleaner_of(engine).clean([texts[k] for k in order])
    assert together == expected
    assert [one_by_one.clean([text])[0] for text in texts] == expected
    assert one_by_one.clean(texts) == expected, "warm"
    assert [cell for _, cell in sorted(zip(order, shuffled, strict=True))] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n\t ",
        "\0",
        "steel\0bottles helps",
        "a",
        "boxes",
        "...",
        "?! .",
        "😀 👩‍👩‍👧 flags 🇮🇳",
        "İSTANBUL ẞtraße ΟΔΟΣ ﬁnishes",
        "\ud800 broken",
        "women's  boxes   with \u00a0 spaces",
        "a b" * 3000,
        "boxes. " * 700,
        "x" * 5000,
        "don't can't gonna y'all c'mon",
    ],
)
def test_odd_texts_are_spacys(cleaner: DescriptionCleaner, nlp: Language, text: str) -> None:
    assert cleaner.clean(["before it", text, "after it"]) == [
        plain_cell(nlp, each) for each in ("before it", text, "after it")
    ]


def test_texts_that_spacy_refuses_have_empty_cells(cleaner: DescriptionCleaner, nlp: Language) -> None:
    too_long = "boxes " * (nlp.max_length // 6 + 1)
    assert cleaner.clean([too_long, "boxes", "\udfff boxes"]) == ["", "box", ""]


def test_no_texts(cleaner: DescriptionCleaner) -> None:
    assert cleaner.clean([]) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_are_alike_in_tokens_and_in_spans(engine: EngineName) -> None:
    assert cleaner_of(engine).versions == {**model.versions(), "text_engine": engine}


def test_the_fast_engine_is_the_default(cleaner: DescriptionCleaner) -> None:
    assert TextSettings().engine == "fast"


def unimportable(patch: pytest.MonkeyPatch) -> None:
    """As where a module of spaCy's that the engine imports has gone."""
    patch.setitem(sys.modules, "actors.text.fast.engine", None)


def another_shape(patch: pytest.MonkeyPatch) -> None:
    """As where the model is built of other layers."""
    load = model.load

    def loaded() -> Language:
        nlp = load()
        nlp.get_pipe("tok2vec").model.layers[1]._layers.clear()  # type: ignore[attr-defined]
        return nlp

    patch.setattr(model, "load", loaded)


def another_pipeline(patch: pytest.MonkeyPatch) -> None:
    load = model.load

    def loaded() -> Language:
        nlp = load()
        nlp.remove_pipe("parser")
        return nlp

    patch.setattr(model, "load", loaded)


@pytest.mark.parametrize("change", [unimportable, another_shape, another_pipeline])
def test_what_the_fast_engine_does_not_know_names_the_other(monkeypatch: pytest.MonkeyPatch, change) -> None:
    change(monkeypatch)
    with pytest.raises(DropforgeError, match="fast text engine does not fit") as caught:
        cleaner_of("fast")
    assert caught.value.code is Code.MODEL_ALTERED
    assert "text.engine: spacy" in caught.value.message
    assert "DROPFORGE_TEXT__ENGINE=spacy" in caught.value.message
    assert "pip install" in caught.value.message


@pytest.mark.parametrize("change", [unimportable, another_pipeline])
def test_the_plain_engine_goes_on_there(monkeypatch: pytest.MonkeyPatch, change) -> None:
    change(monkeypatch)
    assert cleaner_of("spacy").clean(["Boxes of shirts"]) == ["box shirt"]


@pytest.mark.parametrize("engine", ENGINES)
def test_neither_engine_takes_an_altered_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: EngineName
) -> None:
    monkeypatch.setattr(model, "locate", lambda: tmp_path)
    with pytest.raises(DropforgeError) as caught:
        cleaner_of(engine)
    assert caught.value.code is Code.MODEL_ALTERED
    assert "text.engine" not in caught.value.message
