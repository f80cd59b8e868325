"""Pagination of list methods."""

from __future__ import annotations

from typing import Any, TypeVar

from google.api_core.exceptions import InvalidArgument

Item = TypeVar("Item")

_DEFAULT_SIZE = 1000


def page(items: list[Item], request: Any) -> tuple[list[Item], str]:
    """The items of the requested page, and the token of the next page; empty after the last one.

    Raises `InvalidArgument` for a token that this function did not return.
    """
    if request.page_token and not request.page_token.isdecimal():
        raise InvalidArgument(f"Invalid page token {request.page_token!r}: use the token of the previous page.")
    start = int(request.page_token or 0)
    end = start + (request.page_size or _DEFAULT_SIZE)
    return items[start:end], str(end) if end < len(items) else ""
