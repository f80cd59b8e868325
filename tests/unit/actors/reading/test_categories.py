from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.catalogue import Catalogue
from actors.reading.categories import category_levels, category_reader


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


@pytest.mark.parametrize(
    ("cell", "settings", "levels"),
    [
        ('TV > 32" > Smart [new]', {"category_list": "plain"}, ["TV", '32"', "Smart [new]"]),
        ('TV > 32" > Smart [new]', {}, ["TV", "32", "Smart new"]),
        ("Clothing, Clothing > Tops > Tees, New", {"category_paths": "first"}, ["Clothing"]),
        ("Clothing, Clothing > Tops > Tees, New", {"category_paths": "longest"}, ["Clothing", "Tops", "Tees"]),
        ("A > B, C > D", {"category_paths": "longest"}, ["A", "B"]),
        (" , A, B", {"category_paths": "first"}, ["A"]),
        (r"Bags\, Belts > Bags, Sale", {"category_paths": "first"}, ["Bags, Belts", "Bags"]),  # WooCommerce 10.3
        ("A > B|C", {"category_paths": "longest", "category_path_delimiter": "|"}, ["A", "B"]),
        ('["A > B", "C > D > E"]', {"category_paths": "longest"}, ["C", "D", "E"]),
        ("A, B > C", {}, ["A, B", "C"]),
        ("", {"category_paths": "first"}, [""]),
        (", ,", {"category_paths": "longest"}, [""]),
    ],
)
def test_a_cell_by_its_settings(cell: str, settings: dict, levels: list[str]) -> None:
    assert category_reader(Catalogue(category_separator=">", **settings))(cell) == levels


@given(st.lists(st.lists(st.sampled_from(["A", "B c", '32"', "[d]"]), min_size=1, max_size=4), min_size=1, max_size=4))
def test_any_paths_read_back(paths: list[list[str]]) -> None:
    cell = ", ".join(" > ".join(path) for path in paths)
    settings = {"category_separator": ">", "category_list": "plain"}
    assert category_reader(Catalogue(**settings, category_paths="first"))(cell) == paths[0]
    assert category_reader(Catalogue(**settings, category_paths="longest"))(cell) == max(paths, key=len)
