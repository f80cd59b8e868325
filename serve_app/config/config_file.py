"""Which Serve config file is in force: the one that is named, that of the current folder, or that of the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from actors.errors import Code, DropforgeError

NAME = "serve_config.yaml"
CONFIG = Path(__file__).resolve().parents[1] / NAME
"""Comes along with the package; in a checkout it is a link to the file at its root."""

BUILDER = "serve_app.app:build"


def config_file(named: Path | None = None) -> Path:
    """The file in force; `named` goes before the others."""
    here = Path.cwd() / NAME
    return named or (here if here.is_file() else CONFIG)


def read_yaml(path: Path) -> Any:
    """Raises `BAD_SETTINGS` where the file can't be read or is not YAML."""
    try:
        return yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DropforgeError(
            Code.BAD_SETTINGS,
            f"The config file {path} can't be read: {error}. Name another with --config; `dropforge config` prints the "
            "one in force.",
        ) from error


def own_application(config: Any, path: Path) -> dict[str, Any]:
    """Dropforge's application among those of a config file. Raises `BAD_SETTINGS` where it is not one of them."""
    applications = config.get("applications") if isinstance(config, Mapping) else None
    for application in applications if isinstance(applications, list) else ():
        if isinstance(application, dict) and application.get("import_path") == BUILDER:
            return application
    raise DropforgeError(
        Code.BAD_SETTINGS,
        f"{path} has no application with import_path {BUILDER}, so it is no config file of Dropforge. Name another "
        "with --config, or run the command in another folder.",
    )
