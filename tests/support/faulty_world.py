"""A world whose application is elsewhere, in processes of its own, with proxies between it and what it depends on."""

from __future__ import annotations

from contextlib import ExitStack

from actors.owned_folder import owned_folder
from infra.local.cloud import LocalCloud
from infra.local.image_host import ImageHost
from infra.local.port import HOST
from serve_app.config.settings import Settings

from .proxy import Proxy
from .storage_proxy import StorageProxy
from .world import World, cloud_of


class FaultyWorld(World):
    """`storage` and `images` are the proxies, to which faults are added. What is started here ends with the block."""

    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        self.folder = running.enter_context(owned_folder("dropforge-faulty-"))
        cloud, settings = cloud_of({}, state=self.folder / "cloud")
        running.enter_context(cloud)
        self.storage = running.enter_context(StorageProxy(cloud.storage.address))
        self.image_host = running.enter_context(ImageHost())
        self.images = running.enter_context(Proxy(f"{HOST}:{self.image_host.port}"))
        return cloud, settings

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that is to reach the local cloud, the object store through the proxy."""
        return self.cloud.environment | {"STORAGE_EMULATOR_HOST": self.storage.url}
