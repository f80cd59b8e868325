"""`dropforge doctor`: checks that the project is set up so that no drop is missed or lost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
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
@options.config
@options.as_json
def doctor(config: Path | None, as_json: bool) -> None:
    """Check the setup of a Google Cloud project, without changing anything.

    Checks the bucket's notification, the subscriptions, the dead-letter topic, permissions, the clock and installed
    versions. Names come from the config file and the environment. It uses the default credentials, so permissions
    are those of the account that runs it. Where `dropforge up` runs in this folder, it checks that local cloud.

    Exit codes: 0 nothing is wrong, 1 something is wrong, 2 the project could not be checked.

    \b
    Examples:
      dropforge doctor
      DROPFORGE_PROJECT=shop dropforge doctor --json | jq '.findings[] | select(.level != "ok")'
    """
    from actors.errors import DropforgeError
    from serve_app.cli.client.target import target
    from serve_app.cli.screen.complaint import Complaint

    settings = target(None, config).settings
    try:
        # Shown before Google's clients are imported, which takes as long as all the checks together.
        with console(stderr=True).status(f"Checking the setup of project {settings.project}"):
            from infra.local.pubsub.filter import compile_filter
            from serve_app.doctor.examination import Examination

            def passes(source: str, attributes: Mapping[str, str]) -> bool:
                return compile_filter(source)(attributes)

            findings = list(Examination(settings, passes).findings())
    except DropforgeError as error:
        Complaint(
            error.message,
            "log in with `gcloud auth application-default login`, and check the network and STORAGE_EMULATOR_HOST",
        ).show()
        sys.exit(NOT_EXAMINED)
    wrong = [finding for finding in findings if finding.wrong]
    if as_json:
        print_json({"ok": not wrong, "project": settings.project, "findings": [asdict(each) for each in findings]})
    else:
        console().print(findings_table(findings))
        counts = f"{len(wrong)} of {len(findings)} findings need a fix" if wrong else "Nothing is wrong"
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
