"""Options that several commands share."""

from __future__ import annotations

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else there.")
url = click.option(
    "--url",
    envvar="DROPFORGE_URL",
    metavar="URL",
    help="Address of a running Dropforge, such as http://127.0.0.1:8000. Else DROPFORGE_URL, else the one that "
    "`dropforge up` keeps running in this folder.",
)
pubsub = click.option(
    "--pubsub",
    type=click.Choice(["auto", "google", "embedded"]),
    default="embedded",
    show_default=True,
    help="Pub/Sub of the local cloud: the project's own server, or Google's emulator (auto: where it is installed).",
)
