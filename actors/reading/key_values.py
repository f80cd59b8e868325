"""Reads attributes of plain text, such as `Colour: red; Size: M` or `colour=red,size=M`.

A part without a key belongs to the value before it: values have commas of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PAIR_DELIMITERS = ("\n", ";", "|", ",")
"""Tried in this order. A delimiter is taken where two or more parts have a key, and no key has another delimiter."""

_KEY_DELIMITER = re.compile(r"=>?|:(?!//)")
_LONGEST_KEY = 200


def key_values(text: str, pair_delimiter: str, key_delimiter: str) -> tuple[dict[str, str], int]:
    """The attributes of a text, and the number of its parts without a key. Either delimiter may be `auto`."""
    if pair_delimiter != "auto":
        return _members(text.split(pair_delimiter), pair_delimiter, key_delimiter)
    chosen = ""
    for delimiter in _PAIR_DELIMITERS:
        if delimiter not in text:
            continue
        parts = [part for part in text.split(delimiter) if part.strip()]
        keys = [_split(part, key_delimiter)[0] for part in parts]
        named = [key for key in keys if key]
        if len(named) > 1 and keys[0] and all(map(_is_clean, named)):
            if len(named) == len(parts):
                chosen = delimiter
                break
            chosen = chosen or delimiter
    if chosen:
        return _members(text.split(chosen), chosen, key_delimiter)
    key, value = _split(text, key_delimiter)
    return ({key: value}, 0) if key and _is_clean(key) else ({}, 1 if text.strip() else 0)


def _members(parts: Sequence[str], delimiter: str, key_delimiter: str) -> tuple[dict[str, str], int]:
    members: dict[str, list[str]] = {}
    last: list[str] | None = None
    without_key = 0
    for part in parts:
        key, value = _split(part, key_delimiter)
        if key:
            # Of equal keys the last value is kept, at the position of the first.
            last = members[key] = [value]
        elif last is not None:
            last.append(part)
        elif part.strip():
            without_key += 1
    return {key: delimiter.join(values).rstrip(f"{delimiter} \t\r\n") for key, values in members.items()}, without_key


def _split(part: str, key_delimiter: str) -> tuple[str, str]:
    """The key and the value of a part, both without whitespace around; the key is empty if it has none."""
    if key_delimiter == "auto":
        found = _KEY_DELIMITER.search(part)
        start, end = found.span() if found else (-1, -1)
    else:
        start = part.find(key_delimiter)
        end = start + len(key_delimiter)
    return (part[:start].strip(), part[end:].strip()) if start > 0 else ("", "")


def _is_clean(key: str) -> bool:
    return len(key) <= _LONGEST_KEY and not any(delimiter in key for delimiter in _PAIR_DELIMITERS)
