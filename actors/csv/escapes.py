"""What the backslashes of a head mean: escapes, or text."""

from __future__ import annotations

from actors.model.dialect import DOUBLED, Dialect, Escapes, Quoting

from .doubts import TEXT_FORM_ESCAPES, following
from .evidence import Evidence
from .fields import LINE_ENDS, NULL, escaped_fields, quoted_fields
from .head_records import BACKSLASH, TEXT_FORM, UNQUOTED, HeadRecords

CLEARLY = 10
"""A meaning is sure if it is shown by this many times as many records as contradict it."""


def escapes_of(head: HeadRecords, quoting: Quoting, evidence: Evidence) -> tuple[Escapes, Escapes]:
    """Whether backslashes are escapes in quotes, or without quoting; and whether they are in bare fields."""
    told = head.catalogue.escapes
    is_shown = evidence.doubled > 2 * evidence.backslash or head.catalogue.quoting == "doubled"
    if quoting == "doubled" and (told == "none" or is_shown):
        return "none", "none"
    if told != "auto":
        return told, told
    if quoting == "doubled" and _only_doubled_fits(head):
        return "none", "none"
    if quoting == "backslash":
        return _shown(head, quoted=True), _shown(head, quoted=False)
    if quoting == "none":
        return _shown_without_quotes(head), "none"
    if evidence.quoted or head.header_is_quoted or head.quotes_a_column():
        return "auto", "none"
    shown: Escapes = "auto" if head.quotes_any() else _shown_without_quotes(head)
    return shown, "auto" if shown == "auto" else "none"


def _only_doubled_fits(head: HeadRecords) -> bool:
    """Whether doubled quotes read all records of a head with quotes behind backslashes, and those do not."""
    if b'\\"' not in head.rest or head.delimiter == "\\":
        return False
    return _all_fit(head, DOUBLED) and not _all_fit(head, BACKSLASH)


def _all_fit(head: HeadRecords, dialect: Dialect) -> bool:
    return all(not record.unclosed and head.fits(head.strictly(record.text, dialect)) for record in head.all(dialect))


def _shown(head: HeadRecords, *, quoted: bool) -> Escapes:
    """What the fields with quotes, or those without, of a file with quotes behind backslashes show."""
    escapes = text = quotes = 0
    for record in head.closed(BACKSLASH):
        for field in quoted_fields(record, head.delimiter)[0]:
            if field.quoted is quoted and "\\" in field.raw and (quoted or field.raw != NULL):
                behind = following(field.raw)
                quotes += not quoted and '"' in behind
                as_escapes = behind & {"\\", head.delimiter, *LINE_ENDS}
                escapes += bool(as_escapes)
                text += bool(behind - as_escapes - {'"', ""})
    if escapes > CLEARLY * text and (quoted or quotes):
        return "backslash"
    return "none" if text and text >= escapes and not quotes else "auto"


def _shown_without_quotes(head: HeadRecords) -> Escapes:
    """What the fields of a file that quotes nothing show: whether it is the text form of a database."""
    if not head.backslash_may_escape:
        return "auto"
    behind: set[str] = set()
    nulls = 0
    for record in head.closed(UNQUOTED):
        behind |= following(record) - {""}
        nulls += NULL in record.split(head.delimiter)
    joined = misfits = 0
    for record in head.closed(TEXT_FORM):
        fits = head.fits(escaped_fields(record, head.delimiter))
        joined += fits and not head.reads_unquoted(record)
        misfits += not fits
    text_form = behind <= TEXT_FORM_ESCAPES | {head.delimiter, *LINE_ENDS}
    if (nulls and text_form) or (joined > 1 and joined > misfits):
        return "backslash"
    return "none" if behind - TEXT_FORM_ESCAPES - {'"', head.delimiter} else "auto"
