"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print only JSON on stdout.")
url = click.option(
    "--url",
    envvar="DROPFORGE_URL",
    metavar="URL",
    help="Address of a running Dropforge, such as http://127.0.0.1:8000. Default: DROPFORGE_URL, else the one that "
    "`dropforge up` runs in this folder.",
)
config = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Serve config file with the settings. Default: serve_config.yaml in this folder, else the one that comes with "
    "Dropforge.",
)
pubsub = click.option(
    "--pubsub",
    type=click.Choice(["auto", "google", "embedded"]),
    default="embedded",
    show_default=True,
    help="Pub/Sub of the local cloud: the embedded server, or Google's emulator (auto: Google's if it is installed).",
)
