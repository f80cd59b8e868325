"""The whole system on this machine: the local cloud with its buckets and topics, and the application."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from infra.local.cloud import Engine, LocalCloud, LocalCloudOptions
from serve_app.cli.client.endpoint import Endpoint
from serve_app.cli.client.target import configured_settings
from serve_app.cli.screen.complaint import Complaint
from serve_app.local_host import Host, HostOptions
from serve_app.ray_private import silence_worker_logs

TOPIC = "dropforge-drops"

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class LocalSystemOptions:
    """`settings` and `replicas` replace those of the config file. Without `state`, everything is kept in memory."""

    port: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    state: Path | None = None
    pubsub: Engine = "embedded"
    dashboard: bool = False
    config: Path | None = None


class LocalSystem:
    """Runs inside its `with` block. Raises `DropforgeError` when a part of it does not start.

    Inside the block this process's environment points Google's clients at the local cloud, and SIGTERM ends the
    block as Ctrl-C does, so that no process is left running.
    """

    def __init__(self, options: LocalSystemOptions, *, on_progress: Callable[[str], None]) -> None:
        self._state = options.state
        self.settings = configured_settings(options.settings, config=options.config)
        self.cloud = LocalCloud(
            LocalCloudOptions(
                state=options.state,
                project=self.settings.project,
                source_bucket=self.settings.source_bucket,
                output_bucket=self.settings.output_bucket,
                work_bucket=self.settings.work_bucket,
                watched_prefix=self.settings.watched_prefix,
                topic=TOPIC,
                subscription=self.settings.subscription,
                dead_letter_topic=self.settings.dead_letter_topic,
                dead_letter_subscription=self.settings.dead_letter_subscription,
                pubsub_engine=options.pubsub,
            )
        )
        self.host = Host(
            HostOptions(
                port=options.port,
                settings=options.settings,
                config=options.config,
                replicas=options.replicas,
                dashboard=options.dashboard,
            ),
            on_progress=on_progress,
        )
        self._on_progress = on_progress
        self._running = ExitStack()

    def __enter__(self) -> LocalSystem:
        with ExitStack() as running:
            running.callback(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
            signal.signal(signal.SIGTERM, _end)
            logging.getLogger("ray.serve").addFilter(_is_warning)
            self._on_progress("starting the local cloud")
            running.enter_context(self.cloud)
            before = dict(os.environ)
            running.callback(_restore, before)
            os.environ.update(self.cloud.environment)
            running.enter_context(self.host)
            signal.signal(signal.SIGTERM, _end)  # again: Ray has installed a handler that exits without cleaning up
            silence_worker_logs()
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def wait(self) -> None:
        """Returns at Ctrl-C. Raises `Complaint` within seconds after a part of the system has died."""
        stopped = threading.Event()
        with contextlib.suppress(KeyboardInterrupt):
            while not (dead := self._dead()):
                stopped.wait(_LOOK_EVERY_S)
            kept = f"--state {self._state}" if self._state else ""
            raise Complaint(
                f"{', '.join(dead)} died, so this system is ending. Nothing works without it.",
                f"start it again with `dropforge up {kept}`: runs go on where they were"
                if kept
                else "start it again; what it kept in memory is lost",
            )

    def _dead(self) -> list[str]:
        services = {"the local Cloud Storage": self.cloud.storage, "the local Pub/Sub": self.cloud.pubsub}
        return [f"Ray's {process}" for process in self.host.dead] + [
            name for name, service in services.items() if not service.running
        ]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(
            pid=os.getpid(),
            url=self.host.url,
            dashboard=self.host.dashboard_url,
            environment=self.cloud.environment,
            settings=self.settings.model_dump(mode="json", exclude={"api_token"}),
        )

    def addresses(self) -> dict[str, str]:
        """The name and address of everything that runs, to show to a person."""
        settings = self.settings
        watched = ", ".join(settings.watched_prefix + pattern for pattern in settings.object_patterns)
        return {
            "status page": f"{self.host.url}/",
            "API": f"{self.host.url}/api",
            "dashboard": self.host.dashboard_url or "off",
            "bucket": f"gs://{settings.source_bucket}, watched for {watched}",
            "output": f"gs://{settings.output_bucket}/{settings.output_prefix}",
            "topic": f"{TOPIC}, pulled from subscription {settings.subscription}",
            "dead letters": settings.dead_letter_topic,
            "Cloud Storage": self.cloud.storage_url,
            "Pub/Sub": self.cloud.pubsub_address,
        }


def _restore(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)
