"""The server's state: topics, their subscriptions, and the delivery of messages from topics to subscriptions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from . import wire
from .config import checked_subscription, checked_topic, updated
from .journal import Journal
from .message import StoredMessage, check_message
from .subscription import Subscription

_MAX_MESSAGES = 1000
_DELETED_TOPIC = "_deleted-topic_"


@dataclass(slots=True, eq=False)
class Topic:
    config: wire.Topic
    subscriptions: list[Subscription] = field(default_factory=list)


class Broker:
    """All topics and subscriptions. Methods raise `google.api_core` exceptions with the gRPC status for the client."""

    def __init__(self, journal: Journal, started: Callable[[Subscription], None]) -> None:
        """Restores the journal's state. `started` is called with every restored and every new subscription."""
        self._journal = journal
        self._started = started
        self._topics = {config.name: Topic(config) for config in journal.topics()}
        self._subscriptions: dict[str, Subscription] = {}
        messages = journal.messages()
        # Ids start from the clock, so that ids from before the journal was emptied are not used again.
        self._sequence = itertools.count(max([time.time_ns() // 1000, *(last + 1 for last in messages)]))
        for config in journal.subscriptions():
            subscription = self._add(config)
            subscription.enqueue([messages[sequence] for sequence in journal.backlog(config.name)])

    def topic(self, name: str) -> Topic:
        try:
            return self._topics[name]
        except KeyError:
            raise NotFound(f"Topic {name} does not exist.") from None

    def topics(self, project: str) -> list[wire.Topic]:
        return [topic.config for name, topic in sorted(self._topics.items()) if name.startswith(f"{project}/")]

    def create_topic(self, config: wire.Topic) -> wire.Topic:
        checked_topic(config)
        if config.name in self._topics:
            raise AlreadyExists(f"Topic {config.name} already exists.")
        self._journal.save_topic(config)
        self._topics[config.name] = Topic(config)
        return config

    def update_topic(self, changes: wire.Topic, mask: FieldMask) -> wire.Topic:
        topic = self.topic(changes.name)
        config = checked_topic(updated(topic.config, changes, mask))
        self._journal.save_topic(config)
        topic.config = config
        return config

    def delete_topic(self, name: str) -> None:
        """Deletes a topic. Its subscriptions keep their messages; their topic becomes `_deleted-topic_`."""
        for subscription in self.topic(name).subscriptions:
            orphan = wire.Subscription()
            orphan.CopyFrom(subscription.config)
            orphan.topic = _DELETED_TOPIC
            self._configure(subscription, orphan)
        self._journal.delete_topic(name)
        del self._topics[name]

    def subscription(self, name: str) -> Subscription:
        try:
            return self._subscriptions[name]
        except KeyError:
            raise NotFound(f"Subscription {name} does not exist.") from None

    def subscriptions(self, project: str) -> list[Subscription]:
        return [found for name, found in sorted(self._subscriptions.items()) if name.startswith(f"{project}/")]

    def create_subscription(self, config: wire.Subscription) -> wire.Subscription:
        checked = checked_subscription(config)
        self.topic(config.topic)
        if config.name in self._subscriptions:
            raise AlreadyExists(f"Subscription {config.name} already exists.")
        self._journal.save_subscription(checked)
        return self._add(checked).config

    def update_subscription(self, changes: wire.Subscription, mask: FieldMask) -> wire.Subscription:
        subscription = self.subscription(changes.name)
        self._configure(subscription, checked_subscription(updated(subscription.config, changes, mask)))
        return subscription.config

    def delete_subscription(self, name: str) -> None:
        subscription = self.subscription(name)
        self._journal.delete_subscription(name)
        del self._subscriptions[name]
        if subscription.config.topic != _DELETED_TOPIC:
            self.topic(subscription.config.topic).subscriptions.remove(subscription)
        subscription.delete()

    def publish(self, name: str, messages: Sequence[wire.PubsubMessage]) -> list[str]:
        """Stores the messages in the journal and in every matching subscription, and returns their ids."""
        if not 1 <= len(messages) <= _MAX_MESSAGES:
            raise InvalidArgument(f"A publish request has {len(messages)} messages, expected 1 to {_MAX_MESSAGES}.")
        for message in messages:
            check_message(message)
        return self._fan_out(name, messages)

    def tick(self, failed: Callable[[Subscription, Exception], None]) -> None:
        """Applies deadlines and backoff. `failed` is called with each subscription that raised, and its error."""
        for subscription in list(self._subscriptions.values()):
            try:
                subscription.tick()
            except Exception as error:
                failed(subscription, error)

    def _fan_out(self, name: str, messages: Iterable[wire.PubsubMessage]) -> list[str]:
        topic = self.topic(name)
        stored = [self._stamped(message) for message in messages]
        backlog = {
            subscription: [each for each in stored if subscription.matches(each.message.attributes)]
            for subscription in topic.subscriptions
        }
        for subscription, matching in backlog.items():
            subscription.check_room(sum(each.size for each in matching))
        wanted = {each.sequence: each for matching in backlog.values() for each in matching}
        self._journal.add(wanted.values(), {subscription.name: matching for subscription, matching in backlog.items()})
        for subscription, matching in backlog.items():
            subscription.enqueue(matching)
        return [str(each.sequence) for each in stored]

    def _stamped(self, message: wire.PubsubMessage) -> StoredMessage:
        sequence = next(self._sequence)
        stamped = wire.PubsubMessage()
        stamped.CopyFrom(message)
        stamped.message_id = str(sequence)
        published = Timestamp()
        published.FromMilliseconds(time.time_ns() // 1_000_000)
        stamped.publish_time.CopyFrom(published)
        return StoredMessage(sequence, stamped, stamped.ByteSize())

    def _add(self, config: wire.Subscription) -> Subscription:
        subscription = Subscription(config, self._journal, self._fan_out)
        self._subscriptions[config.name] = subscription
        if config.topic != _DELETED_TOPIC:
            self.topic(config.topic).subscriptions.append(subscription)
        self._started(subscription)
        return subscription

    def _configure(self, subscription: Subscription, config: wire.Subscription) -> None:
        self._journal.save_subscription(config)
        subscription.configure(config)
