"""Push delivery of every Pub/Sub here."""

from __future__ import annotations

import base64

import pytest
from google.api_core import exceptions

from infra.local.port import free_port
from tests.support.deadline import wait_for

from .pubsub_bus import Bus
from .push_endpoint import PushEndpoint


def test_push_sends_the_wrapped_envelope(bus: Bus, endpoint: PushEndpoint) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    [message_id] = bus.publish(topic, b"hello", eventType="OBJECT_FINALIZE")

    [pushed] = wait_for(lambda: endpoint.pushed[:], within_s=60, what="a push")

    assert pushed.path == "/push?token=t"
    assert pushed.headers["Content-Type"].startswith("application/json")
    message = pushed.body["message"]
    assert base64.b64decode(message["data"]) == b"hello"
    assert message["attributes"] == {"eventType": "OBJECT_FINALIZE"}
    assert message["messageId"] == message["message_id"] == message_id
    assert message["publishTime"] == message["publish_time"]
    assert pushed.body["subscription"] == subscription
    assert "deliveryAttempt" not in pushed.body


def test_an_unwrapped_push_has_its_metadata_as_headers(bus: Bus, endpoint: PushEndpoint) -> None:
    topic = bus.topic()
    unwrapped = {"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}}
    subscription = bus.subscription(topic, push_config=unwrapped)
    [message_id] = bus.publish(topic, b"hello", eventType="OBJECT_FINALIZE", objectId="in/ä.csv")

    [pushed] = wait_for(lambda: endpoint.pushed[:], within_s=60, what="a push")

    assert (pushed.path, pushed.data) == ("/push?token=t", b"hello")
    assert pushed.headers["eventType"] == "OBJECT_FINALIZE"
    assert pushed.headers["objectId"].encode("latin-1").decode() == "in/ä.csv"
    assert pushed.headers["x-goog-pubsub-subscription-name"] == subscription
    assert pushed.headers["x-goog-pubsub-message-id"] == message_id
    assert pushed.headers["x-goog-pubsub-publish-time"].endswith("Z")


def test_an_attribute_that_makes_no_header_is_left_out(embedded_bus: Bus, endpoint: PushEndpoint) -> None:
    bus = embedded_bus
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}})
    bus.publish(topic, b"hello", **{"two words": "x", "injected": "a\r\nX-Other: b", "plain": "y"})

    [pushed] = wait_for(lambda: endpoint.pushed[:], within_s=60, what="a push")

    assert pushed.headers["plain"] == "y"
    assert not {"X-Other", "two words", "two", "injected"} & set(pushed.headers)


def test_an_unwrapped_push_can_be_the_data_alone(bus: Bus, endpoint: PushEndpoint) -> None:
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url, "no_wrapper": {}})
    bus.publish(topic, b"hello", eventType="OBJECT_FINALIZE")

    [pushed] = wait_for(lambda: endpoint.pushed[:], within_s=60, what="a push")

    assert pushed.data == b"hello"
    assert "eventType" not in pushed.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 102])
def test_a_push_answered_so_is_acknowledged(embedded_bus: Bus, endpoint: PushEndpoint, status: int) -> None:
    bus = embedded_bus
    topic = bus.topic()
    subscription = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answers.append(status)
    bus.publish(topic, b"x")
    wait_for(lambda: endpoint.pushed, within_s=60, what="a push")

    bus.subscriber.modify_push_config(subscription=subscription, push_config={})
    bus.assert_silent(subscription, 0.4)

    assert len(endpoint.pushed) == 1


def test_a_push_that_fails_is_tried_again_until_it_is_answered(bus: Bus, endpoint: PushEndpoint) -> None:
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answers.extend([500, 429, 302])
    bus.publish(topic, b"x")

    wait_for(lambda: len(endpoint.pushed) >= 4, within_s=60, what="four pushes")

    assert len({pushed.body["message"]["messageId"] for pushed in endpoint.pushed}) == 1
    assert len(endpoint.pushed) == 4


def test_push_gives_up_after_the_dead_letter_policy_s_attempts(embedded_bus: Bus, endpoint: PushEndpoint) -> None:
    bus = embedded_bus
    topic, dead_letter_topic = bus.topic(), bus.topic()
    dead_letters = bus.subscription(dead_letter_topic)
    bus.subscription(
        topic,
        push_config={"push_endpoint": endpoint.url},
        dead_letter_policy={"dead_letter_topic": dead_letter_topic},
        retry_policy={"minimum_backoff": {}, "maximum_backoff": {}},
    )
    endpoint.answers.extend([500] * 10)
    bus.publish(topic, b"x")

    [letter] = bus.pull(dead_letters)

    assert [pushed.body["deliveryAttempt"] for pushed in endpoint.pushed] == [1, 2, 3, 4, 5]
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"


def test_an_endpoint_gets_its_messages_once_it_is_up(bus: Bus) -> None:
    bus.skip_on_google("takes 9 s to try again, and lets a push subscription be pulled")
    topic = bus.topic()
    subscription = bus.subscription(topic, push_config={"push_endpoint": f"http://127.0.0.1:{free_port()}/"})
    bus.publish(topic, b"x")
    with pytest.raises(exceptions.FailedPrecondition, match="pushes to"):
        bus.pull_now(subscription)

    with PushEndpoint() as running:
        bus.subscriber.modify_push_config(subscription=subscription, push_config={"push_endpoint": running.url})
        wait_for(lambda: running.pushed, within_s=60, what="the push to the endpoint that is up")
