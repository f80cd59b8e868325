"""The pull subscription: each notification is handled, then acknowledged.

The drain order on stop is the one that loses no acknowledgement: callbacks end first, their acks are
flushed while the stream shuts down, and only then is the client closed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor

from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber.futures import StreamingPullFuture
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler

from actors.errors import Code, DropforgeError

logger = logging.getLogger("dropforge.subscriber")

Handle = Callable[[Mapping[str, str]], Coroutine[None, None, None]]

_DRAIN_S = 15.0
_RECONNECT_S = (0.5, 30.0)
_WEDGED_S = 600.0
"""No handling of a message takes this long: the bucket's own retries end far sooner."""


class Subscriber:
    """Streams one subscription into `handle`, which runs on the event loop that called `start`.

    A message is acknowledged when `handle` returns and handed back when it raises; Pub/Sub's retry and
    dead-letter policy decide what becomes of one that keeps failing. A broken stream is opened again, and so is one
    without a message for `silent_s` seconds: a stream that has gone silent looks like one with nothing to say
    (googleapis/python-pubsub#394).
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
        """Raises `INTERNAL` where this process would take no message though Pub/Sub had one.

        A stream that Pub/Sub or the network breaks is opened again: `broken` says so, and no restart would help.
        """
        now = time.monotonic()
        if self._supervision is not None and self._supervision.done() and not self._stopping:
            end = "cancelled" if self._supervision.cancelled() else repr(self._supervision.exception())
            raise DropforgeError(Code.INTERNAL, f"The subscriber of {self._path} has ended: {end}")
        oldest = min(list(self._handling.values()), default=now)  # a copy: callbacks change it
        if now - oldest > _WEDGED_S:
            raise DropforgeError(Code.INTERNAL, f"A message of {self._path} is handled for {now - oldest:.0f} s.")
        if now - self._sign_at > 2 * self._silent_s + _DRAIN_S:
            silent_s = now - self._sign_at
            raise DropforgeError(
                Code.INTERNAL, f"The stream of {self._path} is silent for {silent_s:.0f} s and can't be opened anew."
            )

    async def stop(self) -> None:
        """Ends the stream once every message under way is handled and its ack is sent."""
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
            except Exception as error:  # whatever ends a stream, another one is opened, and the health says so
                self.broken = f"{type(error).__name__}: {str(error)[:300]}"
                logger.warning("The stream of %s broke and is opened again: %s", self._path, self.broken)
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
                logger.warning("Message %s is handed back: %s", message.message_id, error)
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
