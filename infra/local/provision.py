"""Creates the local cloud's buckets, topics and subscriptions.

All of it may run again on existing state; an existing subscription is then updated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection

import grpc
from google.api_core.exceptions import AlreadyExists
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, ExpirationPolicy, PushConfig, RetryPolicy, Subscription

from actors.errors import Code, DropforgeError

_DEADLINE_S = 20.0
_ACK_DEADLINE_S = 60
_DELIVERY_ATTEMPTS = 5
_UPDATABLE = ["ack_deadline_seconds", "push_config", "retry_policy", "dead_letter_policy"]


@dataclass(frozen=True, slots=True)
class Messaging:
    """Ids (not full names) of the topics and subscriptions. With a push endpoint, the subscription pushes to it."""

    project: str
    topic: str
    subscription: str
    dead_letter_topic: str
    dead_letter_subscription: str
    push_endpoint: str | None

    def create(self, address: str) -> None:
        """Creates what is missing on the Pub/Sub at `address`. Raises what the Google client raises."""
        options = [("grpc.enable_http_proxy", 0)]
        with grpc.insecure_channel(address, options=options) as channel:
            publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
            subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
            for topic in (self.dead_letter_topic, self.topic):
                _create_topic(publisher, publisher.topic_path(self.project, topic))
            # This subscription comes first: a dead letter on a topic without one is lost.
            _create_subscription(subscriber, self._dead_letters())
            _create_subscription(subscriber, self._notifications())

    def _dead_letters(self) -> Subscription:
        return Subscription(
            name=SubscriberClient.subscription_path(self.project, self.dead_letter_subscription),
            topic=PublisherClient.topic_path(self.project, self.dead_letter_topic),
            ack_deadline_seconds=_ACK_DEADLINE_S,
            expiration_policy=ExpirationPolicy(),  # without a TTL: it never expires
        )

    def _notifications(self) -> Subscription:
        return Subscription(
            name=SubscriberClient.subscription_path(self.project, self.subscription),
            topic=PublisherClient.topic_path(self.project, self.topic),
            ack_deadline_seconds=_ACK_DEADLINE_S,
            expiration_policy=ExpirationPolicy(),
            push_config=PushConfig(push_endpoint=self.push_endpoint or ""),
            retry_policy=RetryPolicy(minimum_backoff=Duration(seconds=1), maximum_backoff=Duration(seconds=60)),
            dead_letter_policy=DeadLetterPolicy(
                dead_letter_topic=PublisherClient.topic_path(self.project, self.dead_letter_topic),
                max_delivery_attempts=_DELIVERY_ATTEMPTS,
            ),
        )


def create_buckets(host: str, port: int, project: str, buckets: Iterable[str]) -> None:
    """Creates the buckets that do not exist. Raises `LOCAL_CLOUD` when the server refuses. Bypasses HTTP proxies."""
    for bucket in buckets:
        with closing(HTTPConnection(host, port, timeout=_DEADLINE_S)) as connection:
            body = json.dumps({"name": bucket})
            connection.request("POST", f"/storage/v1/b?project={project}", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status not in (200, 409):  # 409: it exists
                raise DropforgeError(
                    Code.LOCAL_CLOUD,
                    f"Could not create bucket {bucket}: the local Cloud Storage answered {answer.status}: "
                    f"{answer.read(500).decode('utf-8', 'replace')}",
                )


def _create_topic(publisher: PublisherClient, name: str) -> None:
    try:
        publisher.create_topic(name=name, timeout=_DEADLINE_S)
    except AlreadyExists:
        return


def _create_subscription(subscriber: SubscriberClient, wanted: Subscription) -> None:
    try:
        subscriber.create_subscription(wanted, timeout=_DEADLINE_S)
    except AlreadyExists:
        changes = {"subscription": wanted, "update_mask": {"paths": _UPDATABLE}}
        subscriber.update_subscription(changes, timeout=_DEADLINE_S)
