"""Dead-letter policies: where a message goes after too many deliveries without an acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from google.api_core.exceptions import InvalidArgument

from . import wire
from .resource_name import ResourceName

_ATTRIBUTE = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """A dead-letter topic and the number of delivery attempts before a message is forwarded to it.

    Rule: https://cloud.google.com/pubsub/docs/dead-letter-topics
    """

    topic: str
    max_attempts: int

    @classmethod
    def of(cls, config: wire.Subscription) -> Self | None:
        """The subscription's policy, or None. Raises `InvalidArgument` for a topic name or limit that is not valid."""
        given = config.dead_letter_policy
        if not given.dead_letter_topic:
            return None
        ResourceName.parse(given.dead_letter_topic, "topics")
        attempts = given.max_delivery_attempts or 5
        if not 5 <= attempts <= 100:
            raise InvalidArgument(f"Invalid max_delivery_attempts {attempts}: expected 5 to 100.")
        return cls(given.dead_letter_topic, attempts)


def dead_letter(message: wire.PubsubMessage, subscription: str, attempts: int) -> wire.PubsubMessage:
    """The message for the dead-letter topic: the original with four attributes that name its source."""
    source = ResourceName.parse(subscription, "subscriptions")
    letter = wire.PubsubMessage(data=message.data, attributes=message.attributes, ordering_key=message.ordering_key)
    letter.attributes.update(
        {
            f"{_ATTRIBUTE}DeliveryCount": str(attempts),
            f"{_ATTRIBUTE}Subscription": source.id,
            f"{_ATTRIBUTE}SubscriptionProject": source.project,
            f"{_ATTRIBUTE}TopicPublishTime": message.publish_time.ToJsonString(),
        }
    )
    return letter
