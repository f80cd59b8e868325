"""The attributes that Pub/Sub adds to a message when it dead-letters it ("Handle message failures", Pub/Sub docs).

Anybody who may publish to the dead-letter topic can add them too, with any text in them.
"""

from __future__ import annotations

from collections.abc import Mapping

_ADDED = "CloudPubSubDeadLetterSource"
SUBSCRIPTION = f"{_ADDED}Subscription"
DELIVERY_COUNT = f"{_ADDED}DeliveryCount"

_MOST_DIGITS = 9


def dead_lettered_by_pubsub(attributes: Mapping[str, str]) -> bool:
    """Whether Pub/Sub itself has dead-lettered a message with these attributes."""
    return SUBSCRIPTION in attributes


def delivery_count(attributes: Mapping[str, str]) -> int:
    """How often the message was delivered before; 1 where that is not said, or not in digits."""
    count = attributes.get(DELIVERY_COUNT, "")
    return int(count) if count.isdecimal() and count.isascii() and len(count) <= _MOST_DIGITS else 1
