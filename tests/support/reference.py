"""The reference's rules, transcribed in their plainest form: what each cell of a catalogue's output must be.

Source of the rules: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing at 1e5775ea, whose
output is the golden file. Here a row is done at a time, with the standard library and spaCy's whole pipeline; nothing
of the application is used. Where the reference loses a row by accident of its readers (a line with too many fields, a
repeated header, bytes that are not UTF-8), the row is left out here too.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import spacy
from spacy.language import Language

REQUIRED = ("description", "image", "product_specifications", "product_category_tree")
KEPT = ("uniq_id", "product_name", "brand", "image")
LEVELS = 8

_LIST = re.compile(r"(.*?)\[(.*)\](.*)")
_ENTRY = re.compile(r'(.*?)=>"(.*?)"(.*?)=>"(.*?)"(.*)')


def language(folder: str) -> Language:
    """The model with all of its components."""
    return spacy.load(folder)


def expected_rows(data: bytes, nlp: Language, is_image: Callable[[str], bool]) -> list[dict[str, str]]:
    """The output's rows. `image_uri` is the stored image's name without folder and extension, empty for none."""
    records = csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"), newline=""))
    header = next(records)
    rows = []
    for record in records:
        if not any(record) or len(record) != len(header) or record == header:
            continue
        row = dict(zip(header, record, strict=True))
        if any(not row[name] for name in REQUIRED) or _has_broken_bytes(record):
            continue
        cells = {name: row[name] for name in KEPT}
        cells["description"] = description(nlp, row["description"])
        cells["image_uri"] = image_name(row["uniq_id"], row["image"], is_image)
        cells["attributes"] = attributes(row["product_specifications"])
        rows.append(cells | levels(row["product_category_tree"]))
    return rows


def description(nlp: Language, text: str) -> str:
    """The lemmas of the lower-cased text, each once, without stop words and what is not alphabetic."""
    lemmas: list[str] = []
    for token in nlp(text.lower()):
        if token.is_stop or not token.is_alpha:
            continue
        if token.lemma_ not in lemmas:
            lemmas.append(token.lemma_)
    return " ".join(lemmas)


def attributes(specification: str) -> str:
    """The pairs of the entries in the first bracket as JSON. An entry ends with a brace; one without a key is lost."""
    found = _LIST.match(specification)
    pairs = {}
    if found:
        for entry in found.group(2).split("}")[:-1]:
            pair = _ENTRY.match(entry)
            if pair:
                pairs[pair.group(2)] = pair.group(4)
    return json.dumps(pairs)


def levels(tree: str) -> dict[str, str]:
    """The category's levels, outermost first; empty where there are fewer."""
    path = tree.replace("[", "").replace("]", "").replace('"', "")
    names = [name.strip() for name in path.split(">>")]
    names += [""] * (LEVELS - len(names))
    return {f"c{at}_name": names[at] for at in range(LEVELS)}


def image_name(identity: str, cell: str, is_image: Callable[[str], bool]) -> str:
    """Of the first URL that gives an image: the row's id and the URL's place in the list."""
    urls = cell.replace("[", "").replace("]", "").replace('"', "").split(",")
    for at, url in enumerate(urls):
        if is_image(url.strip()):
            return f"{identity}_{at}"
    return ""


def _has_broken_bytes(record: list[str]) -> bool:
    return any("\udc80" <= character <= "\udcff" for cell in record for character in cell)
