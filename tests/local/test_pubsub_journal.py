"""What the embedded Pub/Sub still knows after it was killed, and that a broken peer can't end it."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud import pubsub_v1

from actors.errors import Code, DropforgeError
from infra.local.embedded_pubsub import EmbeddedPubsub
from infra.local.pubsub.journal import Journal
from infra.local.pubsub.server import serving
from infra.local.service import Service

from .pubsub_bus import Bus


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("pubsub")
    service = Service(EmbeddedPubsub(folder / "state"), folder / "pubsub.log", scratch=None, prepare=lambda: None)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def own_bus(service: Service) -> Iterator[Bus]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBSUB_EMULATOR_HOST", service.address)
        bus = Bus("kept", "embedded", pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient())
    with bus:
        yield bus


def test_a_killed_server_comes_back_with_unacked_messages(service: Service, own_bus: Bus) -> None:
    bus = own_bus
    topic = bus.topic()
    filtered = 'attributes.kind = "x"'
    subscription = bus.subscription(topic, ack_deadline_seconds=33, filter=filtered)
    other = bus.subscription(topic)
    ids = bus.publish(topic, b"one", b"two", b"three", kind="x")
    bus.publish(topic, b"unfiltered")
    received = bus.pull(subscription, 3)
    bus.acknowledge(subscription, received[1])
    port = service.port

    service.kill()
    service.start()

    assert service.port == port
    kept = bus.subscriber.get_subscription(subscription=subscription)
    assert (kept.ack_deadline_seconds, kept.filter) == (33, filtered)
    again = bus.pull(subscription, 2)
    bus.acknowledge(subscription, *received)  # ack ids of before the restart name nothing any more
    bus.modify_deadline(subscription, 0, *again)
    assert {each.message.message_id for each in bus.pull(subscription, 2)} == {ids[0], ids[2]}
    assert len(bus.pull(other, 4)) == 4


def test_a_message_id_is_not_given_out_again_after_a_kill(service: Service, own_bus: Bus) -> None:
    topic = own_bus.topic()
    before = own_bus.publish(topic, b"wanted by nobody")

    service.kill()
    service.start()

    assert int(own_bus.publish(topic, b"x")[0]) > int(before[0])


def test_what_was_deleted_before_the_kill_stays_deleted(service: Service, own_bus: Bus) -> None:
    bus = own_bus
    topic = bus.topic()
    subscription = bus.subscription(topic)
    renewed = bus.subscription(topic)
    bus.publish(topic, b"x")
    bus.publisher.delete_topic(topic=topic)
    bus.subscriber.delete_subscription(subscription=renewed)
    bus.subscriber.create_subscription(name=renewed, topic=bus.topic())

    service.kill()
    service.start()

    assert bus.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    assert len(bus.pull(subscription)) == 1
    assert bus.pull_now(renewed) == []


def test_garbage_and_half_open_connections_end_no_server(service: Service, own_bus: Bus) -> None:
    topic = own_bus.topic()
    subscription = own_bus.subscription(topic)
    peers = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(20)]
    garbage = [b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff", b"\0" * 9, b""]
    for number, peer in enumerate(peers):
        peer.sendall(garbage[number % len(garbage)])

    own_bus.publish(topic, b"still here")

    assert len(own_bus.pull(subscription)) == 1
    for peer in peers:
        peer.close()
    assert service.running


def test_one_folder_is_one_servers(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(DropforgeError, match="Stop the other server") as raised:
        Journal(tmp_path)
    assert raised.value.code is Code.BAD_SETTINGS
    journal.close()
    Journal(tmp_path).close()


async def test_a_taken_port_is_said_to_be_taken() -> None:
    async with serving("127.0.0.1", 0, None) as port:
        with pytest.raises(DropforgeError, match="choose another port"):
            async with serving("127.0.0.1", port, None):
                pass
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_acknowledged_messages_leave_the_file(service: Service, own_bus: Bus, tmp_path: Path) -> None:
    bus = own_bus
    topic = bus.topic()
    one, two = bus.subscription(topic), bus.subscription(topic)
    [message_id] = bus.publish(topic, b"x")
    bus.acknowledge(one, *bus.pull(one))
    service.stop()
    assert message_id in _stored(service)
    service.start()
    bus.acknowledge(two, *bus.pull(two))
    service.stop()
    assert message_id not in _stored(service)
    service.start()


def _stored(service: Service) -> set[str]:
    [path] = service._log.parent.glob("state/journal.sqlite3")
    database = sqlite3.connect(path)
    try:
        return {str(sequence) for (sequence,) in database.execute("select sequence from message")}
    finally:
        database.close()
