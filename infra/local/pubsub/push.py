"""Push delivery: each message is an HTTP request; the status of the answer acknowledges it or not."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
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
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
"""What HTTP allows ("HTTP Semantics", RFC 9110, section 5), so that no attribute can add a header of its own."""


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


def request_of(received: wire.ReceivedMessage, config: wire.Subscription) -> tuple[dict[str, bytes], bytes]:
    """The headers and the body of a push request.

    With `no_wrapper`, the body is the message's data. With its `write_metadata`, the message's metadata are in
    `x-goog-pubsub-<KEY>` headers, and its attributes in `<KEY>` headers (`PushConfig.NoWrapper`, Pub/Sub API v1), in
    UTF-8 (as Google's emulator 0.8.20 sends them). Attributes that make no header are left out.
    """
    if not config.push_config.HasField("no_wrapper"):
        return {"Content-Type": b"application/json"}, envelope(received, config.name)
    sent = received.message
    if not config.push_config.no_wrapper.write_metadata:
        return {}, sent.data
    metadata = {
        "subscription-name": config.name,
        "message-id": sent.message_id,
        "publish-time": sent.publish_time.ToJsonString(),
        "ordering-key": sent.ordering_key,
    }
    texts = dict(sent.attributes) | {f"x-goog-pubsub-{key}": value for key, value in metadata.items() if value}
    headers = {name: value.encode() for name, value in texts.items()}
    return {name: value for name, value in headers.items() if _is_header(name, value)}, sent.data


def _is_header(name: str, value: bytes) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None and _HEADER_VALUE.fullmatch(value) is not None


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
    headers, body = request_of(subscription.received(lease), subscription.config)
    try:
        status = await _post(endpoint, headers, body, subscription.config.ack_deadline_seconds, threads)
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


async def _post(
    endpoint: str, headers: dict[str, bytes], body: bytes, timeout_s: float, threads: ThreadPoolExecutor
) -> int:
    """The status of the answer. Raises `OSError`, `HTTPException` or `TimeoutError` when there is no answer."""
    url = urlsplit(endpoint)
    connection_class = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = connection_class(url.netloc.rpartition("@")[2], timeout=timeout_s)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")

    def post() -> int:
        with closing(connection):
            connection.request("POST", target, body, headers)
            return connection.getresponse().status

    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.get_running_loop().run_in_executor(threads, post)
    finally:
        waiting = connection.sock
        if waiting is not None:  # the thread is still waiting for the answer: unblock it
            with suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)
