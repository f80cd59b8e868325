"""Push delivery: each message is an HTTP request; the status of the answer acknowledges it or not."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from . import wire
from .lease import Lease
from .subscription import Subscription

logger = logging.getLogger(__name__)

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
_CONCURRENCY = 16


def envelope(received: wire.ReceivedMessage, subscription: str) -> bytes:
    """A push request's JSON body in wrapped form.

    Rule: https://cloud.google.com/pubsub/docs/push#receive_push. `messageId` and `publishTime` are included in both
    spellings; empty fields are omitted.
    """
    sent = received.message
    published = sent.publish_time.ToJsonString()
    message: dict[str, Any] = {
        "messageId": sent.message_id,
        "message_id": sent.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    if sent.attributes:
        message["attributes"] = dict(sent.attributes)
    if sent.data:
        message["data"] = base64.b64encode(sent.data).decode()
    if sent.ordering_key:
        message["orderingKey"] = sent.ordering_key
    body: dict[str, Any] = {"message": message, "subscription": subscription}
    if received.delivery_attempt:
        body["deliveryAttempt"] = received.delivery_attempt
    return json.dumps(body).encode()


async def deliver(subscription: Subscription) -> None:
    """Pushes the subscription's messages while it has a push endpoint; returns when the subscription is deleted."""
    threads = ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="push")
    try:
        with subscription.consumer(max_messages=_CONCURRENCY) as consumer:
            async with asyncio.TaskGroup() as pushes:
                while not subscription.deleted:
                    if subscription.config.push_config.push_endpoint:
                        for lease in subscription.take(consumer, subscription.config.ack_deadline_seconds):
                            pushes.create_task(_push(subscription, lease, threads))
                    await consumer.woken()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


async def _push(subscription: Subscription, lease: Lease, threads: ThreadPoolExecutor) -> None:
    endpoint = subscription.config.push_config.push_endpoint
    body = envelope(subscription.received(lease), subscription.name)
    try:
        status = await _post(endpoint, body, subscription.config.ack_deadline_seconds, threads)
    except (OSError, HTTPException, TimeoutError) as error:
        outcome, acknowledged = repr(error), False
    else:
        outcome, acknowledged = f"status {status}", status in ACKNOWLEDGING
    try:
        if acknowledged:
            subscription.acknowledge([lease.ack_id])
        else:
            logger.warning("Push of %s to %s failed and will be retried: %s", lease.ack_id, endpoint, outcome)
            subscription.modify_deadline([lease.ack_id], 0)
    except Exception:
        logger.exception("Could not store the answer to %s; it is pushed again after its deadline", lease.ack_id)


async def _post(endpoint: str, body: bytes, timeout_s: float, threads: ThreadPoolExecutor) -> int:
    """The status of the answer. Raises `OSError`, `HTTPException` or `TimeoutError` when there is no answer."""
    url = urlsplit(endpoint)
    connection_class = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = connection_class(url.netloc.rpartition("@")[2], timeout=timeout_s)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")

    def post() -> int:
        with closing(connection):
            connection.request("POST", target, body, {"Content-Type": "application/json"})
            return connection.getresponse().status

    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.get_running_loop().run_in_executor(threads, post)
    finally:
        waiting = connection.sock
        if waiting is not None:  # the thread is still waiting for the answer: unblock it
            with suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)
