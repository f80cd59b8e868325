"""`dropforge check`: looks at a file and proposes the settings that would read it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.terminal import console, print_json, printable

from . import options

if TYPE_CHECKING:
    from actors.profiling.head_text import HeadText
    from actors.profiling.trial import Trial

NOT_FINE = 3


@click.command()
@click.argument("file")
@click.option(
    "--write",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the settings to this file, as YAML.",
)
@click.option("--clean", is_flag=True, help="Clean the descriptions that are shown, which loads the model.")
@options.config
@options.as_json
def check(file: str, write: Path | None, clean: bool, config: Path | None, as_json: bool) -> None:
    """Look at a file and propose the settings that would read it, without an application.

    FILE is a file on this machine or an object, gs://BUCKET/NAME. Only its start is read. Nothing is uploaded and no
    image is fetched.

    \b
    Examples:
      dropforge check export.csv
      dropforge check gs://shop-in/export.csv.gz --write catalogue.yaml
      dropforge check export.csv --json | jq .settings

    Exit codes: 0 a column was found for each role and at most 10 % of the rows would be rejects, 3 otherwise, 1 the
    file can't be read.
    """
    head = _head(file, config)
    from actors.model.catalogue import Catalogue
    from actors.profiling.check import check_head
    from serve_app.cli.screen.check_report import check_json, check_report, settings_yaml

    found = check_head(head, Catalogue())
    if clean and found.trial is not None:
        found = replace(found, trial=_cleaned(found.trial))
    if write is not None:
        write.write_text(settings_yaml(found), encoding="utf-8")
    if as_json:
        print_json(check_json(found))
    else:
        screen = console()
        for part in check_report(found):
            screen.print(part)
        if write is not None:
            click.echo(f"\nWrote the settings to {write}.")
        elif found.proposed.values:
            click.echo("\nSettings for serve_config.yaml, under the application's `args`:\n")
            click.echo(printable(settings_yaml(found)))
        elif found.trial is not None and not found.trial.troubles:
            click.echo("\nThe default settings read it.")
        else:
            click.echo("\nNo setting of this version would read it better.")
    if not found.fine:
        sys.exit(NOT_FINE)


def _cleaned(trial: Trial) -> Trial:
    from actors.text.cleaner import DescriptionCleaner  # loads spaCy and its model: some seconds

    cells = DescriptionCleaner().clean([row["description"] for row in trial.first])
    first = ({**row, "description": cell} for row, cell in zip(trial.first, cells, strict=True))
    return replace(trial, first=tuple(first))


def _head(file: str, config: Path | None) -> HeadText:
    from serve_app.cli.client.looked_at import head_of_file, head_of_object

    if not file.startswith("gs://"):
        return head_of_file(Path(file))
    if not all(file.removeprefix("gs://").partition("/")[::2]):
        raise Complaint(f"{file} names no object.", "give the object as gs://BUCKET/NAME")
    from serve_app.cli.client.target import target

    return head_of_object(target(None, config).settings.project, file)
