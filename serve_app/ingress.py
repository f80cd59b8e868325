"""The ingress deployment: where notifications arrive and runs are driven from.

Both ways in, the pull subscription and the push endpoint, lead to `runs.accept`: the run is made durable, then the
notification is acknowledged, then the run is driven. No bytes that are processed come here; a person who looks at a
run's page gets samples of bounded size (`web.samples`, `web.picture`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from actors import logs
from actors.storage import threads
from actors.storage.bucket import connect
from actors.storage.request_times import RequestTimes
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.settings import Settings
from serve_app.runs.serve_stages import ServeStages
from serve_app.security.access import Access

from .api import api
from .application import Application


@serve.ingress()
class Ingress:
    """One replica is one owner of runs."""

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self,
        settings: Settings,
        attributes: DeploymentHandle[Any],
        cleaner: DeploymentHandle[Any],
        image_fetcher: DeploymentHandle[Any],
        writer: DeploymentHandle[Any],
    ) -> None:
        logs.configure(settings.project)
        threads.one_for_each_connection()
        self._policies = StagePolicies()
        stages = ServeStages(attributes, cleaner, image_fetcher, writer)
        times = RequestTimes()
        client = connect(settings.project, times)
        self._application = Application(settings, stages, lambda: self._policies, client, times)
        await self._application.start()

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Serve calls it after `__init__`, in the replica ("serve.ingress", Ray 2.60)."""
        return api(self._application, Access(self._application.settings))

    def reconfigure(self, user_config: Mapping[str, Any]) -> None:
        """Retry policies by stage; a changed one reaches runs under way."""
        self._policies = StagePolicies.model_validate(user_config)

    async def check_health(self) -> None:
        """The tasks that take notifications, adopt runs and look at dependencies go on."""
        self._application.check()

    async def __del__(self) -> None:
        await self._application.stop()
