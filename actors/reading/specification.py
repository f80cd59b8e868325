"""Converts product specifications to JSON, with the same cells as the reference's `parse_attributes`.

    {"product_specification"=>[{"key"=>"Type", "value"=>"Shorts"}, {"value"=>"3 shorts"}]}

Entries are the texts that end with a brace between the first `[` and the last `]` of the first line. The first two
quoted texts after `=>` in an entry are its key and value, whatever is before them. Of equal keys the last value is
kept, at the position of the first. Like the reference, this drops entries without such a pair, but it counts them.

Source: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing/datacleaner.py at 1e5775ea.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_KEY_AND_VALUE = re.compile(r'=>"([^"]*+)".*?=>"([^"]*+)"')
_encode = json.JSONEncoder().encode

_KEPT_ENTRIES = 1 << 15
_LONGEST_KEPT = 256


class Attributes(NamedTuple):
    """`text` is the key-value pairs as a JSON object in ASCII; `entries_without_key` the number of dropped entries."""

    text: str
    entries_without_key: int


def parse_attributes(specification: str) -> Attributes:
    """The attributes of one specification cell; `{}` if it has none."""
    pairs = [*map(_kept_pairs.__getitem__, _entries(specification))]
    members = dict(filter(None, pairs))
    return Attributes(f"{{{', '.join(members.values())}}}", pairs.count(None))


def _pair(entry: str) -> tuple[str, str] | None:
    """The entry's key, and its key and value as a member of a JSON object; None if it has no such pair."""
    found = _KEY_AND_VALUE.search(entry)
    return (found[1], f"{_encode(found[1])}: {_encode(found[2])}") if found else None


class _KeptPairs(dict[str, tuple[str, str] | None]):
    """A cache of `_pair` for entries of ordinary length, cleared when full: most entries of a catalogue recur.

    `functools.lru_cache` also maintains the order of use, and took a third longer per entry.
    """

    def __missing__(self, entry: str) -> tuple[str, str] | None:
        pair = _pair(entry)
        if len(entry) <= _LONGEST_KEPT:
            if len(self) >= _KEPT_ENTRIES:
                self.clear()
            self[entry] = pair
        return pair


_kept_pairs = _KeptPairs()


def _entries(specification: str) -> list[str]:
    """The entries without their closing braces."""
    line_end = specification.find("\n")
    line = specification if line_end < 0 else specification[:line_end]
    start, end = line.find("["), line.rfind("]")
    if not 0 <= start < end:
        return []
    entries = line[start:end].split("}")
    entries.pop()
    return entries
