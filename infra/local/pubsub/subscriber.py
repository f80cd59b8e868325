"""The methods of google.pubsub.v1.Subscriber."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google.api_core.exceptions import FailedPrecondition, InvalidArgument
from google.protobuf.field_mask_pb2 import FieldMask

from . import wire
from .broker import Broker
from .page import page
from .stream import Send, Stream
from .subscription import Subscription

PULL_WAIT_S = 5.0


class Subscriber:
    """Each method takes its request message and returns its response message; StreamingPull sends its own.

    An empty subscription's unary pull is answered after `pull_wait_s` seconds.
    """

    def __init__(self, broker: Broker, pull_wait_s: float) -> None:
        self._broker = broker
        self._pull_wait_s = pull_wait_s

    async def CreateSubscription(self, request: wire.Subscription) -> wire.Subscription:
        return self._broker.create_subscription(request)

    async def GetSubscription(self, request: Any) -> wire.Subscription:
        return self._broker.subscription(request.subscription).config

    async def UpdateSubscription(self, request: Any) -> wire.Subscription:
        return self._broker.update_subscription(request.subscription, request.update_mask)

    async def ListSubscriptions(self, request: Any) -> Any:
        configs = [subscription.config for subscription in self._broker.subscriptions(request.project)]
        subscriptions, next_page_token = page(configs, request)
        return wire.ListSubscriptionsResponse(subscriptions=subscriptions, next_page_token=next_page_token)

    async def DeleteSubscription(self, request: Any) -> wire.Empty:
        self._broker.delete_subscription(request.subscription)
        return wire.Empty()

    async def ModifyPushConfig(self, request: Any) -> wire.Empty:
        changes = wire.Subscription(name=request.subscription, push_config=request.push_config)
        self._broker.update_subscription(changes, FieldMask(paths=["push_config"]))
        return wire.Empty()

    async def Pull(self, request: Any) -> wire.PullResponse:
        """Waits for the first message, up to `pull_wait_s`, as Pub/Sub may."""
        if request.max_messages <= 0:
            raise InvalidArgument(f"Invalid max_messages {request.max_messages}: expected 1 or more.")
        subscription = self._pulled(request.subscription)
        deadline_s = subscription.config.ack_deadline_seconds
        with subscription.consumer(max_messages=request.max_messages) as consumer:
            leases = subscription.take(consumer, deadline_s)
            try:
                async with asyncio.timeout(0 if request.return_immediately else self._pull_wait_s):
                    while not leases:
                        await consumer.woken()
                        leases = subscription.take(consumer, deadline_s)
            except TimeoutError:
                pass  # an empty response says that there are no messages
        return wire.PullResponse(received_messages=[subscription.received(lease) for lease in leases])

    async def Acknowledge(self, request: Any) -> wire.Empty:
        self._broker.subscription(request.subscription).acknowledge(request.ack_ids)
        return wire.Empty()

    async def ModifyAckDeadline(self, request: Any) -> wire.Empty:
        subscription = self._broker.subscription(request.subscription)
        subscription.modify_deadline(request.ack_ids, request.ack_deadline_seconds)
        return wire.Empty()

    async def StreamingPull(self, requests: AsyncIterator[wire.StreamingPullRequest], send: Send) -> None:
        first = await anext(requests, None)
        if first is None:
            raise InvalidArgument("The stream ended before its first request.")
        await Stream(self._pulled(first.subscription), first).run(requests, send)

    def _pulled(self, name: str) -> Subscription:
        subscription = self._broker.subscription(name)
        if subscription.config.push_config.push_endpoint:
            endpoint = subscription.config.push_config.push_endpoint
            raise FailedPrecondition(f"{name} can't be pulled: it pushes to {endpoint}.")
        return subscription
