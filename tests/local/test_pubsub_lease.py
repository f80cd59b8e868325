"""Leases by deadline, on a clock of the test's own."""

from __future__ import annotations

import pytest

from infra.local.pubsub import wire
from infra.local.pubsub.consumer import Consumer
from infra.local.pubsub.lease import LeaseTable, sequence_in
from infra.local.pubsub.message import PendingMessage, StoredMessage


def pending(sequence: int) -> PendingMessage:
    return PendingMessage(StoredMessage(sequence, wire.PubsubMessage(data=b"x"), 100))


def test_a_lease_ends_at_its_latest_deadline_and_once() -> None:
    table, consumer = LeaseTable(), Consumer()
    extended, shortened, kept = (table.grant(pending(sequence), 10.0, consumer) for sequence in (1, 2, 3))
    table.extend(extended.ack_id, 20.0)
    table.extend(shortened.ack_id, 5.0)
    table.extend("no such lease", 1.0)

    assert list(table.expired(4.9)) == []
    assert list(table.expired(5.0)) == [shortened]
    assert list(table.expired(15.0)) == [kept]
    assert list(table.expired(20.0)) == [extended]
    assert list(table.expired(99.0)) == []


def test_an_ended_lease_gives_its_consumer_room_again() -> None:
    table, consumer = LeaseTable(), Consumer(max_messages=1)
    lease = table.grant(pending(1), 10.0, consumer)
    assert not consumer.has_room(1)

    assert table.release(lease.ack_id) is lease
    assert table.release(lease.ack_id) is None

    assert consumer.has_room(1)


def test_a_message_over_the_byte_limit_goes_out_alone() -> None:
    consumer = Consumer(max_bytes=50)
    assert consumer.has_room(100)
    LeaseTable().grant(pending(1), 10.0, consumer)
    assert not consumer.has_room(1)


def test_each_delivery_counts_and_has_its_own_ack_id() -> None:
    table, message = LeaseTable(), pending(17)
    first = table.grant(message, 10.0, Consumer()).ack_id
    second = table.grant(message, 10.0, Consumer()).ack_id

    assert message.attempts == 2
    assert message.ack_id == second != first
    assert sequence_in(first) == sequence_in(second) == 17


@pytest.mark.parametrize("ack_id", ["", "x", "1-2-", "1-2-x", "1-2-³", "1-2--3x"])
def test_what_is_no_ack_id_names_no_message(ack_id: str) -> None:
    assert sequence_in(ack_id) is None
