"""Product specifications to JSON, cell for cell as the reference's `parse_attributes` does.

    {"product_specification"=>[{"key"=>"Type", "value"=>"Shorts"}, {"value"=>"3 shorts"}]}

Entries are what ends with a brace between the first `[` and the last `]` of the first line. An entry's first
two quoted texts behind `=>` are its key and value, whatever stands before them. Of equal keys the last value
is kept, in the first one's place. The reference drops entries without such a pair; so does this, but counts them.

Source: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing/datacleaner.py at 1e5775ea.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

_OPENING = '=>"'


@dataclass(frozen=True, slots=True)
class Attributes:
    """`text`: the key-values as a JSON object in ASCII. `entries_without_key`: how many entries aren't in it."""

    text: str
    entries_without_key: int


def parse_attributes(specification: str) -> Attributes:
    pairs: dict[str, str] = {}
    without_key = 0
    for entry in _entries(specification):
        pair = _key_value(entry)
        if pair is None:
            without_key += 1
        else:
            pairs[pair[0]] = pair[1]
    return Attributes(json.dumps(pairs), without_key)


def _entries(specification: str) -> list[str]:
    line = specification.partition("\n")[0]
    start, end = line.find("["), line.rfind("]")
    if start < 0 or end < start:
        return []
    return line[start + 1 : end].split("}")[:-1]


def _key_value(entry: str) -> tuple[str, str] | None:
    key = entry.find(_OPENING) + len(_OPENING)
    key_end = entry.find('"', key)
    value = entry.find(_OPENING, key_end + 1) + len(_OPENING)
    value_end = entry.find('"', value)
    if key < len(_OPENING) or key_end < 0 or value < len(_OPENING) or value_end < 0:
        return None
    return entry[key:key_end], entry[value:value_end]
