"""Cells are spaCy's own, whatever they are cleaned together with and whatever was cleaned before."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text import cleaner, model, self_check
from actors.text.cleaner import DescriptionCleaner
from actors.text.fast import analysis, arc_eager, encoder, scoring
from actors.text.fast.arc_eager import LOOK_AHEAD
from actors.text.plain import plain_cell
from actors.text.settings import TextSettings

# Their joints make the parser and the tagger decide anew: auxiliaries, false sentence ends, odd tokens.
PIECES = (
    "The lamp employs prevent rust and stains.",
    "It employs copper wire!",
    "rs. 499 only",
    "Cotton helps be washed by hand?",
    "Key features of the women's multicoloured kurta",
    "pack of 3, navy, red",
    "Gentle machine wash in lukewarm water",
    "wt. 2.5 kg",
    "We're gonna love it",
    "y'all got ta see what's made",
    "ain't it lovely...",
    "specifications of 100% cotton shorts general details",
    "designed and finished by hand",
    "helps to add a touch of class to your wear",
    "at flipkart.com. only genuine products. 30 day replacement guarantee. free shipping. cash on delivery!",
    "\n\t\t price: rs. 1,919 \n\n",
    "style code ALTHT_3P_21",
    "😀 👍🏽",
    "the design features prevent rust",
    "which has been polished, tested and packed",
    "it does not bleach",
    "Ünïcode naïve café İstanbul",
)


@pytest.fixture(scope="module")
def nlp() -> Language:
    return model.load()


@pytest.fixture(scope="module")
def used() -> DescriptionCleaner:
    """A cleaner that keeps what every test before taught it."""
    return DescriptionCleaner()


def rows(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choice(PIECES) for _ in range(chance.randint(1, 9))) for _ in range(count)]


def plain(nlp: Language, texts: list[str]) -> list[str]:
    return [plain_cell(nlp, text) for text in texts]


def test_the_samples_cells_are_the_golden_ones(shared_data: Path, used: DescriptionCleaner) -> None:
    def column(name: str) -> dict[str, str]:
        with (shared_data / name).open(newline="", encoding="utf-8") as lines:
            return {row["uniq_id"]: row["description"] for row in csv.DictReader(lines)}

    golden, source = column("flipkart_sample.golden.csv"), column("flipkart_sample.csv")
    assert len(golden) == 597
    assert used.clean([source[row] for row in golden]) == list(golden.values())


def test_the_samples_recombined_sentences_are_spacys(
    shared_data: Path, used: DescriptionCleaner, nlp: Language
) -> None:
    with (shared_data / "flipkart_sample.csv").open(newline="", encoding="utf-8") as lines:
        texts = [row["description"] for row in csv.DictReader(lines) if row["description"]]
    sentences = [part for text in texts for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]
    chance = random.Random(5)
    recombined = [" ".join(chance.choice(sentences) for _ in range(chance.randint(2, 6))) for _ in range(200)]
    assert used.clean(recombined) == plain(nlp, recombined)


def test_made_up_rows_are_spacys(used: DescriptionCleaner, nlp: Language) -> None:
    texts = rows(250, seed=1)
    assert used.clean(texts) == plain(nlp, texts)


def test_a_cell_depends_on_its_text_alone(nlp: Language) -> None:
    texts = rows(60, seed=2)
    expected = plain(nlp, texts)
    together = DescriptionCleaner().clean(texts)
    one_by_one = DescriptionCleaner()
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    shuffled = DescriptionCleaner().clean([texts[k] for k in order])
    assert together == expected
    assert [one_by_one.clean([text])[0] for text in texts] == expected
    assert one_by_one.clean(texts) == expected, "warm"
    assert [cell for _, cell in sorted(zip(order, shuffled, strict=True))] == expected


@pytest.mark.parametrize(("cache_mb", "begins_anew"), [(1, True), (2, False)])
def test_forgetting_changes_no_cell(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, cache_mb: int, begins_anew: bool
) -> None:
    load = Mock(wraps=model.load)
    monkeypatch.setattr(model, "load", load)
    monkeypatch.setattr(cleaner, "_PAGE_CHARS", 2000)
    small = DescriptionCleaner(TextSettings(cache_mb=cache_mb))
    forget = Mock(wraps=small._analyzer.forget_wide_windows)
    monkeypatch.setattr(small._analyzer, "forget_wide_windows", forget)
    texts = rows(100, seed=4)
    assert small.clean(texts) == plain(nlp, texts)
    assert small._held_bytes <= cache_mb << 20
    assert forget.called
    assert (load.call_count > 1) == begins_anew


def test_a_model_that_was_altered_since_is_not_begun_with_anew(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, tmp_path: Path
) -> None:
    small = DescriptionCleaner(TextSettings(cache_mb=1))
    texts = rows(100, seed=4)
    with monkeypatch.context() as altered:
        altered.setattr(model, "locate", lambda: tmp_path)
        with pytest.raises(DropforgeError) as raised:
            small.clean(texts)
        assert raised.value.code is Code.MODEL_ALTERED
    assert small.clean(texts) == plain(nlp, texts)


def test_every_decision_can_be_spacys(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    """With a guard that no margin passes, each move and each tag goes the way of close calls."""
    for module in (analysis, encoder):
        monkeypatch.setattr(module, "GUARD", 1e9)
    texts = rows(4, seed=6)
    assert DescriptionCleaner().clean(texts) == plain(nlp, texts)


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
def test_odd_texts_are_spacys(used: DescriptionCleaner, nlp: Language, text: str) -> None:
    assert used.clean(["before it", text, "after it"]) == [
        plain_cell(nlp, each) for each in ("before it", text, "after it")
    ]


def test_texts_that_spacy_refuses_have_empty_cells(used: DescriptionCleaner, nlp: Language) -> None:
    too_long = "boxes " * (nlp.max_length // 6 + 1)
    assert used.clean([too_long, "boxes", "\udfff boxes"]) == ["", "box", ""]


def test_spans_larger_than_a_group(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    for module in (cleaner, scoring):
        monkeypatch.setattr(module, "TABLE_TOKENS", 12)
    texts = ["key features pack of 3 cotton helps keep women's boxes tidy " * 3, *rows(20, seed=7)]
    assert DescriptionCleaner().clean(texts) == plain(nlp, texts)


def test_groups_are_alike_in_tokens_and_in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaner, "TABLE_TOKENS", 100)
    sizes = np.array([9, 1, 30, 5, 1, 250, 7, 2, 60, 3] * 3)
    groups = cleaner._groups(np.stack((np.zeros_like(sizes), sizes), axis=1))
    assert sorted(number for group in groups for number in group.tolist()) == list(range(len(sizes)))
    tokens = [int((sizes[group] + LOOK_AHEAD).sum()) for group in groups]
    assert all(0 < count <= 100 + sizes.max() + LOOK_AHEAD for count in tokens)
    assert len(groups) <= -(-sum(tokens) // 100)
    assert all(sizes[left].max() <= sizes[right].min() for left, right in pairwise(groups))
    alike = np.full(17, 10)
    counts = [len(group) for group in cleaner._groups(np.stack((np.zeros_like(alike), alike), axis=1))]
    assert max(counts) - min(counts) <= 1, "no last group of what is left over"


def test_a_text_larger_than_a_page(monkeypatch: pytest.MonkeyPatch, used: DescriptionCleaner, nlp: Language) -> None:
    monkeypatch.setattr(cleaner, "_PAGE_CHARS", 100)
    texts = ["boxes", " ".join(rows(40, seed=8)), "shirts"]
    assert used.clean(texts) == plain(nlp, texts)


def test_no_texts_give_no_cells() -> None:
    assert DescriptionCleaner().clean([]) == []


def mute_auxiliaries(patch: pytest.MonkeyPatch) -> None:
    def mute(*arguments):
        parsed = arc_eager.parse(*arguments)
        parsed.auxiliary[:] = False
        return parsed

    patch.setattr(analysis, "parse", mute)


def trust_cuts(patch: pytest.MonkeyPatch) -> None:
    def trust(exists, sizes, *others):
        return arc_eager.Parse(sizes, arc_eager.parse(exists, sizes, *others).auxiliary)

    patch.setattr(analysis, "parse", trust)


def ignore_children(patch: pytest.MonkeyPatch) -> None:
    look = arc_eager._States.look

    def childless(self):
        seen, situation = look(self)
        seen[5:] = 0
        return seen, situation

    patch.setattr(arc_eager._States, "look", childless)


def ignore_neighbours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("actors.text.fast.lemmas.Lemmas._is_named", lambda self, word: False)


def mirror_layers(patch: pytest.MonkeyPatch) -> None:
    apply = encoder.Layer.apply
    patch.setattr(encoder.Layer, "apply", lambda self, triples: apply(self, triples[:, ::-1].copy()))


def round_coarsely(patch: pytest.MonkeyPatch) -> None:
    apply = encoder.Layer.apply
    patch.setattr(encoder.Layer, "apply", lambda self, triples: apply(self, triples) + np.float32(2e-5))


@pytest.mark.parametrize(
    "break_it", [mute_auxiliaries, trust_cuts, ignore_children, ignore_neighbours, mirror_layers, round_coarsely]
)
def test_the_self_check_finds_a_broken_fact(monkeypatch: pytest.MonkeyPatch, break_it) -> None:
    break_it(monkeypatch)
    with pytest.raises(DropforgeError, match="self-check") as caught:
        DescriptionCleaner()
    assert caught.value.code is Code.MODEL_ALTERED


def test_the_self_checks_texts_show_auxiliaries(nlp: Language) -> None:
    cells: Iterator[str] = (plain_cell(nlp, text) for text in self_check.TEXTS)
    assert {"employs", "helps", "features", "helped", "needs"} <= {lemma for cell in cells for lemma in cell.split()}
