"""Attributes against the reference's rule in its plain form: two patterns and a walk over characters."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.reading import specification as module
from actors.reading.specification import parse_attributes

LIST = re.compile(r"(.*?)\[(.*)\](.*)")
PAIR = re.compile(r'(.*?)=>"(.*?)"(.*?)=>"(.*?)"(.*)')


def plain(specification: str) -> tuple[dict[str, str], int]:
    pairs: dict[str, str] = {}
    without_key = 0
    found = LIST.match(specification)
    entry = ""
    for character in found.group(2) if found else "":
        if character != "}":
            entry += character
            continue
        pair = PAIR.match(entry)
        if pair:
            pairs[pair.group(2)] = pair.group(4)
        else:
            without_key += 1
        entry = ""
    return pairs, without_key


def assert_as_plain(specification: str) -> None:
    pairs, without_key = plain(specification)
    parsed = parse_attributes(specification)
    assert parsed.text == json.dumps(pairs)
    assert parsed.entries_without_key == without_key


@pytest.mark.parametrize(
    ("specification", "text", "without_key"),
    [
        ('{"product_specification"=>[{"key"=>"Type", "value"=>"Shorts"}]}', '{"Type": "Shorts"}', 0),
        ('[{"key"=>"A", "value"=>"1"}, {"key"=>"B", "value"=>"2"}]', '{"A": "1", "B": "2"}', 0),
        (
            '[{"key"=>"A", "value"=>"1"}, {"key"=>"B", "value"=>"2"}, {"key"=>"A", "value"=>"3"}]',
            '{"A": "3", "B": "2"}',
            0,
        ),
        ('[{"value"=>"3 shorts"}, {"key"=>"A", "value"=>""}]', '{"A": ""}', 1),
        ('{"product_specification"=>{"key"=>"Type", "value"=>"Shorts"}}', "{}", 0),
        ('[{"key"=>"Grö\\u00dfe", "value"=>"5\u20ac"}]', '{"Gr\\u00f6\\\\u00dfe": "5\\u20ac"}', 0),
        ('[{"key"=>"A}B", "value"=>"1"}]', "{}", 2),
        ('[{"key"=>"A", "value"=>"1]"}] {"key"=>"B", "value"=>"2"}', '{"A": "1]"}', 0),
        ('[{"key"=>"A", "value"=>"1"}', "{}", 0),
        ('\n[{"key"=>"A", "value"=>"1"}]', "{}", 0),
        ('[{"key"=>"A", "value"=>"1"},\n{"key"=>"B", "value"=>"2"}]', "{}", 0),
        ('[{"key"=>"A", "value"=>nil}]', "{}", 1),
        ("nil", "{}", 0),
        ("", "{}", 0),
    ],
)
def test_a_specification_becomes_json(specification: str, text: str, without_key: int) -> None:
    parsed = parse_attributes(specification)
    assert (parsed.text, parsed.entries_without_key) == (text, without_key)
    assert_as_plain(specification)


words = st.text(st.sampled_from('ab"}]{[=>\n\r é,\\'), max_size=6)
entries = st.one_of(
    st.builds('{{"key"=>"{}", "value"=>"{}"}}'.format, words, words),
    st.builds('{{"value"=>"{}"}}'.format, words),
    st.builds('{{"key"=>{}, "value"=>"{}"}}'.format, words, words),
)
listed = st.lists(entries, max_size=6).map(", ".join)
structured = st.builds('{}{{"product_specification"=>[{}]}}{}'.format, words, listed, words)
tokens = st.lists(st.sampled_from(['=>"', '"', "=>", "{", "}", "[", "]", "k", "\n", "\r", "\u2028", "é"]), max_size=25)


@settings(max_examples=250)
@given(st.one_of(structured, tokens.map("".join), tokens.map(lambda t: "[" + "".join(t) + "}]"), st.text()))
@example('[=>"=>"=>"}]')
def test_every_text_gives_what_the_plain_rule_gives(specification: str) -> None:
    assert_as_plain(specification)


def test_the_sample_gives_what_the_plain_rule_gives(shared_data: Path) -> None:
    with (shared_data / "flipkart_sample.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert_as_plain(row["product_specifications"])


def test_only_so_many_entries_are_kept_and_no_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = module._KeptPairs()
    monkeypatch.setattr(module, "_kept_pairs", kept)
    monkeypatch.setattr(module, "_KEPT_ENTRIES", 10)
    entry = '{{"key"=>"{}", "value"=>"{}"}}'.format
    for number in range(25):
        assert_as_plain(f"[{entry(number, number)}, {entry('long', 'x' * module._LONGEST_KEPT)}]")
        assert 0 < len(kept) <= 10
        assert all(len(text) <= module._LONGEST_KEPT for text in kept)
