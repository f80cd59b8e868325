"""The fast engine's insides: what it forgets, how it groups, where it leaves a decision to spaCy, what it checks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text.fast import analysis, arc_eager, encoder, engine, scoring, self_check
from actors.text.fast.arc_eager import LOOK_AHEAD
from actors.text.fast.engine import FastEngine
from actors.text.plain import model
from actors.text.plain.settings import TextSettings
from tests.support.descriptions import lowered, plain_cells


def fast(cache_mb: int = 256) -> FastEngine:
    return FastEngine(model.load(), TextSettings(cache_mb=cache_mb))


@pytest.mark.parametrize(("cache_mb", "begins_anew"), [(1, True), (3, False)])
def test_forgetting_changes_no_cell(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, cache_mb: int, begins_anew: bool
) -> None:
    load = Mock(wraps=model.load)
    monkeypatch.setattr(model, "load", load)
    monkeypatch.setattr(engine, "_PAGE_CHARS", 2000)
    small = fast(cache_mb)
    forget = Mock(wraps=small._analyzer.forget_wide_windows)
    monkeypatch.setattr(small._analyzer, "forget_wide_windows", forget)
    texts = lowered(160, seed=4)
    assert small.clean(texts) == plain_cells(nlp, texts)
    assert small._held_bytes <= cache_mb << 20
    assert forget.called
    assert (load.call_count > 1) == begins_anew


def test_a_model_that_was_altered_since_is_not_begun_with_anew(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, tmp_path: Path
) -> None:
    small = fast(1)
    texts = lowered(160, seed=4)
    with monkeypatch.context() as altered:
        altered.setattr(model, "locate", lambda: tmp_path)
        with pytest.raises(DropforgeError) as raised:
            small.clean(texts)
        assert raised.value.code is Code.MODEL_ALTERED
    assert small.clean(texts) == plain_cells(nlp, texts)


def test_every_decision_can_be_spacys(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    """With a guard that no margin passes, each move and each tag goes the way of close calls."""
    for module in (analysis, encoder):
        monkeypatch.setattr(module, "GUARD", 1e9)
    texts = lowered(4, seed=6)
    assert fast().clean(texts) == plain_cells(nlp, texts)


def test_spans_larger_than_a_group(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    for module in (engine, scoring):
        monkeypatch.setattr(module, "TABLE_TOKENS", 12)
    texts = ["key features pack of 3 cotton helps keep women's boxes tidy " * 3, *lowered(20, seed=7)]
    assert fast().clean(texts) == plain_cells(nlp, texts)


def test_groups_are_alike_in_tokens_and_in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TABLE_TOKENS", 100)
    sizes = np.array([9, 1, 30, 5, 1, 250, 7, 2, 60, 3] * 3)
    groups = engine._groups(np.stack((np.zeros_like(sizes), sizes), axis=1))
    assert sorted(number for group in groups for number in group.tolist()) == list(range(len(sizes)))
    tokens = [int((sizes[group] + LOOK_AHEAD).sum()) for group in groups]
    assert all(0 < count <= 100 + sizes.max() + LOOK_AHEAD for count in tokens)
    assert len(groups) <= -(-sum(tokens) // 100)
    assert all(sizes[left].max() <= sizes[right].min() for left, right in pairwise(groups))
    alike = np.full(17, 10)
    counts = [len(group) for group in engine._groups(np.stack((np.zeros_like(alike), alike), axis=1))]
    assert max(counts) - min(counts) <= 1, "no last group of what is left over"


def test_a_text_larger_than_a_page(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    monkeypatch.setattr(engine, "_PAGE_CHARS", 100)
    texts = ["boxes", " ".join(lowered(40, seed=8)), "shirts"]
    assert fast().clean(texts) == plain_cells(nlp, texts)


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
    decide = scoring.SpacyMoves.decide

    def childless(self, vectors, rows, valid):
        rows[5:] = 0
        return decide(self, vectors, rows, valid)

    patch.setattr(analysis, "GUARD", np.inf)
    patch.setattr(scoring.SpacyMoves, "decide", childless)


def mix_up_moves(patch: pytest.MonkeyPatch) -> None:
    tabulate = scoring.MoveScorer.tabulate

    def mixed(self, vectors):
        layers = tabulate(self, vectors)
        return layers._replace(upper=layers.upper[:, ::-1].copy())

    patch.setattr(scoring.MoveScorer, "tabulate", mixed)


def ignore_neighbours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("actors.text.fast.lemmas.Lemmas._is_named", lambda self, word: False)


def mirror_layers(patch: pytest.MonkeyPatch) -> None:
    apply = encoder.Layer.apply
    patch.setattr(encoder.Layer, "apply", lambda self, triples: apply(self, triples[:, ::-1].copy()))


def round_coarsely(patch: pytest.MonkeyPatch) -> None:
    apply = encoder.Layer.apply
    patch.setattr(encoder.Layer, "apply", lambda self, triples: apply(self, triples) + np.float32(2e-5))


@pytest.mark.parametrize(
    "break_it",
    [mute_auxiliaries, trust_cuts, ignore_children, mix_up_moves, ignore_neighbours, mirror_layers, round_coarsely],
)
def test_the_self_check_finds_a_broken_fact(monkeypatch: pytest.MonkeyPatch, break_it) -> None:
    break_it(monkeypatch)
    with pytest.raises(DropforgeError, match="self-check") as caught:
        fast()
    assert caught.value.code is Code.MODEL_ALTERED
    assert "text.engine: spacy" in caught.value.message
    assert "pip install" in caught.value.message


def test_the_self_checks_texts_show_auxiliaries(nlp: Language) -> None:
    lemmas = {lemma for cell in plain_cells(nlp, [*self_check.TEXTS]) for lemma in cell.split()}
    assert {"employs", "helps", "features", "helped", "needs"} <= lemmas
    assert [text.lower() for text in self_check.TEXTS] == [*self_check.TEXTS]


def test_a_network_of_an_odd_width_is_refused(monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    monkeypatch.setattr(scoring, "HIDDEN_AT_A_TIME", 7)
    with pytest.raises(ValueError, match="hidden units"):
        scoring.MoveScorer(nlp)
