"""What a command talks to: a running application, and the bucket that it watches."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from serve_app.cli.screen.complaint import Complaint

from . import endpoint

if TYPE_CHECKING:
    from serve_app.config.settings import Settings

    from .api import Api

GOOGLE = "https://storage.googleapis.com"

_EMULATOR = "STORAGE_EMULATOR_HOST"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Target:
    """`url` is None when no running application is known. `load` returns the settings, which are slow to import."""

    url: str | None
    load: Callable[[], Settings]

    @cached_property
    def settings(self) -> Settings:
        return self.load()

    def api(self) -> Api:
        """A client of the application. Raises `Complaint` when no application is known."""
        from .api import Api

        if self.url is None:
            raise Complaint(
                "No running Dropforge was found: `dropforge up` is not running in this folder, and no --url was given.",
                "start one on this machine with `dropforge up`, or give an address with --url or DROPFORGE_URL",
            )
        return Api(self.url)


def target(url: str | None, config: Path | None = None) -> Target:
    """The application at `url`, or the one that `dropforge up` runs in this folder or above.

    For the latter, this process's environment is changed so that Google's clients use its local cloud. The application
    at `url` is asked for its bucket and the endpoint of its Cloud Storage once the settings are needed, so that a file
    goes nowhere else. Without either, clients use the default credentials, and the settings come from the config file
    in force (`config` if it is given) and the environment, as in the application itself.
    """
    if url is None:
        running = endpoint.find(Path.cwd())
        if running is not None:
            os.environ.update(running.environment)
            return Target(running.url, partial(_settings_of, running.settings))
        return Target(None, partial(configured_settings, config=config))
    return Target(url, partial(_settings_at, url, config))


def _settings_at(url: str, config: Path | None) -> Settings:
    """The settings of this shell, with the application's own where they say where its drops go.

    Changes this process's environment so that Google's clients use the application's Cloud Storage. Raises `Complaint`
    when the application does not answer.
    """
    from .api import Api

    source = Api(url).source()
    use_endpoint(source.endpoint)
    return configured_settings(config=config).model_copy(update=source.model_dump(exclude={"endpoint"}))


def use_endpoint(endpoint: str) -> None:
    """Has Google's storage clients of this process use the Cloud Storage at `endpoint`, a base URL."""
    if endpoint == GOOGLE:
        os.environ.pop(_EMULATOR, None)
        return
    os.environ[_EMULATOR] = endpoint
    if (host := urlsplit(endpoint).hostname) in _LOOPBACK:  # a proxy of this shell is another machine
        not_by_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        os.environ["no_proxy"] = ",".join(filter(None, [not_by_proxy, host]))


def _settings_of(values: Mapping[str, Any]) -> Settings:
    from serve_app.config.settings import Settings

    return Settings(**values)


def configured_settings(overrides: Mapping[str, Any] | None = None, *, config: Path | None = None) -> Settings:
    """The settings of the config file in force, `config` if it is given, and the environment.

    `overrides` replace those of the file. Raises `BAD_SETTINGS` when a setting is unknown or has a value that is not
    allowed, and when the file can't be read.
    """
    from serve_app.config.config_file import config_file, own_application, read_yaml
    from serve_app.config.serve_config import checked_settings

    path = config_file(config)
    args = own_application(read_yaml(path), path).get("args") or {}
    return checked_settings({**args, **(overrides or {})})
