"""Short forms of what the Pub/Sub tests do over and over with the unmodified client."""

from __future__ import annotations

import itertools
import time
import warnings
from typing import Any, Self

import pytest
from google.cloud import pubsub_v1

from tests.support.deadline import wait_for

_names = itertools.count(1)


class Bus:
    """One Pub/Sub. Every topic and subscription is new: on Google's emulator a subscription that lost a
    subscriber stays silent for a minute."""

    def __init__(
        self,
        project: str,
        engine: str,
        publisher: pubsub_v1.PublisherClient,
        subscriber: pubsub_v1.SubscriberClient,
    ) -> None:
        self.project = project
        self.engine = engine
        self.publisher = publisher
        self.subscriber = subscriber

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.publisher.stop()
        self.publisher.transport.close()
        self.subscriber.close()

    def skip_on_google(self, reason: str) -> None:
        """Skips the rest of a test that Google's emulator can't pass, for a reason found by trying."""
        if self.engine == "google":
            pytest.skip(f"Google's emulator 0.8.20: {reason}")

    def topic_name(self) -> str:
        return self.publisher.topic_path(self.project, f"topic-{next(_names)}")

    def topic(self) -> str:
        return self.publisher.create_topic(name=self.topic_name()).name

    def subscription_name(self) -> str:
        return self.subscriber.subscription_path(self.project, f"subscription-{next(_names)}")

    def subscription(self, topic: str, **config: Any) -> str:
        request = {"name": self.subscription_name(), "topic": topic, **config}
        return self.subscriber.create_subscription(request=request).name

    def publish(self, topic: str, *bodies: bytes, **attributes: str) -> list[str]:
        futures = [self.publisher.publish(topic, body, **attributes) for body in bodies]
        return [future.result(timeout=10) for future in futures]

    def pull_now(self, subscription: str, max_messages: int = 1000) -> list[Any]:
        """What is ready at this moment."""
        request = {"subscription": subscription, "max_messages": max_messages, "return_immediately": True}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # return_immediately is what is wanted here
            response = self.subscriber.pull(request=request, timeout=10)
        return list(response.received_messages)

    def pull(self, subscription: str, count: int = 1, *, within_s: float = 10.0) -> list[Any]:
        """The next `count` messages, unacknowledged."""
        found: list[Any] = []

        def enough() -> bool:
            found.extend(self.pull_now(subscription, count - len(found)))
            return len(found) >= count

        wait_for(enough, within_s=within_s, what=f"{count} messages of {subscription}")
        return found

    def assert_silent(self, subscription: str, for_s: float) -> None:
        """Fails when a message comes in the next `for_s` seconds."""
        deadline = time.monotonic() + for_s
        while time.monotonic() < deadline:
            assert self.pull_now(subscription) == []
            time.sleep(0.02)

    def acknowledge(self, subscription: str, *received: Any) -> None:
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in received])

    def modify_deadline(self, subscription: str, seconds: int, *received: Any) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[each.ack_id for each in received], ack_deadline_seconds=seconds
        )
