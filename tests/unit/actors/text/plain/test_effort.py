from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from actors.text.plain.effort import effort

PIECES = st.tuples(
    st.sampled_from(["a", "("]),
    st.sampled_from([1, 50, 199, 200, 201, 400, 1000]),
    st.sampled_from([" ", "  ", "\n", "\t", "\x85"]),
)


@given(st.lists(PIECES, min_size=5, max_size=40).map(lambda pieces: "".join(c * n + blank for c, n, blank in pieces)))
@example("x" * 200 + " " + "(" * 201 + " " + "x " * 1000)
@example("(" * 201 + " " + "x " * 1000)
@example("x " * 1000 + "(" * 201)
def test_it_is_the_punctuation_of_each_long_piece(text: str) -> None:
    pieces = [piece for piece in text.split() if len(piece) > 200] if len(text) > 2000 else []
    assert effort(text) == sum(len(piece) * piece.count("(") for piece in pieces)
