"""What the command says when it can't do what was asked: two lines on stderr, what happened and what to try."""

from __future__ import annotations

from typing import IO, Any

import click

from actors.errors import Code, DropforgeError

from .terminal import printable

_TRY = {
    Code.BAD_SETTINGS: "mend the settings in serve_config.yaml or in the environment (DROPFORGE_…), then run it again",
    Code.STORAGE_UNAVAILABLE: "see that the object store runs and is reached from here, then run it again",
}
_TRY_ELSE = "mend what it names and run it again; `dropforge COMMAND --help` shows the options"


class Complaint(click.ClickException):
    """Ends the command with exit code 1."""

    exit_code = 1

    def __init__(self, what: str, attempt: str) -> None:
        super().__init__(what)
        self.attempt = attempt

    @classmethod
    def of(cls, error: DropforgeError) -> Complaint:
        return cls(error.message, _TRY.get(error.code, _TRY_ELSE))

    def show(self, file: IO[Any] | None = None) -> None:
        click.secho(f"Error: {printable(self.message)}", err=True, fg="red")
        click.echo(f"Try: {printable(self.attempt)}", err=True)
