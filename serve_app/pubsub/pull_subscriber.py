"""The pull subscription: each message is handled, then acknowledged.

On stop, callbacks end first, their acknowledgements are flushed while the stream shuts down, and only then is the
client closed: in this order no acknowledgement is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber.futures import StreamingPullFuture
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler

from actors.errors import Code, DropforgeError

logger = logging.getLogger("dropforge.subscriber")

Handle = Callable[[Mapping[str, str]], Coroutine[Any, Any, object]]

_DRAIN_S = 15.0
_RECONNECT_S = (0.5, 30.0)
_WEDGED_S = 600.0
"""A message that is handled for longer is stuck: the retries of the bucket's client end much sooner."""


class Subscriber:
    """Calls `handle` with the attributes of each message of a subscription, on the event loop that called `start`.

    A message is acknowledged when `handle` returns and nacked when it raises; the subscription's retry and
    dead-letter policies apply to messages that keep failing. `at_a_time` messages are handled concurrently. A broken
    stream is opened again, and so is one without a message for `silent_s` seconds: a stream that no longer delivers
    can't be told from a subscription without messages (googleapis/python-pubsub#394).
    """

    def __init__(self, project: str, subscription: str, handle: Handle, *, at_a_time: int, silent_s: float) -> None:
        self._path = pubsub_v1.SubscriberClient.subscription_path(project, subscription)
        self._handle = handle
        self._at_a_time = at_a_time
        self._silent_s = silent_s
        self._client: pubsub_v1.SubscriberClient | None = None
        self._stream: StreamingPullFuture | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._stopping = False
        self._sign_at = time.monotonic()
        self._handling: dict[str, float] = {}
        self.last_message_at: float | None = None
        self.broken: str | None = "not connected yet"

    async def start(self) -> None:
        self._supervision = asyncio.create_task(self._supervise())

    def check(self) -> None:
        """Raises `INTERNAL` when this process no longer handles messages, so that only a restart helps.

        A stream that Pub/Sub or the network breaks does not raise: it is opened again, and `broken` says why.
        """
        now = time.monotonic()
        if self._supervision is not None and self._supervision.done() and not self._stopping:
            end = "cancelled" if self._supervision.cancelled() else repr(self._supervision.exception())
            raise DropforgeError(Code.INTERNAL, f"The subscriber of {self._path} has stopped: {end}")
        oldest = min(list(self._handling.values()), default=now)  # a copy: callbacks change it
        if now - oldest > _WEDGED_S:
            raise DropforgeError(
                Code.INTERNAL, f"A message of {self._path} has been processed for {now - oldest:.0f} s without an end."
            )
        if now - self._sign_at > 2 * self._silent_s + _DRAIN_S:
            silent_s = now - self._sign_at
            raise DropforgeError(
                Code.INTERNAL,
                f"The stream of {self._path} has delivered nothing for {silent_s:.0f} s and could not be reopened.",
            )

    async def stop(self) -> None:
        """Ends the stream after every message in process is finished and its acknowledgement sent."""
        self._stopping = True
        if self._stream is not None:
            self._stream.cancel()
        if self._supervision is not None:
            await asyncio.wait({self._supervision}, timeout=_DRAIN_S)
            self._supervision.cancel()

    async def _supervise(self) -> None:
        delay_s = _RECONNECT_S[0]
        while not self._stopping:
            opened = self._sign_at = time.monotonic()
            try:
                await self._stream_once()
            except Exception as error:  # whatever ends a stream, it is opened again, and the health report says why
                self.broken = f"{type(error).__name__}: {str(error)[:300]}"
                logger.warning("The stream of %s broke; reopening it: %s", self._path, self.broken)
            if not self._stopping:
                delay_s = _RECONNECT_S[0] if time.monotonic() - opened > 60 else min(delay_s * 2, _RECONNECT_S[1])
                await asyncio.sleep(delay_s)

    async def _stream_once(self) -> None:
        loop = asyncio.get_running_loop()
        client = pubsub_v1.SubscriberClient()
        threads = ThreadPoolExecutor(self._at_a_time, thread_name_prefix="notifications")

        def callback(message: Message) -> None:
            self.last_message_at = time.time()
            self._sign_at = self._handling[message.ack_id] = time.monotonic()
            try:
                asyncio.run_coroutine_threadsafe(self._handle(message.attributes), loop).result()
            except DropforgeError as error:
                logger.warning("Nacked message %s, which Pub/Sub will redeliver: %s", message.message_id, error)
                message.nack()
            except BaseException:
                message.nack()
                raise
            else:
                message.ack()
            finally:
                del self._handling[message.ack_id]

        stream = self._stream = client.subscribe(
            self._path,
            callback=callback,
            flow_control=pubsub_v1.types.FlowControl(max_messages=self._at_a_time),
            scheduler=ThreadScheduler(executor=threads),
            await_callbacks_on_shutdown=True,
        )
        self.broken = None
        try:
            ended = asyncio.create_task(asyncio.to_thread(stream.result))
            while not (await asyncio.wait({ended}, timeout=self._silent_s / 4))[0]:
                if time.monotonic() - self._sign_at > self._silent_s:
                    stream.cancel()
            ended.result()
        finally:
            client.close()
