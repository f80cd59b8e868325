"""The whole system in this process, as `dropforge up` runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.port import free_port
from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
from serve_app.config.settings import Settings
from serve_app.local_host import Host

from .world import World


def images_at(port: int) -> dict[str, Any]:
    """Settings of the image fetcher for an image host of one's own on loopback, at this port."""
    return {"allowed_networks": ["127.0.0.0/8"], "allowed_ports": [port], "own_hosts": ["127.0.0.*"]}


class System(World):
    """The local cloud and the application, whose `given` settings and `replicas` go over serve_config.yaml's.

    Without `state` everything is in memory. `tell` hears what is being waited for during the start.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        *,
        replicas: Mapping[str, int] | None = None,
        state: Path | None = None,
        dashboard: bool = False,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        super().__init__()
        self._given = given
        self._replicas = replicas or {}
        self._state = state
        self._dashboard = dashboard
        self._tell = tell
        self.host: Host

    @property
    def url(self) -> str:
        """The application's address."""
        return self.host.url

    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        options = LocalSystemOptions(
            port=free_port(),
            settings=self._given,
            replicas=self._replicas,
            state=self._state,
            dashboard=self._dashboard,
        )
        system = running.enter_context(LocalSystem(options, on_progress=self._tell))
        self.host = system.host
        return system.cloud, system.settings
