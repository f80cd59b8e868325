"""The command's output: colours and live views on a terminal, plain wide lines in a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 160


def printable(text: str) -> str:
    """The text with control and other unprintable characters escaped, so that it can't change the terminal.

    Object names and cells come from untrusted files.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console
    from rich.text import Text

    class PlainConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable(text), **options)

    made = PlainConsole(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


def print_json(value: Any, *, line: bool = False) -> None:
    """Prints one JSON document on stdout; with `line`, on a single line."""
    click.echo(printable(json.dumps(value, ensure_ascii=False, indent=None if line else 2)))
