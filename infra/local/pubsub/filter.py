"""Subscription filters over a message's attributes.

Grammar: https://cloud.google.com/pubsub/docs/subscription-message-filter

    filter     = term { AND term } | term { OR term }        mixing both requires parentheses
    term       = [ NOT | - ] ( "(" filter ")" | comparison )
    comparison = attributes:KEY | attributes.KEY = "V" | attributes.KEY != "V" | hasPrefix(attributes.KEY, "V")
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from google.api_core.exceptions import InvalidArgument

Predicate = Callable[[Mapping[str, str]], bool]

MAX_BYTES = 256
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*|!=|[().,:=-])')
_WORD = re.compile(r"[A-Za-z0-9_-]+")


def compile_filter(source: str) -> Predicate:
    """The filter as a function of a message's attributes. An empty filter matches every message.

    Raises `InvalidArgument` for a filter that does not parse or has more than 256 bytes.
    """
    if not source.strip():
        return lambda _: True
    if len(source.encode()) > MAX_BYTES:
        raise InvalidArgument(f"Invalid filter: it has {len(source.encode())} bytes, at most {MAX_BYTES} are allowed.")
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = self._tokenize(source)
        self._next = 0

    def parse(self) -> Predicate:
        predicate = self._filter()
        if self._peek():
            raise self._error(f"unexpected {self._peek()}")
        return predicate

    def _tokenize(self, source: str) -> list[str]:
        tokens, position, end = [], 0, len(source.rstrip())
        while position < end:
            match = _TOKEN.match(source, position)
            if match is None:
                raise self._error(f"unexpected character {source[position:].strip()[0]}")
            tokens.append(match[1])
            position = match.end()
        return tokens

    def _filter(self) -> Predicate:
        terms = [self._term()]
        operator = self._peek() if self._peek() in ("AND", "OR") else ""
        while operator and self._peek() == operator:
            self._take()
            terms.append(self._term())
        if self._peek() in ("AND", "OR"):
            raise self._error("AND and OR are mixed without parentheses")
        if operator == "OR":
            return lambda attributes: any(term(attributes) for term in terms)
        return lambda attributes: all(term(attributes) for term in terms)

    def _term(self) -> Predicate:
        if self._peek() in ("NOT", "-"):
            self._take()
            negated = self._term()
            return lambda attributes: not negated(attributes)
        if self._peek() == "(":
            self._take()
            inner = self._filter()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        if self._peek() == "hasPrefix":
            self._take()
            self._expect("(", "attributes", ".")
            key = self._key()
            self._expect(",")
            prefix = self._string()
            self._expect(")")
            return lambda attributes: key in attributes and attributes[key].startswith(prefix)
        self._expect("attributes")
        if self._peek() == ":":
            self._take()
            key = self._key()
            return lambda attributes: key in attributes
        self._expect(".")
        key, operator, value = self._key(), self._take(), self._string()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        if operator == "!=":
            return lambda attributes: attributes.get(key) != value
        raise self._error(f"expected = or != after attributes.{key}, found {operator}")

    def _key(self) -> str:
        if self._peek().startswith('"'):
            return self._string()
        key = self._take()
        if not _WORD.fullmatch(key):
            raise self._error(f"expected an attribute's key, found {key}")
        return key

    def _string(self) -> str:
        token = self._take()
        try:
            value = json.loads(token)
        except json.JSONDecodeError:
            value = None
        if not isinstance(value, str):
            raise self._error(f"expected a string in double quotes, found {token}")
        return value

    def _expect(self, *tokens: str) -> None:
        for expected in tokens:
            found = self._take()
            if found != expected:
                raise self._error(f"expected {expected}, found {found}")

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        if not self._peek():
            raise self._error("unexpected end")
        self._next += 1
        return self._tokens[self._next - 1]

    def _error(self, problem: str) -> InvalidArgument:
        return InvalidArgument(f"Invalid filter {self._source!r}: {problem}.")
