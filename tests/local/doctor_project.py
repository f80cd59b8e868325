"""A project as `dropforge doctor` finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.duration_pb2 import Duration

from infra.local.pubsub.filter import compile_filter
from serve_app.config.settings import Settings
from serve_app.doctor.examination import Examination
from serve_app.doctor.finding import Finding

from .fake_project import FakeProject
from .pubsub_bus import Bus

NEVER: dict[str, Any] = {"expiration_policy": {}}


@dataclass(slots=True)
class Project:
    """A project set up well; a test changes what it is about, then asks."""

    bus: Bus
    fake: FakeProject
    settings: Settings
    topic: str
    letters: str

    def subscribe(self, **changes: Any) -> None:
        config: dict[str, Any] = {
            "topic": self.topic,
            "ack_deadline_seconds": 60,
            "retry_policy": {"minimum_backoff": Duration(seconds=10), "maximum_backoff": Duration(seconds=600)},
            "dead_letter_policy": {"dead_letter_topic": self.letters, "max_delivery_attempts": 10},
            **NEVER,
            **changes,
        }
        given = {name: value for name, value in config.items() if value is not None}
        self.bus.subscriber.create_subscription(request={"name": self.path(self.settings.subscription), **given})

    def subscribe_letters(self, **changes: Any) -> None:
        path = self.path(self.settings.dead_letter_subscription)
        given = {
            name: value for name, value in {"topic": self.letters, **NEVER, **changes}.items() if value is not None
        }
        self.bus.subscriber.create_subscription(request={"name": path, **given})

    def unsubscribe(self, name: str) -> None:
        self.bus.subscriber.delete_subscription(request={"subscription": self.path(name)})

    def resubscribe(self, **changes: Any) -> None:
        self.unsubscribe(self.settings.subscription)
        self.subscribe(**changes)

    def resubscribe_letters(self, **changes: Any) -> None:
        self.unsubscribe(self.settings.dead_letter_subscription)
        self.subscribe_letters(**changes)

    def replace_letters_subscription(self, topic: str, *, known: bool) -> None:
        """The dead-letter topic has a subscription, but of another name; that of the settings is of `topic`, if any."""
        self.bus.subscription(self.letters)
        self.unsubscribe(self.settings.dead_letter_subscription)
        if known:
            self.subscribe_letters(topic=topic)

    def notify(self, **changes: Any) -> None:
        """One notification configuration more."""
        configs = self.fake.notifications.setdefault(self.settings.source_bucket, [])
        configs.append(
            {
                "id": str(len(configs) + 1),
                "topic": f"//pubsub.googleapis.com/{self.topic}",
                "event_types": ["OBJECT_FINALIZE"],
                "object_name_prefix": "in/",
                "payload_format": "NONE",
                **changes,
            }
        )

    def renotify(self, **changes: Any) -> None:
        self.fake.notifications.clear()
        self.notify(**changes)

    def path(self, subscription: str) -> str:
        return self.bus.subscriber.subscription_path(self.bus.project, subscription)

    def findings(self, **changes: Any) -> list[Finding]:
        settings = self.settings.model_copy(update=changes)
        examination = Examination(settings, lambda source, attributes: compile_filter(source)(attributes))
        return list(examination.findings())
