"""Records as CSV and back, by the standard library."""

from __future__ import annotations

import csv
import io


def records_of(data: bytes) -> list[dict[str, str]]:
    """A CSV's records by column."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def csv_of(records: list[dict[str, str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Records with equal columns as a CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode(encoding)
