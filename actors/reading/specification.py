"""Product specifications to JSON, cell for cell as the reference's `parse_attributes` does.

    {"product_specification"=>[{"key"=>"Type", "value"=>"Shorts"}, {"value"=>"3 shorts"}]}

Entries are what ends with a brace between the first `[` and the last `]` of the first line. An entry's first
two quoted texts behind `=>` are its key and value, whatever stands before them. Of equal keys the last value
is kept, in the first one's place. The reference drops entries without such a pair; so does this, but counts them.

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
    """`text`: the key-values as a JSON object in ASCII. `entries_without_key`: how many entries aren't in it."""

    text: str
    entries_without_key: int


def parse_attributes(specification: str) -> Attributes:
    pairs = [*map(_kept_pairs.__getitem__, _entries(specification))]
    members = dict(filter(None, pairs))
    return Attributes(f"{{{', '.join(members.values())}}}", pairs.count(None))


def _pair(entry: str) -> tuple[str, str] | None:
    """The entry's key, and key and value as a member of a JSON object."""
    found = _KEY_AND_VALUE.search(entry)
    return (found[1], f"{_encode(found[1])}: {_encode(found[2])}") if found else None


class _KeptPairs(dict[str, tuple[str, str] | None]):
    """`_pair` of entries of ordinary length, kept until they are too many: most of a catalogue's entries come again.

    Not `functools.lru_cache`, which keeps the order of use too: that took a third longer an entry.
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
    """The entries, without their closing braces."""
    line_end = specification.find("\n")
    line = specification if line_end < 0 else specification[:line_end]
    start, end = line.find("["), line.rfind("]")
    if not 0 <= start < end:
        return []
    entries = line[start:end].split("}")
    entries.pop()
    return entries
