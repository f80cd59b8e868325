"""`dropforge doctor`: whether the project is set up so that drops are noticed and nothing is lost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from serve_app.doctor.finding import Finding

WRONG = 1
NOT_EXAMINED = 2

_MARKS = {"ok": "[green]ok[/green]", "unknown": "?", "warning": "[yellow]warning[/yellow]", "error": "[red]error[/red]"}


@click.command()
@options.as_json
def doctor(as_json: bool) -> None:
    """Check the set-up of a Google Cloud project. Nothing is changed.

    Looks at the bucket's notification, the subscription, the dead-letter topic, permissions, the clock and installed
    versions, as serve_config.yaml and the environment name them, with the default credentials; permissions are those of
    who asks. Where `dropforge up` runs in this folder, at its local cloud.

    Exit codes: 0 all is well, 1 something is wrong, 2 it could not be looked at.

    \b
    Examples:
      dropforge doctor
      DROPFORGE_PROJECT=shop dropforge doctor --json | jq '.findings[] | select(.level != "ok")'
    """
    from actors.errors import DropforgeError
    from serve_app.cli.client.target import target
    from serve_app.cli.screen.complaint import Complaint

    settings = target(None).settings
    try:
        # Shown before Google's clients are imported, which takes as long as all the rest.
        with console(stderr=True).status(f"Looking at the set-up of project {settings.project}"):
            from infra.local.pubsub.filter import compile_filter
            from serve_app.doctor.examination import Examination

            def passes(source: str, attributes: Mapping[str, str]) -> bool:
                return compile_filter(source)(attributes)

            findings = list(Examination(settings, passes).findings())
    except DropforgeError as error:
        Complaint(
            error.message, "`gcloud auth application-default login`, and see the network and STORAGE_EMULATOR_HOST"
        ).show()
        sys.exit(NOT_EXAMINED)
    wrong = [finding for finding in findings if finding.wrong]
    if as_json:
        print_json({"ok": not wrong, "project": settings.project, "findings": [asdict(each) for each in findings]})
    else:
        console().print(findings_table(findings))
        counts = f"{len(wrong)} of {len(findings)} findings need something done" if wrong else "Nothing is wrong"
        click.echo(f"\n{counts} in project {settings.project}.")
    sys.exit(WRONG if wrong else 0)


def findings_table(findings: list[Finding]) -> RenderableType:
    from rich.markup import escape
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        fix = f"\n[dim]Fix:[/dim] {escape(finding.fix)}" if finding.fix else ""
        table.add_row(_MARKS[finding.level], finding.check, f"{escape(finding.what)}{fix}")
    return table
