"""Ruby's text of hashes, as Ruby 3.1 and 3.4 print it."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.reading.ruby_hash import MOST_DEPTH, parse_ruby


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Ruby 3.1.2
        (
            r'"\u0001\u007F\u0000é😀\e\#{a} #a \#$c \#@d \\ \" / \t\r\n"',
            '\x01\x7f\0é😀\x1b#{a} #a #$c #@d \\ " / \t\r\n',
        ),
        (r'"\xC3\xA9"', "é"),
        (r'"\xE9é"', "\\xe9é"),
        (r'{"a"=>"b", :c=>nil, :"d e"=>1.5, :f?=>true, 1=>[1, -2, 1.0e+20], :k=>:"é x"}', None),
        # Ruby 3.4.1
        (r'{"a" => "b", c: nil, "d e": 1.5, f?: true, 1 => [1, -2, 1.0e+20], k: :"é x"}', None),
        ('{"a" => {}, "b" => []}', {"a": {}, "b": []}),
        # JSON
        ('{"a":"b","c":{"d":["e",null,false]}}', {"a": "b", "c": {"d": ["e", None, "false"]}}),
        (' [ "a" , "b" ] ', ["a", "b"]),
        ("nil", None),
        (r'"\u{1F600 41}"', "😀A"),
        (r'"\u{FFFFFFFF}"', "\\u{FFFFFFFF}"),
    ],
)
def test_what_ruby_prints(text: str, value: object) -> None:
    mixed = {"a": "b", "c": None, "d e": "1.5", "f?": "true", "1": ["1", "-2", "1.0e+20"], "k": "é x"}
    assert parse_ruby(text) == (value if value is not None or text == "nil" else mixed)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a"}', '{"a"=>}', '{"a"=>"b"', '{"a"=>"b",', '["a" "b"]', '"a" "b"', '"a', "#<Object>", "{,}", "abc"],
)
def test_what_is_no_ruby_text(text: str) -> None:
    with pytest.raises(ValueError, match="not Ruby hash text from character"):
        parse_ruby(text)


def test_depth_is_bounded() -> None:
    assert parse_ruby("[" * MOST_DEPTH + "]" * MOST_DEPTH)
    for text in ("[" * 100_000, '{"a"=>' * 100_000):
        with pytest.raises(ValueError, match="nested deeper"):
            parse_ruby(text)


def inspected(text: str) -> str:
    """As `String#inspect` of Ruby 3.1 writes printable text (the same in 3.4)."""
    escaped = re.sub(r'(["\\]|#(?=[{$@]))', r"\\\1", text)
    return '"' + escaped.replace("\n", r"\n").replace("\t", r"\t").replace("\0", r"\u0000") + '"'


TEXTS = st.text(st.sampled_from('ab"\\#{$@=>, :[]}\n\té\0') | st.characters(categories=["L", "N"]), max_size=10)


@given(st.dictionaries(TEXTS, TEXTS))
def test_any_hash_of_strings_reads_back(expected: dict[str, str]) -> None:
    pairs = [(inspected(key), inspected(value)) for key, value in expected.items()]
    assert parse_ruby("{" + ", ".join(f"{key}=>{value}" for key, value in pairs) + "}") == expected
    assert parse_ruby("{" + ", ".join(f"{key} => {value}" for key, value in pairs) + "}") == expected
    assert parse_ruby("{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}") == expected


@given(st.text(st.sampled_from('ab"\\#{}[]=>,: \nnil1.eé')) | st.text())
@example('"' + "\\x" * 100_000)
@example("{" + " " * 200_000)
@example("a" * 200_000)
@example("1" * 200_000)
@example(":" + "a" * 200_000)
@example('["' + "\\u{41" * 50_000 + '"]')
@example('"' + "\\u{" + "41 " * 100_000 + '}"')
def test_no_text_is_too_much(text: str) -> None:
    with suppress(ValueError):
        parse_ruby(text)
