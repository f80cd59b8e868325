"""Converts specifications in the syntax that the catalogue says to JSON objects of texts.

Whatever the syntax: of equal keys the last value is kept, at the position of the first; a member without a value (nil,
null) is left out; a list of values is joined with commas; other values are JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from actors.model.catalogue import AttributeColumnPairs, Catalogue

from .key_values import key_values
from .ruby_hash import parse_ruby
from .specification import Attributes, parse_attributes

Read = Callable[[str], Attributes]

_KEYS = ("key", "name")
_NONE = r"(?:\[\s*+]|\{\s*+}|nil|null)"
_NOTHING = re.compile(rf'\s*+(?:\{{\s*+(?:"[^"]*+"\s*+(?:=>|:)\s*+{_NONE}\s*+)?}}|{_NONE})?\s*+')
_encode = json.JSONEncoder().encode


def specification_reader(catalogue: Catalogue) -> Read:
    """From a cell of `ShardFrame.rows` to its attributes; `{}` if it has none, or can't be read."""
    one: Read
    match catalogue.specification_format:
        case "reference":
            one = parse_attributes
        case "ruby_hash":
            one = _ruby_hash
        case "json":
            one = _json
        case "pairs" | "columns":
            one = _pairs(catalogue)
        case "auto":
            one = _auto(catalogue)
    if not catalogue.has_several("specifications"):
        return one
    named = catalogue.specification_format == "columns"
    if named or isinstance(catalogue.columns.specifications, AttributeColumnPairs):
        return _named_cells
    return partial(_merged, one)


def says_something(cell: str) -> bool:
    """Whether a cell is more than blank, nil or an empty list, so that it should have attributes."""
    return not _NOTHING.fullmatch(cell)


def _ruby_hash(cell: str) -> Attributes:
    """What is not Ruby's text all through, such as a hash with a quote too many, is read as the reference reads it."""
    try:
        return _attributes(parse_ruby(cell))
    except ValueError:
        return parse_attributes(cell)


def _json(cell: str) -> Attributes:
    try:
        return _attributes(_loads(cell))
    except (ValueError, RecursionError):
        return Attributes("{}", 0)


def _pairs(catalogue: Catalogue) -> Read:
    def read(cell: str) -> Attributes:
        if _NOTHING.fullmatch(cell):
            return Attributes("{}", 0)
        members, without_key = key_values(
            cell, catalogue.specification_pair_delimiter, catalogue.specification_key_delimiter
        )
        return Attributes(_encode(members), without_key)

    return read


def _auto(catalogue: Catalogue) -> Read:
    pairs = _pairs(catalogue)

    def read(cell: str) -> Attributes:
        if cell.lstrip()[:1] not in ("{", "["):
            return pairs(cell)
        found = _json(cell)
        return found if found.text != "{}" or found.entries_without_key else _ruby_hash(cell)

    return read


def _named_cells(cell: str) -> Attributes:
    """Pairs of names and values, of columns each."""
    members: dict[str, str] = {}
    without_key = 0
    for name, value in json.loads(cell) if cell else []:
        if name:
            members[name] = value.strip()
        else:
            without_key += 1
    return Attributes(_encode(members), without_key)


def _merged(read: Read, cell: str) -> Attributes:
    """The attributes of the cells of several columns together."""
    members: dict[str, str] = {}
    without_key = 0
    for _, each in json.loads(cell) if cell else []:
        found = read(each)
        members.update(json.loads(found.text))
        without_key += found.entries_without_key
    return Attributes(_encode(members), without_key)


def _loads(cell: str) -> Any:
    # Numbers stay the text that they are: `1.50` and `1e400` too.
    return json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)


def _attributes(value: Any) -> Attributes:
    members: dict[str, str] = {}
    without_key = _collect(value, members)
    return Attributes(_encode(members), without_key)


def _collect(value: Any, members: dict[str, str]) -> int:
    """Adds what a value says to `members`; returns the number of entries without a key and a value."""
    if isinstance(value, dict):
        if pair := _pair(value):
            members.update([pair])
            return 0
        if len(value) == 1:
            (inner,) = value.values()
            if _is_specification(inner):
                return _collect(inner, members)
        members.update((key, _text(member)) for key, member in value.items() if key and member not in (None, [], {}))
        return sum(not key for key in value)
    if isinstance(value, list):
        return sum(_collect_entry(entry, members) for entry in value)
    return 0


def _collect_entry(entry: Any, members: dict[str, str]) -> int:
    if isinstance(entry, dict):
        if pair := _pair(entry):
            members.update([pair])
            return 0
        if _names_a_part(entry):
            return 1
        return _collect(entry, members) if entry else 0
    if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and entry[0] and entry[1] is not None:
        members[entry[0]] = _text(entry[1])
        return 0
    if isinstance(entry, str):
        found, without_key = key_values(entry, "\n", "auto")
        members.update(found)
        return without_key
    return 1


def _pair(entry: dict[str, Any]) -> tuple[str, str] | None:
    """The key and the value of an entry such as `{"key": …, "value": …}`, which may have other members too."""
    by_name = {name.casefold(): member for name, member in entry.items()}
    value = by_name.get("value")
    for name in _KEYS:
        key = by_name.get(name)
        if isinstance(key, str) and key and value is not None:
            return key, _text(value)
    return None


def _names_a_part(entry: dict[str, Any]) -> bool:
    """Whether an entry of a list has a key or a value, but not both."""
    return bool(entry) and all(name.casefold() in (*_KEYS, "value") for name in entry)


def _is_specification(value: Any) -> bool:
    """Whether what a hash with a single member holds is the specification, as in `{"product_specification": …}`."""
    if isinstance(value, list):
        return any(isinstance(entry, dict) for entry in value)
    return isinstance(value, dict)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if value is True or value is False or value is None:
        return _encode(value)
    return json.dumps(value, ensure_ascii=False)
