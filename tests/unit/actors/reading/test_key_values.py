from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reading.key_values import key_values


@pytest.mark.parametrize(
    ("text", "members", "without_key"),
    [
        ("Colour: red; Size: M", {"Colour": "red", "Size": "M"}, 0),
        ("Colour: red\nSize: M\r\n", {"Colour": "red", "Size": "M"}, 0),
        ("colour=red|size=M", {"colour": "red", "size": "M"}, 0),
        ("a=1, b=2", {"a": "1", "b": "2"}, 0),
        ("activity=Gym|Yoga,climate=Indoor", {"activity": "Gym|Yoga", "climate": "Indoor"}, 0),  # Magento 2.4
        ("Material: Cotton, Wool; Colour: red", {"Material": "Cotton, Wool", "Colour": "red"}, 0),
        ("Material: Cotton, Wool, Colour: red", {"Material": "Cotton, Wool", "Colour": "red"}, 0),
        ("Material: Cotton, Wool", {"Material": "Cotton, Wool"}, 0),
        ("Time: 10:30; Link: http://a/b=c", {"Time": "10:30", "Link": "http://a/b=c"}, 0),
        ("Key => value; Other=>more", {"Key": "value", "Other": "more"}, 0),
        ("A: 1; B: 2; A: 3", {"A": "3", "B": "2"}, 0),
        ("A: 1; B:;", {"A": "1", "B": ""}, 0),
        ("no pairs here", {}, 1),
        ("http://a/b", {}, 1),
        (": x", {}, 1),
        ("", {}, 0),
        (" \n", {}, 0),
    ],
)
def test_delimiters_are_found_by_what_a_text_has(text: str, members: dict[str, str], without_key: int) -> None:
    found = key_values(text, "auto", "auto")
    assert found == (members, without_key)
    assert list(found[0]) == list(members)


@pytest.mark.parametrize(
    ("text", "pair", "key", "members", "without_key"),
    [
        ("a-1/b-2", "/", "-", {"a": "1", "b": "2"}, 0),
        ("Width: 3; Note: x, y", ",", ":", {"Width": "3; Note: x, y"}, 0),
        ("lost; a: 1", ";", "auto", {"a": "1"}, 1),
        ("Colour:Red:1,Size:M:2", ",", ":", {"Colour": "Red:1", "Size": "M:2"}, 0),  # PrestaShop 8
    ],
)
def test_delimiters_that_are_set(text: str, pair: str, key: str, members: dict[str, str], without_key: int) -> None:
    assert key_values(text, pair, key) == (members, without_key)


WORDS = st.text(st.sampled_from("abé 1-"), min_size=1).map(str.strip).filter(bool)


@given(
    st.dictionaries(WORDS, WORDS, min_size=1),
    st.sampled_from(["; ", "|", "\n", ", "]),
    st.sampled_from([": ", "=", " = "]),
)
def test_any_pairs_read_back(members: dict[str, str], pair: str, key: str) -> None:
    text = pair.join(f"{name}{key}{value}" for name, value in members.items())
    assert key_values(text, "auto", "auto") == (members, 0)
    assert key_values(text, pair.strip() or pair, key) == (members, 0)


@given(st.text(st.sampled_from("ab:=;|,\n "), max_size=40))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    members, without_key = key_values(text, "auto", "auto")
    assert members or without_key or not text.strip(" ;|,\n\t:=")


@pytest.mark.parametrize("unit", [",", ":", "a:", "a=b,", ";|", "=", "\n:"])
def test_no_text_is_too_much(unit: str) -> None:
    key_values(unit * 200_000, "auto", "auto")
