"""Streaming pull of every Pub/Sub here."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1

from tests.support.deadline import wait_for

from .pubsub_bus import Bus


def test_streaming_pull_respects_the_client_s_flow_control(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)
    lock, running, most, bodies = threading.Lock(), 0, 0, []

    def work(message: pubsub_v1.subscriber.message.Message) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
            bodies.append(message.data)
        message.ack()

    flow = pubsub_v1.types.FlowControl(max_messages=3)
    future = bus.subscriber.subscribe(subscription, work, flow_control=flow, await_callbacks_on_shutdown=True)
    expected = [b"%d" % number for number in range(20)]
    bus.publish(topic, *expected)
    wait_for(lambda: len(bodies) == 20, within_s=60, what="20 callbacks")
    future.cancel()
    future.result(timeout=10)

    assert sorted(bodies) == sorted(expected)
    assert most <= 3
    if bus.engine == "embedded":  # on Google's, a subscription that lost its subscriber answers after a minute
        assert bus.pull_now(subscription) == []


def test_a_stream_gets_no_more_than_its_flow_control_asks_for(bus: Bus) -> None:
    bus.skip_on_google("no flow control in the server")
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, *[b"%d" % number for number in range(10)])
    more = threading.Event()
    got: list[Any] = []

    def requests():
        yield {"subscription": subscription, "stream_ack_deadline_seconds": 60, "max_outstanding_messages": 3}
        more.wait(10)
        yield {"ack_ids": [each.ack_id for each in got[:2]], "stream_ack_deadline_seconds": 60}
        more.clear()
        more.wait(10)

    stream = bus.subscriber.streaming_pull(requests=requests())
    reader = threading.Thread(target=lambda: got.extend(each for page in stream for each in page.received_messages))
    reader.start()
    wait_for(lambda: len(got) >= 3, within_s=60, what="the first three")
    bus.assert_silent(bus.subscription(topic), 0.3)
    assert len(got) == 3
    more.set()
    wait_for(lambda: len(got) >= 5, within_s=60, what="two more")
    bus.assert_silent(bus.subscription(topic), 0.3)
    assert len(got) == 5
    more.set()
    reader.join(10)


def test_a_stream_gets_the_bytes_that_flow_control_asks_for(bus: Bus) -> None:
    bus.skip_on_google("no flow control in the server")
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, *[bytes(1000) for _ in range(10)])
    done = threading.Event()
    got: list[Any] = []

    def requests():
        yield {"subscription": subscription, "stream_ack_deadline_seconds": 60, "max_outstanding_bytes": 2500}
        done.wait(10)

    stream = bus.subscriber.streaming_pull(requests=requests())
    reader = threading.Thread(target=lambda: got.extend(each for page in stream for each in page.received_messages))
    reader.start()
    wait_for(lambda: len(got) >= 2, within_s=60, what="the first two")
    bus.assert_silent(bus.subscription(topic), 0.3)
    assert len(got) == 2
    done.set()
    reader.join(10)


def test_a_stream_ends_when_its_subscription_is_deleted(bus: Bus) -> None:
    topic = bus.topic()
    subscription = bus.subscription(topic)
    seen = threading.Event()
    future = bus.subscriber.subscribe(subscription, lambda _: seen.set())
    bus.publish(topic, b"x")
    assert seen.wait(10)

    bus.subscriber.delete_subscription(subscription=subscription)

    with pytest.raises(exceptions.NotFound):
        future.result(timeout=10)


def test_messages_of_a_subscriber_that_died_come_again(embedded_bus: Bus) -> None:
    bus = embedded_bus
    topic = bus.topic()
    subscription = bus.subscription(topic)
    done = threading.Event()

    def requests():
        yield {"subscription": subscription, "stream_ack_deadline_seconds": 10}
        done.wait(10)

    stream = bus.subscriber.streaming_pull(requests=requests())
    [message_id] = bus.publish(topic, b"x")
    received = next(each for page in stream for each in page.received_messages)
    stream.cancel()
    done.set()
    bus.modify_deadline(subscription, 1, received)

    assert bus.pull(subscription)[0].message.message_id == message_id


def test_a_stop_of_the_subscriber_loses_no_acknowledgement(bus: Bus) -> None:
    bus.skip_on_google("a subscription that lost its subscriber stays silent for a minute")
    topic = bus.topic()
    subscription = bus.subscription(topic)
    ids = bus.publish(topic, *[b"%d" % number for number in range(200)])
    handled: set[str] = set()

    def work(message: pubsub_v1.subscriber.message.Message) -> None:
        handled.add(message.message_id)
        message.ack()

    future = bus.subscriber.subscribe(subscription, work, await_callbacks_on_shutdown=True)
    wait_for(lambda: len(handled) >= 50, within_s=60, what="some messages")
    future.cancel()
    future.result(timeout=10)

    left = {each.message.message_id for each in bus.pull_now(subscription)}
    assert not left & handled
    assert handled | left <= set(ids)
