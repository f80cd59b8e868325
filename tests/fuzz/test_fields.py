"""Each fast way to a record's fields gives what the slow and plain one gives."""

from __future__ import annotations

import csv
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.csv.fields import Field, quoted_fields, quoted_parts, split_fields, strict_fields, unescaped
from actors.model.dialect import Dialect, Escapes

PIECES = ['"', '""', "\\", '\\"', "\\\\", "\n", "\r", ",", "\t", "a", "bc", "N", "é"]
RECORDS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
DELIMITERS = st.sampled_from([",", "\t", ";", "|"])
ESCAPES: st.SearchStrategy[Escapes] = st.sampled_from(["auto", "none", "backslash"])


def parsed(record: str, delimiter: str, *, strict: bool) -> list[str] | None:
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=strict))
    except csv.Error:
        return None


def matched(record: str, delimiter: str) -> tuple[list[Field], bool]:
    """One match a field; a field that keeps no rule is matched again, with what is behind its closing quote."""
    quoted = r'"([^"\\]*(?:\\[\s\S][^"\\]*)*)"'
    other = f"[^{re.escape(delimiter)}]*"
    strict = re.compile(rf'(?:{quoted}()|(?!")({other}))(?={re.escape(delimiter)}|\Z)')
    lenient = re.compile(rf"(?:{quoted}({other})|({other}))")
    fields, at, kept = [], 0, True
    while at <= len(record):
        found = strict.match(record, at)
        kept = kept and found is not None
        found = found or lenient.match(record, at)
        assert found is not None
        inside, behind, bare = found.groups()
        fields.append(Field(bare, False) if inside is None else Field(inside + behind, True))
        at = found.end() + 1
    return fields, kept


@settings(max_examples=1000, derandomize=True)
@given(RECORDS, DELIMITERS)
def test_doubled_quotes_are_the_standard_librarys(record: str, delimiter: str) -> None:
    lenient = parsed(record, delimiter, strict=False)
    if lenient is not None:
        assert split_fields(record, delimiter) == lenient
    assert strict_fields(record, delimiter) == parsed(record, delimiter, strict=True)


@settings(max_examples=1000, derandomize=True)
@given(RECORDS, DELIMITERS)
def test_backslashed_quotes_are_found_by_a_match_a_field(record: str, delimiter: str) -> None:
    fields, kept = matched(record, delimiter)
    assert quoted_fields(record, delimiter) == (fields, kept)
    assert (quoted_parts(record, delimiter) is not None) is kept


@settings(max_examples=1000, derandomize=True)
@given(RECORDS, DELIMITERS, ESCAPES, ESCAPES, st.booleans())
def test_escapes_are_taken_off_pair_by_pair(
    raw: str, delimiter: str, escapes: Escapes, bare: Escapes, quoted: bool
) -> None:
    meaning = escapes if quoted else bare
    dropped = '"' if meaning == "none" else f'"\\\r\n{delimiter}'
    plain = re.sub(r"\\([\s\S])", lambda pair: pair[1] if pair[1] in dropped else pair[0], raw)
    expected = "" if raw == r"\N" and not quoted else plain
    assert unescaped(Field(raw, quoted), delimiter, Dialect("backslash", escapes, bare)) == expected
