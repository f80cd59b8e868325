"""What is planned to go wrong in a catalogue, one kind after the other, and what must become of each."""

from __future__ import annotations

from dataclasses import dataclass

from actors.errors import Code

STORED = "stored"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`reject` is the code under which the row is rejected; None for a row of the output.

    `images` are the kinds of its image URLs, as `image_host` serves them; empty for those of an untroubled row.
    `image` is the outcome of its image, `failures` the codes of its URLs that fail.
    """

    name: str
    reject: Code | None = None
    images: tuple[str, ...] = ()
    image: str = STORED
    failures: tuple[Code, ...] = ()


KINDS = (
    Trouble("no description", reject=Code.MISSING_VALUE),
    Trouble("first image missing", images=("missing", "ok"), failures=(Code.IMAGE_NOT_FOUND,)),
    Trouble("too few fields", reject=Code.WRONG_FIELD_COUNT),
    Trouble("image host busy twice", images=("busy",)),
    Trouble("an unquoted comma", reject=Code.WRONG_FIELD_COUNT),
    Trouble("image is a page", images=("page",), image=str(Code.NOT_AN_IMAGE), failures=(Code.NOT_AN_IMAGE,)),
    Trouble("not UTF-8", reject=Code.UNDECODABLE_BYTES),
    Trouble(
        "no image at all",
        images=("missing", "missing"),
        image=str(Code.IMAGE_NOT_FOUND),
        failures=(Code.IMAGE_NOT_FOUND, Code.IMAGE_NOT_FOUND),
    ),
    Trouble(
        "a forbidden port",
        images=("forbidden",),
        image=str(Code.BLOCKED_ADDRESS),
        failures=(Code.BLOCKED_ADDRESS,),
    ),
)

EVERY = 200
"""One row of so many is in trouble."""


def trouble_of(row: int) -> Trouble | None:
    """What is wrong with the row of this number, the first of which is 1."""
    return KINDS[row // EVERY % len(KINDS)] if row % EVERY == EVERY // 2 else None
