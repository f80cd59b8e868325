"""What a request to Cloud Storage's JSON API asks for, so that a fault can be aimed at it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from .proxy import Request

Operation = Literal["read", "stat", "list", "upload", "compose", "rewrite", "delete", "other"]

_OBJECTS = re.compile(r"^(?:/download|/upload)?(?:/storage/v1)?/b/([^/]+)/o(?:/(.*))?$")
_NAME = re.compile(rb'"name"\s*:\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class StorageCall:
    """`name` is the object that is read, written or deleted, or the prefix that is listed.

    `generation` is the precondition: the generation that the object must have, 0 for none; None without one.
    """

    operation: Operation
    bucket: str
    name: str
    generation: int | None

    @classmethod
    def of(cls, request: Request) -> StorageCall:
        url = urlsplit(request.target)
        query = parse_qs(url.query)
        match = _OBJECTS.match(url.path)
        if match is None:
            return cls("other", "", "", None)
        bucket, rest = unquote(match[1]), match[2] or ""
        wanted = query.get("ifGenerationMatch")
        generation = int(wanted[0]) if wanted else None
        if request.method == "DELETE":
            return cls("delete", bucket, unquote(rest), generation)
        if request.method == "GET":
            if not rest:
                return cls("list", bucket, query.get("prefix", [""])[0], None)
            return cls("read" if "alt" in query else "stat", bucket, unquote(rest), generation)
        if url.path.startswith("/upload"):
            found = _NAME.search(request.body)
            name = query["name"][0] if "name" in query else found[1].decode() if found else ""
            return cls("upload", bucket, name, generation)
        if rest.endswith("/compose"):
            return cls("compose", bucket, unquote(rest.removesuffix("/compose")), generation)
        if "/rewriteTo/b/" in rest:
            target, _, name = rest.partition("/rewriteTo/b/")[2].partition("/o/")
            return cls("rewrite", unquote(target), unquote(name), generation)
        return cls("other", bucket, unquote(rest), generation)


def call(*operations: Operation, name: str = "") -> Callable[[Request], bool]:
    """Matches requests of these operations (all, where none is given) on names in which the pattern is found."""
    pattern = re.compile(name)

    def matches(request: Request) -> bool:
        asked = StorageCall.of(request)
        if asked.operation == "other" or (operations and asked.operation not in operations):
            return False
        return bool(pattern.search(asked.name))

    return matches
