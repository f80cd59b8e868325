"""Splits a record's text into its fields with the standard library's parser."""

from __future__ import annotations

import csv

# The parser's limit applies to the whole process and is lower than ours. Records are limited before they come here.
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))


def split_fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record, which must be without its line end. Line ends inside it must be quoted."""
    return next(csv.reader((record,), delimiter=delimiter))
