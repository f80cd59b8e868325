"""Settings that say how the cells of a role are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from .proposal import Profile, Proposal

_OFTEN = 0.1
_SEPARATORS = (">>", ">", "»", "›", "::", "|", "/")
_PATH_DELIMITERS = (",", ";", "|")
_BEFORE_URL = re.compile(r"[^\s\"'\[,;|]([\"'\s,;|]{1,8})(?=(?:https?:)?//[^\s/])")
_OTHER_RUBY = re.compile(r'"\s+=>|\A[^\[]*=>[^\[]*\Z')
"""Blanks round the arrow, as Ruby 3.4 prints it, or one specification without a list: the reference reads neither."""


def image_list(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("image")
    if not cells or profile.base.image_list == "auto":
        return
    joined = [_between_urls(cell) for cell in cells]
    separators = Counter(each for found in joined for each in found)
    commas = sum(bool(re.search(r"https?://[^\s\"'|;]*,(?!\s*[\"']?\s*(?:https?:)?//)", cell)) for cell in cells)
    lists = sum(cell.startswith("[") for cell in cells)
    if commas and not lists:
        yield Proposal.of("image_list", "auto", f"{commas:,} of {len(cells):,} cells have a comma inside a URL")
    elif lists and sum("\\/" in cell or "['" in cell for cell in cells):
        yield Proposal.of("image_list", "auto", "the lists are JSON with \\/, or in Python's form")
    elif separators and not lists:
        separator, times = separators.most_common(1)[0]
        now = profile.base.image_delimiter if profile.base.image_list == "delimited" else ","
        if separator != now:
            yield Proposal.of("image_list", "delimited", f"{times:,} times {separator!r} is between two URLs")
            yield Proposal.of("image_delimiter", separator, f"{times:,} times it is between two URLs")


def image_base_url(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("image")
    paths = "image" in profile.roles and profile.roles["image"].column.looks == "image_path"
    if paths and not getattr(profile.base, "image_base_url", ""):
        yield Proposal.of("image_base_url", "where the images are", f"they have no host, such as {cells[0][:60]}")


def category_separator(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("categories")
    if not cells:
        return
    share = {separator: sum(separator in cell for cell in cells) / len(cells) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: share[separator])
    now = profile.base.category_separator
    if share[best] >= 0.3 and sum(now in cell for cell in cells) / len(cells) < share[best] / 2:
        yield Proposal.of(
            "category_separator", best, f"{share[best]:.0%} of the cells have it, such as {cells[0][:60]}"
        )


def category_paths(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("categories")
    if profile.base.category_paths != "one" or not cells:
        return
    separator = next((each.value for each in category_separator(profile)), profile.base.category_separator)
    found = Counter(
        delimiter for cell in cells for delimiter in _PATH_DELIMITERS if _has_paths(cell, delimiter, separator)
    )
    if not found:
        return
    delimiter, times = found.most_common(1)[0]
    if times > _OFTEN / 2 * len(cells):
        example = next(cell for cell in cells if _has_paths(cell, delimiter, separator))
        said = f"{times:,} of {len(cells):,} cells have several paths, such as {example[:60]}"
        yield Proposal.of("category_paths", "longest", said)
        if delimiter != profile.base.category_path_delimiter:
            yield Proposal.of("category_path_delimiter", delimiter, "it is between the paths")


def category_levels(profile: Profile) -> Iterator[Proposal]:
    separator = next((each.value for each in category_separator(profile)), profile.base.category_separator)
    most = max((cell.count(separator) + 1 for cell in profile.cells("categories")), default=0)
    if most > profile.base.category_levels:
        yield Proposal.of("category_levels", min(most, 32), f"a path has {most} levels")


def specification_format(profile: Profile) -> Iterator[Proposal]:
    if "specifications" not in profile.roles:
        return
    column = profile.roles["specifications"].column
    value = {"json": "json", "pairs": "pairs", "hash_text": "reference"}.get(column.looks)
    others = sum(bool(_OTHER_RUBY.search(cell)) for cell in column.cells)
    if value == "reference" and others > _OFTEN * len(column.cells):
        value = "ruby_hash"
    if value and value != getattr(profile.base, "specification_format", "reference"):
        yield Proposal.of("specification_format", value, column.said)


def description_format(profile: Profile) -> Iterator[Proposal]:
    html = "description" in profile.roles and profile.roles["description"].column.looks == "html"
    if html and getattr(profile.base, "description_format", "text") != "html":
        yield Proposal.of("description_format", "html", profile.roles["description"].column.said)


def _has_paths(cell: str, delimiter: str, separator: str) -> bool:
    """Whether a cell has paths of one tree, which begin alike: a comma may also be in a category's name."""
    if delimiter in separator or delimiter not in cell:
        return False
    paths = [[level.strip() for level in path.split(separator)] for path in cell.split(delimiter)]
    return any(len(path) > 1 for path in paths) and all(path[0] and path[0] == paths[0][0] for path in paths)


def _between_urls(cell: str) -> list[str]:
    """What is between the URLs of a cell, without blanks and quotes around it."""
    return [each.strip("\"' \t\r\n") or " " for each in _BEFORE_URL.findall(cell)]
