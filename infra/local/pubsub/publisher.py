"""The methods of google.pubsub.v1.Publisher."""

from __future__ import annotations

from typing import Any

from . import wire
from .broker import Broker
from .page import page


class Publisher:
    """Each method takes its request message and returns its response message."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def CreateTopic(self, request: wire.Topic) -> wire.Topic:
        return self._broker.create_topic(request)

    async def UpdateTopic(self, request: Any) -> wire.Topic:
        return self._broker.update_topic(request.topic, request.update_mask)

    async def Publish(self, request: Any) -> Any:
        return wire.PublishResponse(message_ids=self._broker.publish(request.topic, request.messages))

    async def GetTopic(self, request: Any) -> wire.Topic:
        return self._broker.topic(request.topic).config

    async def ListTopics(self, request: Any) -> Any:
        topics, next_page_token = page(self._broker.topics(request.project), request)
        return wire.ListTopicsResponse(topics=topics, next_page_token=next_page_token)

    async def ListTopicSubscriptions(self, request: Any) -> Any:
        names = [subscription.name for subscription in self._broker.topic(request.topic).subscriptions]
        subscriptions, next_page_token = page(names, request)
        return wire.ListTopicSubscriptionsResponse(subscriptions=subscriptions, next_page_token=next_page_token)

    async def DeleteTopic(self, request: Any) -> wire.Empty:
        self._broker.delete_topic(request.topic)
        return wire.Empty()
