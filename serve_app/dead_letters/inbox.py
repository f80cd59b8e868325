"""What is dead-lettered now: failure records of unfinished runs, and what waits on the dead-letter subscription.

A shard's record in the bucket is what counts; its message only says so too, and is acknowledged once the failure is
resolved. A notification that could not be accepted exists as a message alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from google.api_core import exceptions as api

from actors.errors import DropforgeError
from actors.model.failure import Failure
from actors.trace_context import received
from serve_app.model.dead_letter import Entry, Key
from serve_app.pubsub.dead_letter_topic import DeadLetterSource, PulledMessage
from serve_app.pubsub.gcs_event import Notification
from serve_app.runs.run_registry import RunRegistry

logger = logging.getLogger("dropforge.dead_letters")

_MOST_MESSAGES = 10_000


class Inbox:
    """Lists dead letters and acknowledges their messages. `accept` handles a notification like a new one."""

    def __init__(
        self,
        registry: RunRegistry,
        messages: DeadLetterSource,
        accept: Callable[[Mapping[str, str]], Awaitable[object]],
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._accept = accept

    async def entries(self) -> list[Entry]:
        """Everything dead-lettered; messages stay available. Without the subscription, what the bucket knows."""
        entries = await asyncio.to_thread(self._failed)
        pulled = await self._pull()
        await asyncio.to_thread(self._messages.release, pulled)
        for message in pulled:
            key = _key(message)
            if key in entries:
                entries[key] = entries[key].model_copy(update={"in_topic": True})
            elif (entry := _notification(message)) is not None:
                entries[entry.key] = entry
            elif await self._is_stray(message):
                stray = _stray(message)
                entries[stray.key] = stray
        return list(entries.values())

    async def discard(self, strays: frozenset[Key]) -> int:
        """Acknowledges these strays; how many there were."""
        pulled = await self._pull()
        gone = [message for message in pulled if _stray(message).key in strays and await self._is_stray(message)]
        await self._acknowledge(gone, pulled)
        return len(gone)

    async def accept(self, notifications: frozenset[Key]) -> int:
        """Accepts these notifications and acknowledges their messages; how many could be accepted."""
        pulled = await self._pull()
        accepted: list[PulledMessage] = []
        try:
            for message in pulled:
                entry = _notification(message)
                if entry is not None and entry.key in notifications and await self._accepts(message):
                    accepted.append(message)
        finally:
            await self._acknowledge(accepted, pulled)
        return len(accepted)

    async def acknowledge_resolved(self) -> int:
        """Acknowledges the messages whose failures are resolved; how many there were."""
        pulled = await self._pull()
        resolved: list[PulledMessage] = []
        try:
            for message in pulled:
                letter = message.letter
                if letter is not None and await asyncio.to_thread(self.resolved, letter.failure):
                    resolved.append(message)
        finally:
            await self._acknowledge(resolved, pulled)
        return len(resolved)

    def resolved(self, failure: Failure) -> bool:
        """Whether the shard has its part, the run has come past its failure, or has its result. Blocking."""
        records = self._registry.records(failure.run_id)
        if failure.shard is not None and records.part(failure.shard) is not None:
            return True
        if failure.shard is None and records.failure(None) is None:
            return True
        return records.manifest() is not None

    async def _accepts(self, message: PulledMessage) -> bool:
        """Whether the notification is accepted this time; one that is not keeps no other from it."""
        try:
            await self._accept(message.attributes)
        except DropforgeError as error:
            logger.warning("A replay could not accept the notification in message %s: %s", message.message_id, error)
            return False
        return True

    async def _is_stray(self, message: PulledMessage) -> bool:
        """Whether nothing can ever come of a message: it is no dead letter, or its run's records are gone."""
        if message.letter is not None:
            records = self._registry.records(message.letter.failure.run_id)
            return await asyncio.to_thread(records.run) is None
        return _notification(message) is None

    async def _pull(self) -> list[PulledMessage]:
        try:
            return await asyncio.to_thread(self._messages.pull, _MOST_MESSAGES)
        except api.GoogleAPIError as error:
            logger.warning("Could not read the dead-letter subscription; listing only what is in the bucket: %s", error)
            return []

    async def _acknowledge(self, gone: Iterable[PulledMessage], pulled: Iterable[PulledMessage]) -> None:
        """Acknowledges what is `gone`, and makes the other messages that were pulled available again."""
        ids = {message.ack_id for message in gone}
        await asyncio.to_thread(self._messages.acknowledge, gone)
        await asyncio.to_thread(self._messages.release, [message for message in pulled if message.ack_id not in ids])

    def _failed(self) -> dict[Key, Entry]:
        entries: dict[Key, Entry] = {}
        for run_id in dict.fromkeys([*self._registry.incomplete_run_ids(), *self._registry.open_run_ids()]):
            records = self._registry.records(run_id)
            run = records.run()
            failures = [failure for failure in records.failures() if not failure.replay]
            if run is None or not failures:
                continue
            done = {part.shard for part in records.parts()}
            for failure in failures:
                if failure.shard not in done:
                    entry = Entry.of(failure, run.drop, run.trace)
                    entries[entry.key] = entry
        return entries


def _key(message: PulledMessage) -> Key | None:
    if message.letter is None:
        return None
    failure = message.letter.failure
    return failure.run_id, failure.shard.index if failure.shard else None


def _stray(message: PulledMessage) -> Entry:
    return Entry.of_stray(message.message_id, message.size, message.attributes, message.published_at)


def _notification(message: PulledMessage) -> Entry | None:
    """The entry of a notification that Pub/Sub dead-lettered; None where a message is something else."""
    if message.letter is not None:
        return None
    try:
        drop = Notification.parse(message.attributes).drop
    except DropforgeError:
        return None
    return Entry.of_notification(drop, message.attributes, message.published_at, received(message.attributes))
