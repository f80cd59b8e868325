"""What a command speaks to: a running application, and the bucket its drops go to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serve_app.cli.screen.complaint import Complaint

from . import endpoint

if TYPE_CHECKING:
    from serve_app.config.settings import Settings

    from .api import Api


@dataclass(frozen=True)
class Target:
    """`url` is None where no running application is known. `load` gives the settings, which take time to import."""

    url: str | None
    load: Callable[[], Settings]

    @cached_property
    def settings(self) -> Settings:
        return self.load()

    def api(self) -> Api:
        """Raises `Complaint` where no application is known."""
        from .api import Api

        if self.url is None:
            raise Complaint(
                "No running Dropforge is known here.",
                "`dropforge up` starts one on this machine; --url or DROPFORGE_URL names one elsewhere",
            )
        return Api(self.url)


def target(url: str | None) -> Target:
    """The application at `url`, else the one that `dropforge up` keeps in this folder.

    With the latter, Google's clients are pointed at its local cloud. Otherwise they use the default credentials, and
    the settings are those of `serve_config.yaml` and the environment, as for the application itself.
    """
    if url is None:
        running = endpoint.find(Path.cwd())
        if running is not None:
            os.environ.update(running.environment)
            return Target(running.url, partial(_settings_of, running.settings))
    return Target(url, configured_settings)


def _settings_of(values: Mapping[str, Any]) -> Settings:
    from serve_app.config.settings import Settings

    return Settings(**values)


def configured_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of `serve_config.yaml` and the environment, `overrides` over the former."""
    import yaml

    from serve_app.config.serve_config import checked_settings
    from serve_app.local_host import CONFIG

    args: dict[str, Any] = {}
    if CONFIG.exists():
        (application,) = yaml.safe_load(CONFIG.read_text())["applications"]
        args = application.get("args") or {}
    return checked_settings({**args, **(overrides or {})})
