"""Streaming pull: a long-lived call that delivers messages while the client's flow control allows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from google.api_core.exceptions import InvalidArgument

from . import wire
from .consumer import Consumer
from .lease import Lease
from .subscription import Subscription

Send = Callable[[wire.StreamingPullResponse], Awaitable[None]]


class Stream:
    """One call. Its first request sets the flow-control limits (messages, bytes) and the acknowledgement deadline."""

    def __init__(self, subscription: Subscription, first: wire.StreamingPullRequest) -> None:
        self._subscription = subscription
        self._deadline_s = first.stream_ack_deadline_seconds or subscription.config.ack_deadline_seconds
        self._first = first

    async def run(self, requests: AsyncIterator[wire.StreamingPullRequest], send: Send) -> None:
        """Sends batches until the client closes its side. Raises `NotFound` when the subscription is deleted.

        As in Pub/Sub, unacknowledged messages stay leased until their deadline.
        """
        with self._subscription.consumer(
            max_messages=self._first.max_outstanding_messages, max_bytes=self._first.max_outstanding_bytes
        ) as consumer:
            reader = asyncio.create_task(self._read(requests, consumer))
            try:
                await send(self._response([]))  # tells the client that the stream is open
                while not reader.done():
                    leases = self._subscription.take(consumer, self._deadline_s)
                    if leases:
                        await send(self._response(leases))
                    else:
                        await consumer.woken()
                await reader
            finally:
                reader.cancel()

    async def _read(self, requests: AsyncIterator[wire.StreamingPullRequest], consumer: Consumer) -> None:
        try:
            self._apply(self._first)
            async for request in requests:
                self._apply(request)
        finally:
            consumer.wake()

    def _apply(self, request: wire.StreamingPullRequest) -> None:
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise InvalidArgument("modify_deadline_ack_ids and modify_deadline_seconds differ in length.")
        if request.stream_ack_deadline_seconds:
            self._deadline_s = request.stream_ack_deadline_seconds
        if request.ack_ids:
            self._subscription.acknowledge(request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            self._subscription.modify_deadline([ack_id], seconds)

    def _response(self, leases: list[Lease]) -> wire.StreamingPullResponse:
        return wire.StreamingPullResponse(received_messages=[self._subscription.received(lease) for lease in leases])
