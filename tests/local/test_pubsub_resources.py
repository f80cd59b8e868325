"""Topics and subscriptions of every Pub/Sub here, seen through the unmodified google-cloud-pubsub client."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.pubsub_v1.services.publisher import client as publisher_client

from .pubsub_bus import Bus


def test_topics_and_subscriptions_come_and_go(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic, ack_deadline_seconds=60, labels={"part": "test"})
    project = f"projects/{bus.project}"

    assert bus.publisher.get_topic(topic=topic).name == topic
    assert topic in [each.name for each in bus.publisher.list_topics(project=project)]
    assert list(bus.publisher.list_topic_subscriptions(topic=topic)) == [subscription]
    found = bus.subscriber.get_subscription(subscription=subscription)
    assert (found.topic, found.ack_deadline_seconds, dict(found.labels)) == (topic, 60, {"part": "test"})
    assert subscription in [each.name for each in bus.subscriber.list_subscriptions(project=project)]

    bus.publisher.delete_topic(topic=topic)
    assert bus.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    bus.subscriber.delete_subscription(subscription=subscription)
    with pytest.raises(exceptions.NotFound):
        bus.subscriber.get_subscription(subscription=subscription)
    with pytest.raises(exceptions.NotFound):
        bus.publisher.get_topic(topic=topic)


def test_lists_come_in_pages(embedded_bus: Bus) -> None:
    bus = embedded_bus
    topics = [bus.topic() for _ in range(5)]

    pages = [
        [topic.name for topic in page.topics]
        for page in bus.publisher.list_topics(request={"project": f"projects/{bus.project}", "page_size": 2}).pages
    ]

    assert {len(page) for page in pages[:-1]} == {2}
    assert set(topics) <= {name for page in pages for name in page}
    with pytest.raises(exceptions.InvalidArgument, match="page token"):
        bus.publisher.list_topics(request={"project": f"projects/{bus.project}", "page_token": "x"})


def test_a_subscription_can_be_changed(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic, retry_policy={"minimum_backoff": {"seconds": 20}})
    changes = {"name": subscription, "ack_deadline_seconds": 120}

    bus.subscriber.update_subscription(
        request={"subscription": changes, "update_mask": {"paths": ["ack_deadline_seconds", "retry_policy"]}}
    )

    found = bus.subscriber.get_subscription(subscription=subscription)
    assert found.ack_deadline_seconds == 120
    assert "retry_policy" not in found
    with pytest.raises(exceptions.InvalidArgument):
        bus.subscriber.update_subscription(
            request={"subscription": changes, "update_mask": {"paths": ["no_such_field"]}}
        )


def test_what_exists_can_not_be_created_again(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)

    with pytest.raises(exceptions.AlreadyExists):
        bus.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.AlreadyExists):
        bus.subscriber.create_subscription(name=subscription, topic=topic)


def test_what_does_not_exist_is_not_found(bus: Bus) -> None:
    topic, subscription = bus.topic_name(), bus.subscription_name()

    with pytest.raises(exceptions.NotFound):
        bus.publisher.publish(topic, b"x").result(timeout=10)
    with pytest.raises(exceptions.NotFound):
        bus.subscriber.create_subscription(name=subscription, topic=topic)
    with pytest.raises(exceptions.NotFound):
        bus.pull_now(subscription)


@pytest.mark.parametrize(
    "config",
    [
        {"ack_deadline_seconds": 9},
        {"ack_deadline_seconds": 601},
        {"dead_letter_policy": {"dead_letter_topic": "TOPIC", "max_delivery_attempts": 4}},
        {"dead_letter_policy": {"dead_letter_topic": "TOPIC", "max_delivery_attempts": 101}},
        {"retry_policy": {"minimum_backoff": {"seconds": 601}}},
        {"push_config": {"push_endpoint": "localhost:80"}},
    ],
    ids=str,
)
def test_a_subscription_out_of_bounds_is_refused(embedded_bus: Bus, config: dict[str, Any]) -> None:
    topic = embedded_bus.topic()
    if "dead_letter_policy" in config:
        config["dead_letter_policy"]["dead_letter_topic"] = topic

    with pytest.raises(exceptions.InvalidArgument):
        embedded_bus.subscription(topic, **config)


@pytest.mark.parametrize("topic_id", ["ab", "1abc", "googlish", "with space", "x" * 256])
def test_a_bad_name_is_refused(embedded_bus: Bus, topic_id: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Invalid name"):
        embedded_bus.publisher.create_topic(name=f"projects/p/topics/{topic_id}")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"attributes": {"key": "v" * 1025}},
        {"attributes": {"k" * 257: "v"}},
        {"attributes": {"googclient": "v"}},
        {"attributes": {f"k{number}": "v" for number in range(101)}},
        {"data": b"x" * 10_000_001},
    ],
    ids=["empty", "long value", "long key", "goog key", "101 attributes", "over 10 MB"],
)
def test_a_message_over_the_limits_is_refused(embedded_bus: Bus, message: dict[str, Any]) -> None:
    topic = embedded_bus.topic()
    with pytest.raises(exceptions.InvalidArgument):
        publisher_client.PublisherClient.publish(
            embedded_bus.publisher, request={"topic": topic, "messages": [message]}
        )


@pytest.mark.parametrize(
    "config",
    [
        {"enable_message_ordering": True},
        {"enable_exactly_once_delivery": True},
        {"retain_acked_messages": True},
        {"push_config": {"push_endpoint": "http://localhost", "oidc_token": {"service_account_email": "a@b"}}},
    ],
    ids=str,
)
def test_a_lacking_feature_is_refused_and_not_ignored(embedded_bus: Bus, config: dict[str, Any]) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="does not support"):
        embedded_bus.subscription(embedded_bus.topic(), **config)
