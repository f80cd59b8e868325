"""The filter language, against its documented grammar and against Python's own logic."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from google.api_core.exceptions import InvalidArgument
from hypothesis import given
from hypothesis import strategies as st

from infra.local.pubsub.filter import compile_filter

COM = {"domain": "com", "language": "en"}


@pytest.mark.parametrize(
    ("source", "matches"),
    [
        ("", True),
        ("  ", True),
        ("attributes:domain", True),
        ('attributes:"domain"', True),
        ("attributes:host", False),
        ("NOT attributes:host", True),
        ("-attributes:domain", False),
        ("NOT NOT attributes:domain", True),
        ('attributes.domain = "com"', True),
        ('attributes.domain="COM"', False),
        ('attributes . domain = "com"', True),
        ('attributes.domain != "com"', False),
        ('attributes.host != "com"', True),
        ('hasPrefix(attributes.domain, "co")', True),
        ('hasPrefix(attributes.domain,"om")', False),
        ('hasPrefix(attributes.host, "")', False),
        ('attributes:domain AND attributes.language = "de"', False),
        ('attributes:host OR attributes.language = "en"', True),
        ('attributes:domain AND (attributes:host OR attributes.language = "en")', True),
        ("NOT attributes:host AND attributes:domain", True),
        ("NOT (attributes:host OR attributes:domain)", False),
        ("attributes:domain AND attributes:language AND attributes:host", False),
    ],
)
def test_a_filter_says_which_messages_pass(source: str, matches: bool) -> None:
    assert compile_filter(source)(COM) is matches


@pytest.mark.parametrize(
    "source",
    [
        "attributes",
        "attributes.domain",
        "attributes.domain =",
        "attributes.domain = com",
        "attributes.domain = 1",
        "attributes.domain = null",
        "attributes.domain > 1",
        'attributes.domain == "com"',
        'domain = "com"',
        'attributes.domain = "com',
        "attributes:domain attributes:host",
        "attributes:domain AND",
        "attributes:domain and attributes:host",
        "attributes:domain AND attributes:host OR attributes:language",
        "(attributes:domain",
        "attributes:domain)",
        'hasPrefix(attributes.domain "c")',
        'hasPrefix(data, "c")',
        "attributes:=",
        "NOT",
        f'attributes.domain = "{"x" * 256}"',
        "(" * 256,
    ],
)
def test_a_filter_that_does_not_parse_is_refused(source: str) -> None:
    with pytest.raises(InvalidArgument, match="Invalid filter"):
        compile_filter(source)


def test_a_mix_of_and_and_or_is_told_to_use_parentheses() -> None:
    with pytest.raises(InvalidArgument, match="without parentheses"):
        compile_filter("attributes:a AND attributes:b OR attributes:c")


KEYS = st.sampled_from(["a", "b-c", "iana.org/tag"])
VALUES = st.sampled_from(["", "x", "xy", 'q"\\', "é"])


def _comparisons() -> st.SearchStrategy[tuple[str, str]]:
    """Pairs of a filter and the same condition as a Python expression over `m`."""

    def written(kind: str, key: str, value: str) -> tuple[str, str]:
        name, literal = json.dumps(key), json.dumps(value)
        starts = f"({key!r} in m and m[{key!r}].startswith({value!r}))"
        return {
            "has": (f"attributes:{name}", f"({key!r} in m)"),
            "equals": (f"attributes.{name} = {literal}", f"(m.get({key!r}) == {value!r})"),
            "differs": (f"attributes.{name}!={literal}", f"(m.get({key!r}) != {value!r})"),
            "prefix": (f"hasPrefix(attributes.{name},{literal})", starts),
        }[kind]

    return st.builds(written, st.sampled_from(["has", "equals", "differs", "prefix"]), KEYS, VALUES)


def _combined(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    def joined(operator: str, terms: list[tuple[str, str]]) -> tuple[str, str]:
        source = f" {operator} ".join(f"({term})" for term, _ in terms)
        return source, "(" + f" {operator.lower()} ".join(oracle for _, oracle in terms) + ")"

    def negated(term: tuple[str, str], sign: str) -> tuple[str, str]:
        return f"{sign}({term[0]})", f"(not {term[1]})"

    return st.one_of(
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(negated, inner, st.sampled_from(["NOT ", "-"])),
    )


@given(
    st.recursive(_comparisons(), _combined, max_leaves=5).filter(lambda pair: len(pair[0].encode()) <= 256),
    st.dictionaries(KEYS, VALUES),
)
def test_a_filter_means_what_the_same_python_expression_means(pair: tuple[str, str], m: dict[str, str]) -> None:
    source, oracle = pair
    assert compile_filter(source)(m) is eval(oracle, {"m": m})


PIECES = [*'()"\\.,:=!-', "AND ", "OR ", "NOT ", "attributes", "hasPrefix", "a ", "é"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_a_filter_or_is_refused(source: str) -> None:
    with suppress(InvalidArgument):
        compile_filter(source)({})
