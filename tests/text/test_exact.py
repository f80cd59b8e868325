"""The arithmetic that close calls are left to is spaCy's, bit for bit."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from spacy.language import Language

from actors.text.fast.arc_eager import LOOK_AHEAD, parse
from actors.text.fast.arrays import Floats, Ints
from actors.text.fast.exact import GUARD, ExactEncoder
from actors.text.fast.page import Page, lay_out
from actors.text.fast.scoring import MoveScorer, SpacyMoves, meanings
from actors.text.fast.tokens import TokenTypes
from actors.text.fast.transitions import ROLES, best_scores
from actors.text.plain import model

TEXTS = [
    "the lamp employs prevent rust and stains. it employs copper wire!",
    "key features of this multicoloured women's bag: 3 pockets, rs. 499 only",
    "a",
    "two words",
]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return model.load()


@pytest.fixture(scope="module")
def known(nlp: Language) -> TokenTypes:
    return TokenTypes(nlp)


@pytest.fixture(scope="module")
def page(known: TokenTypes) -> Page:
    types, sizes = known.tokenize(TEXTS)
    return lay_out(types, sizes, known)


def test_vectors_and_tags_are_spacys_wherever_the_token_stands(nlp: Language, known: TokenTypes, page: Page) -> None:
    docs = [nlp(text) for text in TEXTS]
    at = np.flatnonzero(page.types)
    exact = ExactEncoder(nlp)
    vectors = exact.vectors(page.types, at, known.embeddings)
    np.testing.assert_array_equal(vectors, np.concatenate([doc.tensor for doc in docs]))
    labels = nlp.get_pipe("tagger").labels  # type: ignore[attr-defined]
    assert [labels[tag] for tag in exact.tags(vectors)] == [token.tag_ for doc in docs for token in doc]


def test_scores_are_spacys_in_every_state(nlp: Language) -> None:
    """Steps spaCy's own parser through a text and scores each of its states both ways."""
    parser: Any = nlp.get_pipe("parser")
    doc = nlp(TEXTS[0])
    vectors = np.asarray(doc.tensor, np.float32)
    step = parser.model.predict([doc])
    states = parser.moves.init_batch([doc])
    spacy_moves, fast = SpacyMoves(nlp), MoveScorer(nlp)
    layers = fast.tabulate(vectors)
    meaning = meanings(nlp)
    steps = 0
    while states:
        rows = step.get_token_ids(states).T + 1
        assert rows.shape == (ROLES, 1)
        scores = step.predict(states)
        np.testing.assert_array_equal(spacy_moves.score(vectors, rows.astype(np.intp)), scores)
        best = [scores[0, meaning == each].max() for each in range(meaning.max() + 1)]
        np.testing.assert_allclose(best_scores(layers, rows[:, 0]), best, atol=GUARD / 4, rtol=0)
        states = parser.transition_states(states, scores)
        steps += 1
    assert steps > len(doc)


def test_the_parser_goes_through_spacys_states(nlp: Language) -> None:
    """Same slots in every role at every step, on jumbled words, which make it change its mind often."""
    parser: Any = nlp.get_pipe("parser")
    scorer = MoveScorer(nlp)
    chance = random.Random(0)
    words = "the lamp helps which keep clean . women 's and 3 of it has been , washed by to features not - soft"
    for _ in range(40):
        doc = nlp(" ".join(chance.choice(words.split()) for _ in range(chance.randint(1, 30))))
        vectors = np.asarray(doc.tensor, np.float32)
        layers = scorer.tabulate(vectors)
        ours: list[list[int]] = []

        def exact(seen: Ints, valid: Floats, vectors: Floats = vectors, ours: list[list[int]] = ours) -> Ints:
            ours.append(seen[:, 0].tolist())
            return SpacyMoves(nlp).decide(vectors, seen, valid)

        exists = np.array([True] * len(doc) + [False] * LOOK_AHEAD)
        rows = np.arange(1, len(exists) + 1) * exists
        parsed = parse(exists, np.array([len(doc)]), rows, layers, exact, np.inf)
        assert parsed.auxiliary[: len(doc)].tolist() == [token.dep_ in ("aux", "auxpass") for token in doc]
        unparsed = nlp.tokenizer(doc.text)
        unparsed.tensor = doc.tensor
        step, states, theirs = parser.model.predict([unparsed]), parser.moves.init_batch([unparsed]), []
        while states:
            theirs.append((step.get_token_ids(states)[0] + 1).tolist())
            states = parser.transition_states(states, step.predict(states))
        assert ours == theirs


def test_among_equal_scores_the_first_move_wins(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    spacy_moves = SpacyMoves(nlp)
    meaning = meanings(nlp)
    scores = np.zeros((1, len(meaning)), np.float32)
    monkeypatch.setattr(spacy_moves, "score", lambda vectors, rows: scores)
    valid = np.zeros((meaning.max() + 1, 1), np.float32)
    nothing = np.empty((0, 0), np.float32), np.zeros((ROLES, 1), np.intp)
    assert spacy_moves.decide(*nothing, valid).tolist() == [meaning[0]]
    valid[meaning[0]] = -np.inf
    later = next(move for move in meaning if move != meaning[0])
    assert spacy_moves.decide(*nothing, valid).tolist() == [later]
