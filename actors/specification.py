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
from dataclasses import dataclass

# Possessive repeats and the brace that always follows in `_entries` keep it linear on hostile text.
_ENTRY_WITH_KEY = re.compile(r'=>"([^"}]*+)"[^}]*?=>"([^"}]*+)"[^}]*+}')


@dataclass(frozen=True, slots=True)
class Attributes:
    """`text`: the key-values as a JSON object in ASCII. `entries_without_key`: how many entries aren't in it."""

    text: str
    entries_without_key: int


def parse_attributes(specification: str) -> Attributes:
    entries = _entries(specification)
    pairs = _ENTRY_WITH_KEY.findall(entries)
    return Attributes(json.dumps(dict(pairs)), entries.count("}") - len(pairs))


def _entries(specification: str) -> str:
    """The entries, up to the last one's closing brace."""
    line = specification.partition("\n")[0]
    start, end = line.find("["), line.rfind("]")
    if start < 0 or end < start:
        return ""
    return line[start : line.rfind("}", start, end) + 1]
