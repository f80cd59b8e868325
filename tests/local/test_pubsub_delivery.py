"""Publish, pull, deadlines, retries, dead letters and filters of every Pub/Sub here."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tests.support.deadline import wait_for

from .pubsub_bus import Bus


def test_a_message_arrives_as_published_and_goes_when_acked(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)
    before = time.time()
    [message_id] = bus.publish(topic, "é\0".encode(), eventType="OBJECT_FINALIZE")

    [received] = bus.pull(subscription)

    assert received.message.message_id == message_id
    assert received.message.data == "é\0".encode()
    assert dict(received.message.attributes) == {"eventType": "OBJECT_FINALIZE"}
    assert before - 1 < received.message.publish_time.timestamp() < time.time() + 1
    assert received.delivery_attempt == 0
    bus.acknowledge(subscription, received)
    assert bus.pull_now(subscription) == []


def test_each_subscription_of_the_time_gets_the_message(bus: Bus) -> None:
    topic = bus.topic()
    early = [bus.subscription(topic), bus.subscription(topic)]
    [message_id] = bus.publish(topic, b"one")
    late = bus.subscription(topic)

    assert [bus.pull(each)[0].message.message_id for each in early] == [message_id, message_id]
    assert bus.pull_now(late) == []


def test_a_nacked_message_comes_again_at_once(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)
    [message_id] = bus.publish(topic, b"again")

    [first] = bus.pull(subscription)
    bus.modify_deadline(subscription, 0, first)
    [second] = bus.pull(subscription, within_s=2)

    assert second.message.message_id == message_id
    assert second.ack_id != first.ack_id


def test_a_message_comes_again_when_its_deadline_passes(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"one", b"two")

    first, second = bus.pull(subscription, 2)
    bus.modify_deadline(subscription, 60, second)
    bus.modify_deadline(subscription, 1, first)
    asked = time.monotonic()
    [again] = bus.pull(subscription)

    assert again.message.message_id == first.message.message_id
    assert time.monotonic() - asked > 0.8


def test_a_late_ack_counts_until_the_message_goes_out_again(embedded_bus: Bus) -> None:
    bus = embedded_bus
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"late")

    [first] = bus.pull(subscription)
    bus.modify_deadline(subscription, 0, first)
    [second] = bus.pull(subscription)
    bus.acknowledge(subscription, first)
    bus.modify_deadline(subscription, 0, second)
    [third] = bus.pull(subscription)
    bus.modify_deadline(subscription, 0, third)
    bus.acknowledge(subscription, third)

    assert bus.pull_now(subscription) == []


@pytest.mark.parametrize("seconds", [-1, 601])
def test_a_deadline_out_of_bounds_is_refused(embedded_bus: Bus, seconds: int) -> None:
    topic = embedded_bus.topic()
    subscription = embedded_bus.subscription(topic)
    embedded_bus.publish(topic, b"x")

    with pytest.raises(exceptions.InvalidArgument, match="Invalid ack deadline"):
        embedded_bus.modify_deadline(subscription, seconds, *embedded_bus.pull(subscription))


def test_garbage_as_an_ack_id_is_ignored(embedded_bus: Bus) -> None:
    subscription = embedded_bus.subscription(embedded_bus.topic())
    embedded_bus.subscriber.acknowledge(subscription=subscription, ack_ids=["", "x", "a-b-c", "1-2-³"])


def test_a_pull_waits_for_a_message(embedded_bus: Bus) -> None:
    bus = embedded_bus
    topic = bus.topic()
    subscription = bus.subscription(topic)
    publish = threading.Timer(0.3, bus.publish, [topic, b"soon"])
    publish.start()

    response = bus.subscriber.pull(subscription=subscription, max_messages=10, timeout=10)

    publish.join()
    assert [each.message.data for each in response.received_messages] == [b"soon"]


def test_a_backlog_larger_than_a_response_comes_in_several(embedded_bus: Bus) -> None:
    topic = embedded_bus.topic()
    subscription = embedded_bus.subscription(topic)
    for _ in range(4):
        embedded_bus.publish(topic, bytes(1_500_000))

    assert len(embedded_bus.pull(subscription, 4)) == 4


def test_the_retry_policy_delays_what_was_nacked(bus: Bus) -> None:
    topic = bus.topic()
    policy = {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 2}}
    subscription = bus.subscription(topic, retry_policy=policy)
    bus.publish(topic, b"later")

    waits = []
    [received] = bus.pull(subscription)
    for _ in range(2):
        bus.modify_deadline(subscription, 0, received)
        nacked = time.monotonic()
        [received] = bus.pull(subscription)
        waits.append(time.monotonic() - nacked)

    assert 0.9 < waits[1] < 4
    if bus.engine == "embedded":  # Google's emulator gives a message back at once the first time
        assert 0.9 < waits[0] < 1.8 < waits[1]


def test_after_five_attempts_a_message_is_dead_lettered(bus: Bus) -> None:
    topic, dead_letter_topic = bus.topic(), bus.topic()
    dead_letters = bus.subscription(dead_letter_topic)
    policy = {"dead_letter_topic": dead_letter_topic, "max_delivery_attempts": 5}
    subscription = bus.subscription(topic, dead_letter_policy=policy)
    bus.publish(topic, b"poison", eventType="OBJECT_FINALIZE")

    attempts = []
    for _ in range(5):
        [received] = bus.pull(subscription)
        attempts.append(received.delivery_attempt)
        bus.modify_deadline(subscription, 0, received)

    def forwarded() -> list[Any]:
        assert bus.pull_now(subscription) == []  # Google's emulator forwards when it is asked once more
        return bus.pull_now(dead_letters)

    [letter] = wait_for(forwarded, within_s=60, what="the dead letter")
    assert attempts == [1, 2, 3, 4, 5]
    assert letter.message.data == b"poison"
    attributes = dict(letter.message.attributes)
    assert attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime").startswith("2")
    assert attributes == {
        "eventType": "OBJECT_FINALIZE",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": subscription.rpartition("/")[2],
        "CloudPubSubDeadLetterSourceSubscriptionProject": bus.project,
    }


def test_without_a_dead_letter_topic_delivery_goes_on(embedded_bus: Bus) -> None:
    bus = embedded_bus
    topic, dead_letter_topic = bus.topic(), bus.topic()
    policy = {"dead_letter_topic": dead_letter_topic, "max_delivery_attempts": 5}
    subscription = bus.subscription(topic, dead_letter_policy=policy)
    bus.publisher.delete_topic(topic=dead_letter_topic)
    bus.publish(topic, b"x")

    for attempt in range(1, 8):
        [received] = bus.pull(subscription)
        assert received.delivery_attempt == attempt
        bus.modify_deadline(subscription, 0, received)


def test_a_filter_lets_only_matching_messages_through(bus: Bus) -> None:
    bus.skip_on_google("no filters")
    topic = bus.topic()
    subscription = bus.subscription(
        topic, filter='attributes.eventType="OBJECT_FINALIZE" AND hasPrefix(attributes.objectId,"in/")'
    )
    bus.publish(topic, b"wanted", eventType="OBJECT_FINALIZE", objectId="in/a.csv")
    bus.publish(topic, b"other event", eventType="OBJECT_DELETE", objectId="in/a.csv")
    bus.publish(topic, b"other folder", eventType="OBJECT_FINALIZE", objectId="out/a.csv")
    bus.publish(topic, b"no attributes")

    [received] = bus.pull(subscription)

    assert received.message.data == b"wanted"
    assert bus.pull_now(subscription) == []
    with pytest.raises(exceptions.InvalidArgument, match="can't be changed"):
        bus.subscriber.update_subscription(
            request={"subscription": {"name": subscription}, "update_mask": {"paths": ["filter"]}}
        )


def test_a_publisher_that_traces_sends_its_context_along(embedded_bus: Bus) -> None:
    topic = embedded_bus.topic()
    subscription = embedded_bus.subscription(topic)
    options = pubsub_v1.types.PublisherOptions(enable_open_telemetry_tracing=True)
    trace.set_tracer_provider(TracerProvider())  # the client takes the process's; the application sets none
    publisher = pubsub_v1.PublisherClient(publisher_options=options, transport=embedded_bus.publisher.transport)
    with trace.get_tracer("test").start_as_current_span("upload") as span:
        publisher.publish(topic, b"1").result(10)
    [received] = embedded_bus.pull(subscription)
    assert f"{span.get_span_context().trace_id:032x}" in received.message.attributes["googclient_traceparent"]
    with pytest.raises(exceptions.InvalidArgument):
        embedded_bus.publish(topic, b"1", google="reserved")
