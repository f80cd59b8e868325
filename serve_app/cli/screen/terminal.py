"""Where the command writes: colours and live views on a terminal, plain wide lines into a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 160


def printable(text: str) -> str:
    """Text that a terminal shows and does nothing else with: names and cells come from strangers."""
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
    """One JSON document on stdout, on one line where it is one of several."""
    click.echo(printable(json.dumps(value, ensure_ascii=False, indent=None if line else 2)))
