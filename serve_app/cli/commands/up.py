"""`dropforge up`: runs the local cloud and the application until Ctrl-C."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from infra.local.cloud import Engine


def _replicas(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    counts = {}
    for value in values:
        name, _, count = value.partition("=")
        if not count.isdecimal() or not int(count):
            raise click.BadParameter(f"{value!r} is not of the form NAME=NUMBER, such as Cleaner=2")
        counts[name] = int(count)
    return counts


@click.command()
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".dropforge/state"),
    show_default=True,
    help="Folder that keeps objects and messages between restarts.",
)
@click.option("--in-memory", is_flag=True, help="Keep objects and messages in memory only: faster, lost at the end.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the application.")
@options.pubsub
@click.option("--dashboard/--no-dashboard", default=False, help="Start Ray's dashboard too, which takes longer.")
@click.option(
    "--replicas",
    metavar="NAME=NUMBER",
    multiple=True,
    callback=_replicas,
    help="Run a deployment with a fixed number of replicas, such as Cleaner=2. May be given several times.",
)
@options.config
@options.as_json
def up(
    state: Path,
    in_memory: bool,
    port: int,
    pubsub: Engine,
    dashboard: bool,
    replicas: dict[str, int],
    config: Path | None,
    as_json: bool,
) -> None:
    """Run the local cloud and the application until Ctrl-C.

    `dropforge drop` and `dropforge runs` find it from any shell in this folder or below. With --json, it prints one
    line with every address once it is up. If a part of the system dies, such as Ray, it ends with exit code 1; the next
    `up` with the same --state goes on.

    \b
    Examples:
      dropforge up
      dropforge up --in-memory --replicas Cleaner=2
      dropforge up --port 8080 --dashboard --json
    """
    from infra.local.port import is_free
    from serve_app.cli.client.endpoint import claim
    from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
    from serve_app.cli.screen.complaint import Complaint
    from serve_app.cli.screen.report import aligned

    if not is_free(port):
        raise Complaint(f"Port {port} is in use.", "choose another port with --port")
    system_options = LocalSystemOptions(
        port=port,
        replicas=replicas,
        state=None if in_memory else state,
        pubsub=pubsub,
        dashboard=dashboard,
        config=config,
    )
    with claim(Path.cwd()) as file, LocalSystem(system_options, on_progress=_say) as system:
        file.publish(system.endpoint)
        if as_json:
            print_json(asdict(system.endpoint), line=True)
        else:
            console().print(aligned(system.addresses()))
            click.echo("\nRunning. Drop a file from another shell with `dropforge drop FILE`. Ctrl-C stops everything.")
        system.wait()
        _say("stopping")


def _say(line: str) -> None:
    click.echo(line, err=True)
