"""How the command reports a failure: two lines on stderr, what happened and what to try."""

from __future__ import annotations

from typing import IO, Any

import click

from actors.errors import Code, DropforgeError

from .terminal import printable

_TRY = {
    Code.BAD_SETTINGS: "correct the settings in the config file, which `dropforge config` names, or in the environment "
    "(DROPFORGE_…), or the permissions that the message names, then run it again",
    Code.STORAGE_UNAVAILABLE: "check that Cloud Storage can be reached from this machine, then run it again",
}
_TRY_ELSE = "correct what the message names and run it again; `dropforge COMMAND --help` shows the options"


class Complaint(click.ClickException):
    """A failure to show to the person at the terminal; the command exits with 1. `attempt` is what to try next."""

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
