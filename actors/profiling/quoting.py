"""How a file quotes its fields, in words, and which setting would read it where that is not clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from actors.csv.content import HEAD_BYTES
from actors.csv.evidence import Evidence
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.dialect import Dialect
from actors.reading.head import read_head

from .head_text import HeadText
from .proposal import Proposal
from .trial import try_settings

_WAYS = (
    ("doubled", "none"),
    ("backslash", "backslash"),
    ("backslash", "none"),
    ("none", "none"),
    ("none", "backslash"),
)
_UNCLEAR = (Code.AMBIGUOUS_QUOTING, Code.UNCLOSED_QUOTE)
_WORDS = {
    "doubled": 'quotes in quoted fields are doubled ("")',
    "backslash": 'quotes in quoted fields are behind backslashes (\\")',
    "none": "no field is quoted",
}
_EXTRA = {
    "none": "",
    "first": "; each row has one field more than the header, its first, which is left out",
    "last": "; each row has one field more than the header, an empty last one, which is left out",
}


@dataclass(frozen=True, slots=True)
class Quoting:
    """`said` is how the file is quoted, in words, and `settings` are to be set where that is not clear.

    `advice` says how many rows each way would reject where several or none read the file.
    """

    said: str
    settings: tuple[Proposal, ...] = ()
    advice: tuple[Proposal, ...] = ()


def quoting_of(head: HeadText, catalogue: Catalogue, *, unclear: bool = False) -> Quoting:
    """`unclear` says that rows of the file are rejects because of how they are quoted.

    Raises the codes of kind `FILE` with which a run would be refused, but for `AMBIGUOUS_DIALECT`.
    """
    try:
        found = read_head(head.data, catalogue)
    except DropforgeError as error:
        if error.code is not Code.AMBIGUOUS_DIALECT:
            raise
        return _by_trial(head, catalogue, error.message)
    said = _said(found.dialect, found.evidence)
    return _by_trial(head, catalogue, said) if unclear else Quoting(said)


def is_unclear(rejects: Mapping[str, int]) -> bool:
    """Whether some of these rejects, counted by code, are there because of how the file quotes."""
    return any(str(code) in rejects for code in _UNCLEAR)


def _said(dialect: Dialect, evidence: Evidence) -> str:
    only_so = {"doubled": evidence.doubled, "backslash": evidence.backslash, "none": evidence.none}[dialect.quoting]
    if not dialect.found:
        why = "as is set"
    elif not evidence.records:
        why = "the first records have neither quotes nor backslashes"
    else:
        why = f"{only_so:,} of the first {evidence.records:,} records can be read in no other way"
        why += f", {evidence.quoted:,} need quotes around fields" if evidence.quoted else ""
        why += f", {evidence.doubtful:,} in several ways" if evidence.doubtful else ""
    return f"{_WORDS[dialect.quoting]}: {why}{_EXTRA[dialect.extra_field]}"


def _by_trial(head: HeadText, catalogue: Catalogue, said: str) -> Quoting:
    """What each way would reject of the head's rows. One that alone reads all of them is proposed."""
    short = head if len(head.data) <= HEAD_BYTES else replace(head, data=head.data[:HEAD_BYTES], whole=False)
    rejected: dict[tuple[str, str], int | None] = {}
    for quoting, escapes in _WAYS:
        told = Catalogue.model_validate(catalogue.model_dump() | {"quoting": quoting, "escapes": escapes})
        try:
            rejected[quoting, escapes] = sum(try_settings(short, told).rejects.values())
        except DropforgeError:
            rejected[quoting, escapes] = None
    counts = ", ".join(
        f"{quoting} with escapes {escapes}: {'all' if count is None else count}"
        for (quoting, escapes), count in rejected.items()
    )
    evidence = (said, f"rejects by each way: {counts}")
    clean = [way for way, count in rejected.items() if count == 0]
    if len(clean) != 1:
        return Quoting(said, advice=(Proposal.of("quoting", "as its writer wrote it", *evidence),))
    quoting, escapes = clean[0]
    return Quoting(
        said,
        settings=(
            Proposal.of("quoting", quoting, *evidence),
            Proposal.of("escapes", escapes, "goes with the quoting"),
        ),
    )
