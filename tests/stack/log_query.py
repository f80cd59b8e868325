"""The part of the Logging query language that infra/observability uses, over lines as the application writes them.

"Logging query language" and "Structured logging", Cloud Logging documentation: comparisons with `=`, `:` (contains,
whatever the case) and `=~` (regular expression), joined by AND, OR, NOT, parentheses and line ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Entry = Mapping[str, Any]
Predicate = Callable[[Entry], bool]

_TOKEN = re.compile(
    r"""\s*(?:([()])
        | (AND|OR|NOT)\b
        | ([A-Za-z_]\w*(?:\.(?:\w+|"[^"]*"))*) \s* (=~|=|:) \s* ("(?:[^"\\]|\\.)*"|[^\s()]+))""",
    re.VERBOSE,
)
_SPECIAL = "logging.googleapis.com/"


def entry_of(line: str) -> Entry:
    """A line of a container's output as the log entry that GKE's agent makes of it, with the pod's label."""
    fields = json.loads(line)
    labels = {"k8s-pod/app": "dropforge", "compute.googleapis.com/resource_name": "gke-node-1"}
    return {
        "severity": fields.pop("severity"),
        "timestamp": fields.pop("timestamp"),
        "labels": {**fields.pop(f"{_SPECIAL}labels", {}), **labels},
        "trace": fields.pop(f"{_SPECIAL}trace", ""),
        "spanId": fields.pop(f"{_SPECIAL}spanId", ""),
        "traceSampled": fields.pop(f"{_SPECIAL}trace_sampled", False),
        "resource": {"type": "k8s_container"},
        "jsonPayload": fields,
    }


def parse(query: str) -> Predicate:
    """Raises `ValueError` where the query holds what is not known here."""
    tokens: list[tuple[str, ...]] = []
    at = 0
    text = query.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not understood: {text[at : at + 60]!r}")
        tokens.append(found.groups(default=""))
        at = found.end()
    predicate = _any_of(tokens)
    if tokens:
        raise ValueError(f"left over: {tokens}")
    return predicate


def value_of(entry: Entry, field: str) -> str:
    """A field's text, such as `labels."k8s-pod/app"`; empty where there is none."""
    value: Any = entry
    for name in re.findall(r'"([^"]*)"|(\w+)', field):
        value = value.get(name[0] or name[1], "") if isinstance(value, Mapping) else ""
    return str(value)


def extract(entry: Entry, extractor: str) -> str:
    """A log-based metric's `EXTRACT` or `REGEXP_EXTRACT`."""
    plain = re.fullmatch(r"EXTRACT\((.+)\)", extractor)
    if plain:
        return value_of(entry, plain[1])
    by_expression = re.fullmatch(r'REGEXP_EXTRACT\(([^,]+), "(.+)"\)', extractor)
    if by_expression is None:
        raise ValueError(f"not an extractor: {extractor}")
    found = re.search(by_expression[2], value_of(entry, by_expression[1]))
    return found[1] if found else ""


def _any_of(tokens: list[tuple[str, ...]]) -> Predicate:
    parts = [_all_of(tokens)]
    while tokens and tokens[0][1] == "OR":
        tokens.pop(0)
        parts.append(_all_of(tokens))
    return lambda entry: any(part(entry) for part in parts)


def _all_of(tokens: list[tuple[str, ...]]) -> Predicate:
    parts = [_one(tokens)]
    while tokens and tokens[0][1] != "OR" and tokens[0][0] != ")":
        if tokens[0][1] == "AND":
            tokens.pop(0)
        parts.append(_one(tokens))
    return lambda entry: all(part(entry) for part in parts)


def _one(tokens: list[tuple[str, ...]]) -> Predicate:
    bracket, word, field, operator, literal = tokens.pop(0)
    if word == "NOT":
        negated = _one(tokens)
        return lambda entry: not negated(entry)
    if bracket == "(":
        inner = _any_of(tokens)
        if tokens.pop(0)[0] != ")":
            raise ValueError("a parenthesis is open")
        return inner
    if not field:
        raise ValueError(f"a comparison is missing at {bracket or word}")
    wanted = literal[1:-1].replace('\\"', '"') if literal.startswith('"') else literal
    match operator:
        case "=":
            return lambda entry: value_of(entry, field) == wanted
        case ":":
            return lambda entry: wanted.casefold() in value_of(entry, field).casefold()
    return lambda entry: re.search(wanted, value_of(entry, field)) is not None
