"""Marks say the same as a look at every byte, across the edges of their words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.csv.marks import ahead, behind, count_before, counts, escaped, last_place, marks, places, with_odd_count

# Runs of bytes, so that words without a mark and words full of them come up.
blocks = st.lists(st.tuples(st.sampled_from(b'"a'), st.integers(1, 130)), max_size=6).map(
    lambda runs: b"".join(bytes([byte]) * count for byte, count in runs)
)


def bits(words: np.ndarray, size: int) -> list[bool]:
    return np.unpackbits(words.view(np.uint8), bitorder="little")[:size].astype(bool).tolist()


def of(block: bytes) -> tuple[np.ndarray, list[bool]]:
    plain = [byte == ord('"') for byte in block]
    return marks(np.frombuffer(block, np.uint8), ord('"')), plain


@given(blocks)
def test_places_are_those_of_the_byte(block: bytes) -> None:
    words, plain = of(block)
    assert places(words).tolist() == [at for at, marked in enumerate(plain) if marked]


@given(blocks)
def test_neighbours_are_the_places_beside(block: bytes) -> None:
    words, plain = of(block)
    assert bits(behind(words), len(block)) == [False, *plain][: len(block)]
    assert bits(ahead(words), len(block)) == [*plain, False][1:][: len(block)]


@given(blocks)
def test_odd_counts_are_those_of_the_bytes(block: bytes) -> None:
    words, plain = of(block)
    assert bits(with_odd_count(words), len(block)) == [sum(plain[: at + 1]) % 2 == 1 for at in range(len(block))]


@given(blocks.filter(bool))
def test_the_last_place_is_the_last_byte(block: bytes) -> None:
    words, plain = of(block)
    assert bool(words[-1] & last_place(len(block))) is plain[-1]


@given(blocks)
def test_escaped_is_what_is_behind_an_escape_not_escaped_itself(block: bytes) -> None:
    escape, plain, is_escaped = ord('"'), [], False
    for byte in block:
        plain.append(is_escaped)
        is_escaped = byte == escape and not is_escaped
    assert bits(escaped(np.frombuffer(block, np.uint8), escape), len(block)) == plain


@given(blocks, st.data())
def test_marks_are_counted_up_to_a_place(block: bytes, draw: st.DataObject) -> None:
    words, plain = of(block)
    at = draw.draw(st.lists(st.integers(0, len(block)), max_size=4))
    found = count_before(words, counts(words), np.array(at, dtype=np.int64))
    assert found.tolist() == [sum(plain[:place]) for place in at]
