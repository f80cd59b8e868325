"""`dropforge config`: prints the config file in force."""

from __future__ import annotations

import os
from pathlib import Path

import click

from serve_app.cli.screen.terminal import print_json, printable

from . import options

_ENVIRONMENT = "DROPFORGE_"
_OF_THE_COMMAND = ("DROPFORGE_URL",)


@click.command("config")
@options.config
@options.as_json
def config_command(config: Path | None, as_json: bool) -> None:
    """Print the Serve config file in force, and name the settings that the environment replaces.

    That is --config, else serve_config.yaml in this folder, else the one that comes with Dropforge. A copy of it in
    the folder, changed, is in force from then on. With --json, it prints all settings too, with their defaults.

    \b
    Examples:
      dropforge config
      dropforge config > serve_config.yaml
      dropforge config --json | jq .settings.images
    """
    from serve_app.cli.client.target import configured_settings
    from serve_app.config.config_file import config_file, read_yaml

    path = config_file(config)
    settings = configured_settings(config=config)
    replaced = sorted(name for name in os.environ if name.startswith(_ENVIRONMENT) and name not in _OF_THE_COMMAND)
    if as_json:
        found = settings.model_dump(mode="json", exclude={"api_token"})
        print_json(
            {"path": str(path), "config": read_yaml(path), "replaced_by_environment": replaced, "settings": found}
        )
        return
    click.echo(printable(f"{path}"), err=True)
    for name in replaced:
        click.echo(f"{name} in the environment goes before it", err=True)
    click.echo(path.read_text(), nl=False)
