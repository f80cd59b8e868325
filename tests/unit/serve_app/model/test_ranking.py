from __future__ import annotations

from serve_app.model.ranking import largest_first


def test_the_largest_is_first_and_equal_ones_by_name() -> None:
    assert largest_first({"b": 1, "c": 7, "a": 1}) == [("c", 7), ("a", 1), ("b", 1)]
