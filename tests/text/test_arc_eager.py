"""What the parser may see and what a clean state means, with made-up scores and no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.text.fast.arc_eager import LOOK_AHEAD, Parse, parse
from actors.text.fast.arrays import Floats, Ints
from actors.text.fast.exact import CONTEXT
from actors.text.fast.page import Page
from actors.text.fast.transitions import BREAK, LEFT, MOVES, REDUCE, RIGHT, ROLES, Layers

VOCABULARY = 6
TEXTS = st.lists(st.integers(1, VOCABULARY), min_size=1, max_size=24)
SEEDS = st.integers(0, 1000)
NO_LAYERS = Layers(
    np.zeros((ROLES, 16), np.float32),
    np.zeros(16, np.float32),
    np.zeros((8, MOVES), np.float32),
    np.zeros(MOVES, np.float32),
    np.arange(MOVES + 1, dtype=np.int32),
)
"""With an infinite guard nothing is asked of them."""


def parse_spans(spans: Sequence[Sequence[int]], ahead: Sequence[Sequence[int]], seed: int) -> Parse:
    """Parse spans of made-up words, each with the words that follow it, by scores drawn for each word and role."""
    weights = np.random.default_rng(seed).normal(size=(ROLES, VOCABULARY + 1, MOVES)).astype(np.float32)
    # Arcs and breaks often enough for sentences to end.
    weights[0, :, [REDUCE, BREAK, LEFT, RIGHT]] += 1
    slots = [0]
    for span, after in zip(spans, ahead, strict=True):
        slots += [*span, *after[:LOOK_AHEAD], *[0] * (LOOK_AHEAD - len(after))]
    word = np.array(slots)
    owner = np.repeat(np.arange(len(spans)), [len(span) + LOOK_AHEAD for span in spans])

    def decide(seen: Ints, valid: Floats) -> Ints:
        for state in seen.T:
            assert len(set(owner[state[state > 0] - 1])) <= 1, "a state sees another span"
        scores = np.stack([weights[role, word[seen[role]]].T for role in range(ROLES)]).sum(0)
        return (scores + valid).argmax(0)

    sizes = np.array([len(span) for span in spans])
    return parse(word[1:] > 0, sizes, np.zeros(len(owner), np.intp), NO_LAYERS, decide, guard=np.inf)


@given(st.lists(TEXTS, min_size=1, max_size=5), SEEDS)
def test_spans_parsed_together_are_as_if_alone(texts: list[list[int]], seed: int) -> None:
    together = parse_spans(texts, [[] for _ in texts], seed)
    assert together.advance.tolist() == [len(text) for text in texts], "a whole text ends clean"
    alone = [parse_spans([text], [[]], seed).auxiliary for text in texts]
    np.testing.assert_array_equal(together.auxiliary, np.concatenate(alone))


@given(TEXTS, st.integers(1, 24), SEEDS)
def test_a_parse_can_begin_at_any_clean_state(text: list[int], cut: int, seed: int) -> None:
    cut = min(cut, len(text))
    whole = parse_spans([text], [[]], seed).auxiliary[: len(text)]
    first = parse_spans([text[:cut]], [text[cut:]], seed)
    at = int(first.advance[0])
    np.testing.assert_array_equal(first.auxiliary[:at], whole[:at])
    if at < len(text):
        rest = parse_spans([text[at:]], [[]], seed).auxiliary[: len(text) - at]
        np.testing.assert_array_equal(rest, whole[at:])


@given(TEXTS, st.lists(st.integers(1, VOCABULARY), min_size=3, max_size=3), SEEDS)
def test_nothing_beyond_the_look_ahead_counts(text: list[int], after: list[int], seed: int) -> None:
    seen = parse_spans([text], [after[:LOOK_AHEAD]], seed)
    longer = parse_spans([[*text, *after]], [[]], seed)
    at = int(seen.advance[0])
    np.testing.assert_array_equal(seen.auxiliary[:at], longer.auxiliary[:at])


def test_made_up_scores_reach_clean_states_inside_texts() -> None:
    """The properties above would be empty otherwise."""
    chance = np.random.default_rng(0)
    texts = [chance.integers(1, VOCABULARY + 1, size=20).tolist() for _ in range(200)]
    advances = [parse_spans([text[:12]], [text[12:]], seed).advance[0] for seed, text in enumerate(texts)]
    assert sum(0 < advance < 12 for advance in advances) > 20


def test_a_spans_key_holds_all_tokens_it_depends_on() -> None:
    def key(types: Ints) -> bytes:
        return Page(types, [], [], types.astype(np.int32).tobytes()).key(12, 20)

    types = np.arange(1, 41)
    for position in range(len(types)):
        changed = types.copy()
        changed[position] = 99
        depends = 12 - CONTEXT <= position < 20 + LOOK_AHEAD + CONTEXT
        assert (key(changed) != key(types)) == depends, position
