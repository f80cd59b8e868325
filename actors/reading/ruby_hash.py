"""Reads the text that Ruby's `inspect` gives of hashes, arrays, strings, symbols, numbers, true, false and nil.

Ruby 3.3 and older print `{"a"=>"b", :c=>nil}`, 3.4 prints `{"a" => "b", c: nil}` (its release notes; both were run).
Whitespace may be anywhere between tokens, and JSON's colon stands for `=>`.
"""

from __future__ import annotations

import re

MOST_DEPTH = 50

Value = str | None | list["Value"] | dict[str, "Value"]
"""Numbers, true and false are the text that they were."""

_BLANK = re.compile(r"\s*+")
_STRING = re.compile(r':?"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SYMBOL = re.compile(r":([^\W\d]\w*+(?:[?!]|=(?![>=~]))?)")
_LABEL = re.compile(r"([^\W\d]\w*+[?!]?)(?=:[^:])")
_WORD = re.compile(r"(?:nil|null|true|false|[-+]?\d[\d_]*+(?:\.\d++)?(?:[eE][-+]?\d++)?)(?=\s*+(?:[,}\]]|=>|\Z))")
_BETWEEN = re.compile(r"\s*+(?:=>|:)\s*+")
_ESCAPE = re.compile(r"(?:\\x[0-9A-Fa-f]{1,2})++|\\u\{[0-9A-Fa-f ]++\}|\\u[0-9A-Fa-f]{4}|\\.", re.DOTALL)
_CONTROL = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t", "v": "\v"}


def parse_ruby(text: str) -> Value:
    """Raises `ValueError` where the text is not that of one value, or is nested deeper than `MOST_DEPTH`."""
    parser = _Parser(text)
    value = parser.value(0)
    parser.expect_end()
    return value


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self, depth: int) -> Value:
        if depth > MOST_DEPTH:
            raise ValueError(f"nested deeper than {MOST_DEPTH}")
        self._found(_BLANK)
        if self._skip("{"):
            return self._hash(depth)
        if self._skip("["):
            return self._list(depth)
        return self._scalar()

    def expect_end(self) -> None:
        self._found(_BLANK)
        if self._at != len(self._text):
            raise self._error()

    def _hash(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while not self._closed("}", first=not members):
            label = self._found(_LABEL)
            key = label[1] if label else self._scalar()
            if not self._found(_BETWEEN):
                raise self._error()
            members[key or ""] = self.value(depth + 1)
        return members

    def _list(self, depth: int) -> list[Value]:
        items: list[Value] = []
        while not self._closed("]", first=not items):
            items.append(self.value(depth + 1))
        return items

    def _scalar(self) -> str | None:
        if found := self._found(_STRING):
            return _ESCAPE.sub(_unescaped, found[1]) if "\\" in found[1] else found[1]
        if found := self._found(_SYMBOL):
            return found[1]
        if found := self._found(_WORD):
            return None if found[0] in ("nil", "null") else found[0]
        raise self._error()

    def _closed(self, bracket: str, *, first: bool) -> bool:
        """Passes the closing bracket, or the comma before the next entry."""
        self._found(_BLANK)
        if self._skip(bracket):
            return True
        if not first:
            if not self._skip(","):
                raise self._error()
            self._found(_BLANK)
        return False

    def _skip(self, character: str) -> bool:
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def _found(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _error(self) -> ValueError:
        return ValueError(f"not Ruby hash text from character {self._at} on")


def _unescaped(escape: re.Match[str]) -> str:
    text = escape[0]
    match text[1]:
        case "x":  # bytes; those that are not UTF-8 stay as they are written
            return bytes.fromhex("".join(part.zfill(2) for part in text.split("\\x")[1:])).decode(
                "utf-8", "backslashreplace"
            )
        case "u" if len(text) > 2:
            return "".join(_character(code) for code in text[2:].strip("{}").split())
        case other:
            return _CONTROL.get(other, other)


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF else f"\\u{{{code}}}"
