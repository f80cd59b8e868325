from __future__ import annotations

import pytest

from serve_app.model.source_attributes import DELIVERY_COUNT, SUBSCRIPTION, dead_lettered_by_pubsub, delivery_count


def test_the_names_are_those_of_pubsub() -> None:
    assert SUBSCRIPTION == "CloudPubSubDeadLetterSourceSubscription"
    assert DELIVERY_COUNT == "CloudPubSubDeadLetterSourceDeliveryCount"


def test_what_pubsub_dead_lettered_names_its_subscription() -> None:
    assert dead_lettered_by_pubsub({SUBSCRIPTION: "drops", "eventType": "OBJECT_FINALIZE"})
    assert not dead_lettered_by_pubsub({"eventType": "OBJECT_FINALIZE"})


@pytest.mark.parametrize(
    ("text", "count"),
    [("5", 5), ("1", 1), ("", 1), ("many", 1), ("-1", 1), ("5.0", 1), ("٥", 1), ("²", 1), ("9" * 5000, 1)],
)
def test_a_delivery_count_that_is_none_is_one(text: str, count: int) -> None:
    assert delivery_count({DELIVERY_COUNT: text}) == count


def test_without_a_delivery_count_it_was_delivered_once() -> None:
    assert delivery_count({}) == 1
