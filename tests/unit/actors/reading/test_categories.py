from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reading.categories import category_levels


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ('["Clothing >> Women\'s Clothing >> Shorts"]', ["Clothing", "Women's Clothing", "Shorts"]),
        ('["A"]', ["A"]),
        ("A>>B > C >>>D", ["A", "B > C", ">D"]),
        ('["A >> "B" [new] >> "]', ["A", "B new", ""]),
        ("", [""]),
        ("\tA\u00a0>> \n B", ["A", "B"]),
    ],
)
def test_a_path_is_split_into_levels(path: str, levels: list[str]) -> None:
    assert category_levels(path, ">>") == levels


@given(st.text(st.sampled_from('ab >[]"\n'), max_size=30))
def test_levels_are_what_the_reference_does_plainly(path: str) -> None:
    stripped = path.replace("[", "").replace("]", "").replace('"', "")
    assert category_levels(path, ">>") == [level.strip() for level in stripped.split(">>")]
