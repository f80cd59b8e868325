"""`dropforge drop`: uploads a file into the watched bucket."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actors.errors import Code
from serve_app.cli.client.watching import exit_code, watched
from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.terminal import console, print_json, printable

from . import options

if TYPE_CHECKING:
    from actors.model.drop import Drop
    from serve_app.config.settings import Settings

MENDED_BY_SETTINGS = (Code.MISSING_COLUMN, Code.DUPLICATE_COLUMN, Code.UNSUPPORTED_ENCODING)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", metavar="OBJECT", help="Object name below the watched prefix. Default: the file's name.")
@click.option("--watch/--no-watch", "watch", default=None, help="Show the run. Default: if a Dropforge is known.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only check the file against the settings in force. Writes nothing.",
)
@options.url
@options.config
@options.as_json
def drop(
    file: Path,
    name: str | None,
    watch: bool | None,
    dry_run: bool,
    url: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Drop a file: upload it into the watched bucket, and watch its run.

    The upload alone starts the run. With --url, the file goes to the bucket that the application there watches, in the
    cloud that it uses. If `dropforge up` runs in this folder, the file goes to its local cloud. Otherwise it goes to
    Cloud Storage, with the default credentials, into the bucket of the config file or DROPFORGE_SOURCE_BUCKET.
    Dropping an existing name again creates a new generation of the object, which gets a run of its own.

    \b
    Examples:
      dropforge drop catalogue.csv
      dropforge drop export.csv --name shop-a/2026-05.csv --no-watch
      dropforge drop catalogue.csv --dry-run
    """
    from serve_app.cli.client.target import target

    found = target(url, config)
    if dry_run:
        _dry_run(found.settings, file, name, as_json)
        return
    dropped = _upload(found.settings, file, name)
    answer = {"drop": dropped.uri, "run_id": dropped.run_id, "bytes": file.stat().st_size}
    if not as_json:
        click.echo(printable(f"Dropped {dropped.uri}\nRun     {dropped.run_id}"))
    if watch is False or (watch is None and found.url is None):
        if as_json:
            print_json(answer)
        return
    view = watched(found.api(), dropped.run_id, stderr=as_json)
    if as_json:
        print_json(answer | {"run": view.model_dump(mode="json")})
    else:
        from serve_app.cli.screen.report import run_report

        console().print(run_report(view))
    sys.exit(exit_code(view))


def _upload(settings: Settings, file: Path, name: str | None) -> Drop:
    import rich.progress

    from serve_app.cli.client.destination import object_name
    from serve_app.cli.client.upload import upload

    screen = console(stderr=True)
    chosen = object_name(settings, name or file.name)
    with rich.progress.open(
        file, "rb", description=file.name, console=screen, transient=True, disable=not screen.is_terminal
    ) as content:
        return upload(settings, content, chosen, size=file.stat().st_size)


def _dry_run(settings: Settings, file: Path, name: str | None, as_json: bool) -> None:
    from actors.errors import DropforgeError
    from serve_app.cli.client.destination import object_name
    from serve_app.cli.client.precheck import first_rows, precheck

    chosen = object_name(settings, name or file.name)
    uri = f"gs://{settings.source_bucket}/{chosen}"
    try:
        check = precheck(file, settings, chosen)
    except DropforgeError as error:
        if error.code not in MENDED_BY_SETTINGS:
            raise
        raise Complaint(error.message, f"`dropforge check {file}` proposes the settings that would read it") from error
    rows = first_rows(file, settings.catalogue_of(chosen)[1])
    if as_json:
        from serve_app.cli.screen.check_report import proposal_json, trial_json

        found = {"trial": trial_json(rows.trial), "proposals": [proposal_json(each) for each in rows.proposals]}
        print_json({"object": uri, **asdict(check), **found})
        return
    from serve_app.cli.screen.check_report import proposal_lines, trial_lines
    from serve_app.cli.screen.report import aligned

    console().print(
        aligned(
            {
                "would go to": uri,
                "bytes": str(check.size),
                "catalogue": check.catalogue,
                "records": f"{check.records} in {check.shards} shards",
                "columns": ", ".join(check.columns.values()),
                **trial_lines(rows.trial),
                "amiss": "\n".join(rows.trial.troubles),
                "settings": proposal_lines(rows.proposals),
            }
        )
    )
    click.echo("Nothing was written.")
