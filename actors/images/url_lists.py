"""The entries of a list of URLs, in whatever syntax a shop wrote it.

A comma separates only where a URL begins behind it: URLs have commas of their own, such as Cloudinary's `w_300,h_200`.
No function here raises, and each takes time in proportion to the cell.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from itertools import pairwise

_ABSOLUTE = re.compile(r"\s*+[\"']?(?:[a-z][a-z0-9+.-]*+:)?//", re.IGNORECASE)
_FILE = re.compile(r"\.[a-z][a-z0-9]{1,4}(?:[?#]\S*)?\s*\Z", re.IGNORECASE)
_SEPARATED_URL = re.compile(r"[,;|\s]\s*+(?=[\"']?(?:[a-z][a-z0-9+.-]*+://|//))", re.IGNORECASE)
_LONGEST_END = 2048

_STRING = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\""""
_PYTHON_LIST = re.compile(rf"[\[(]\s*+(?:(?:{_STRING}|None)(?:\s*+,\s*+|\s++|(?=[\])])))*+[\])]", re.DOTALL)
_PYTHON_ITEM = re.compile(rf"{_STRING}|None", re.DOTALL)


def split_any(cell: str, delimiter: str) -> list[str]:
    """Of JSON, a list as Python prints it, the reference's brackets, or plain text: the one that the cell has.

    JSON may be a list, an object, as PHP writes lists with gaps, or one string; null is an empty entry. In plain text a
    URL begins behind comma, semicolon, vertical bar, whitespace or `delimiter`; text without a whole URL is split at
    the first of these that it has.
    """
    text = cell.strip()
    entries = _json(text) if text[:1] in ("[", "{", '"') else None
    if entries is None and text[:1] in ("[", "("):
        entries = _python_list(text)
    if entries is not None:
        return entries
    if text[:1] in ("[", '"', "'"):
        text = text.lstrip("[ ").rstrip("] ")
        return [entry.strip().strip("\"'") for entry in _plain(text, delimiter)]
    return _plain(text, delimiter)


def split_delimited(cell: str, delimiter: str) -> list[str]:
    """Plain text split at the delimiter; a comma separates only where a URL begins behind it."""
    return _at_commas(cell) if delimiter.strip() == "," else cell.split(delimiter)


def _json(text: str) -> list[str] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, str):
        return [value]
    entries = [*value.values()] if isinstance(value, dict) else value
    if not all(entry is None or isinstance(entry, str) for entry in entries):
        return None
    return [entry or "" for entry in entries]


def _python_list(text: str) -> list[str] | None:
    """The entries of a list or tuple of strings; those of an array that numpy prints have no commas between them."""
    if not _PYTHON_LIST.fullmatch(text):
        return None
    try:
        return [literal_eval(item) or "" for item in _PYTHON_ITEM.findall(text)]  # each a string or None
    except (ValueError, SyntaxError):  # an escape that is none, or a line end inside of quotes
        return None


def _plain(text: str, delimiter: str) -> list[str]:
    if delimiter.strip() not in ("", ",", ";", "|") and delimiter in text:
        return text.split(delimiter)
    starts = [found.end() for found in _SEPARATED_URL.finditer(text)]
    if starts or _ABSOLUTE.match(text):
        return [text[start:end].strip(",;| \t\r\n") for start, end in pairwise([0, *starts, len(text)])]
    for separator in ("|", "\n", ";"):
        if separator in text:
            return text.split(separator)
    return _at_commas(text)


def _at_commas(text: str) -> list[str]:
    entries: list[list[str]] = []
    empty = 0
    for piece in text.split(","):
        if not piece.strip():
            empty += 1
        elif not entries or _begins(piece, entries[-1][-1], entries[-1][0]):
            entries += [[""] for _ in range(empty)]
            entries.append([piece])
            empty = 0
        else:
            entries[-1] += [*[""] * empty, piece]
            empty = 0
    return [",".join(pieces) for pieces in [*entries, *[[""]] * empty]]


def _begins(piece: str, before: str, first: str) -> bool:
    """Whether an entry begins with `piece`. `before` is the last piece of the entry before it, `first` its first.

    Behind a URL without a host, that is a path from the root, or whatever comes behind the extension of a file.
    """
    if _ABSOLUTE.match(piece):
        return True
    if not first.strip():
        return True
    return not _ABSOLUTE.match(first) and (
        piece.lstrip().startswith("/") or _FILE.search(before[-_LONGEST_END:]) is not None
    )
