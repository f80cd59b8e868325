"""The plain engine forgets: spaCy by itself keeps every word that it has met."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from spacy.language import Language

from actors.errors import Code, DropforgeError
from actors.text.plain import model, pipeline
from actors.text.plain.pipeline import PlainEngine
from actors.text.plain.settings import TextSettings
from tests.support.descriptions import lowered, plain_cells


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> PlainEngine:
    """One that may learn few words, and looks after every few texts."""
    monkeypatch.setattr(pipeline, "_WORD_BYTES", 1 << 14)
    monkeypatch.setattr(pipeline, "_PAGE_CHARS", 3000)
    return PlainEngine(model.load(), TextSettings(cache_mb=1))


def test_forgetting_changes_no_cell(monkeypatch: pytest.MonkeyPatch, nlp: Language, forgetful: PlainEngine) -> None:
    load = Mock(wraps=model.load)
    monkeypatch.setattr(model, "load", load)
    texts = lowered(60, seed=4)
    assert forgetful.clean(texts) == plain_cells(nlp, texts)
    assert load.called
    assert len(forgetful._nlp.vocab) <= forgetful._most_words


def test_what_is_known_is_kept_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = PlainEngine(model.load(), TextSettings())
    load = Mock(wraps=model.load)
    monkeypatch.setattr(model, "load", load)
    engine.clean(lowered(20, seed=4))
    assert not load.called


def test_a_model_that_was_altered_since_is_not_begun_with_anew(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, forgetful: PlainEngine, tmp_path: Path
) -> None:
    texts = lowered(60, seed=4)
    with monkeypatch.context() as altered:
        altered.setattr(model, "locate", lambda: tmp_path)
        with pytest.raises(DropforgeError) as caught:
            forgetful.clean(texts)
        assert caught.value.code is Code.MODEL_ALTERED
    assert forgetful.clean(texts) == plain_cells(nlp, texts)


@pytest.mark.parametrize("chars", [1, 100, 1 << 20])
def test_how_many_are_analysed_at_a_time_changes_no_cell(
    monkeypatch: pytest.MonkeyPatch, nlp: Language, chars: int
) -> None:
    monkeypatch.setattr(pipeline, "_PAGE_CHARS", chars)
    texts = lowered(30, seed=9)
    assert PlainEngine(nlp, TextSettings()).clean(texts) == plain_cells(nlp, texts)
