"""Where the command writes: colours and live views on a terminal, plain wide lines into a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 160


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


def print_json(value: Any, *, line: bool = False) -> None:
    """One JSON document on stdout, on one line where it is one of several."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if line else 2))
