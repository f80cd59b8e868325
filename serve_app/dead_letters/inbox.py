"""What is dead-lettered now: failure records of unfinished runs, and what waits on the dead-letter subscription.

A shard's record in the bucket is what counts; its message only says so too, and is acknowledged once the
failure is resolved. A notification that could not be accepted exists as a message alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from google.api_core import exceptions as api

from actors.errors import DropforgeError
from actors.model.failure import Failure
from actors.trace_context import received
from serve_app.model.selection import Entry, Key
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription, PulledLetter
from serve_app.pubsub.gcs_event import Notification
from serve_app.runs.run_registry import RunRegistry

logger = logging.getLogger("dropforge.dead_letters")

_MOST_LETTERS = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A dead letter with what it came from; `failure` is None for a notification. `trace` is its `traceparent`."""

    entry: Entry
    failure: Failure | None
    trace: str


class Inbox:
    """Lists dead letters and clears their messages. `accept` takes a notification like a new one."""

    def __init__(
        self,
        registry: RunRegistry,
        queue: DeadLetterSubscription,
        accept: Callable[[Mapping[str, str]], Awaitable[None]],
    ) -> None:
        self._registry = registry
        self._queue = queue
        self._accept = accept

    async def items(self) -> list[Item]:
        """Everything dead-lettered; messages stay available. Without the topic, what the bucket knows."""
        items = await asyncio.to_thread(self._failed)
        pulled = await self._pull()
        await asyncio.to_thread(self._queue.release, pulled)
        for letter in pulled:
            key = _key(letter)
            if key in items:
                item = items[key]
                items[key] = replace(item, entry=item.entry.model_copy(update={"in_topic": True}))
            elif (entry := _notification(letter)) is not None:
                items[entry.key] = Item(entry, None, received(letter.attributes))
            elif await self._is_stray(letter):
                entry = _stray(letter)
                items[entry.key] = Item(entry, None, "")
        return list(items.values())

    async def discard(self, strays: frozenset[Key]) -> int:
        """Acknowledges these strays; how many there were."""
        pulled = await self._pull()
        gone = [letter for letter in pulled if _stray(letter).key in strays and await self._is_stray(letter)]
        await asyncio.to_thread(self._queue.acknowledge, gone)
        await asyncio.to_thread(self._queue.release, [letter for letter in pulled if letter not in gone])
        return len(gone)

    async def settle(self, notifications: frozenset[Key] = frozenset()) -> tuple[int, int]:
        """Acknowledges messages whose failures are resolved and accepts these notifications; how many of each."""
        pulled = await self._pull()
        resolved, accepted = [], []
        try:
            for letter in pulled:
                entry = _notification(letter)
                if entry is not None and entry.key in notifications:
                    if await self._accepts(letter):
                        accepted.append(letter)
                elif letter.letter is not None and await asyncio.to_thread(self.resolved, letter.letter.failure):
                    resolved.append(letter)
        finally:
            gone = {letter.ack_id for letter in (*resolved, *accepted)}
            await asyncio.to_thread(self._queue.acknowledge, [*resolved, *accepted])
            await asyncio.to_thread(self._queue.release, [letter for letter in pulled if letter.ack_id not in gone])
        return len(resolved), len(accepted)

    def resolved(self, failure: Failure) -> bool:
        """Whether the shard has its part, the run has come past its failure, or has its result. Blocking."""
        records = self._registry.records(failure.run_id)
        if failure.shard is not None and records.part(failure.shard) is not None:
            return True
        if failure.shard is None and records.failure(None) is None:
            return True
        return records.manifest() is not None

    async def _accepts(self, letter: PulledLetter) -> bool:
        """Whether the notification is accepted this time; one that is not keeps no other from it."""
        try:
            await self._accept(letter.attributes)
        except DropforgeError as error:
            logger.warning("Message %s was not accepted in a replay either: %s", letter.message_id, error)
            return False
        return True

    async def _is_stray(self, letter: PulledLetter) -> bool:
        """Whether nothing can ever come of a message: it is no dead letter, or its run's records are gone."""
        if letter.letter is not None:
            records = self._registry.records(letter.letter.failure.run_id)
            return await asyncio.to_thread(records.run) is None
        return _notification(letter) is None

    async def _pull(self) -> list[PulledLetter]:
        try:
            return await asyncio.to_thread(self._queue.pull, _MOST_LETTERS)
        except api.GoogleAPIError as error:
            logger.warning("The dead-letter subscription can't be read, the bucket's records stand alone: %s", error)
            return []

    def _failed(self) -> dict[Key, Item]:
        items: dict[Key, Item] = {}
        for run_id in dict.fromkeys([*self._registry.incomplete_run_ids(), *self._registry.open_run_ids()]):
            records = self._registry.records(run_id)
            run = records.run()
            failures = [failure for failure in records.failures() if not failure.replay]
            if run is None or not failures:
                continue
            done = {part.shard for part in records.parts()}
            for failure in failures:
                if failure.shard not in done:
                    entry = Entry.of(failure, run.drop)
                    items[entry.key] = Item(entry, failure, run.trace)
        return items


def _key(letter: PulledLetter) -> Key | None:
    if letter.letter is None:
        return None
    failure = letter.letter.failure
    return failure.run_id, failure.shard.index if failure.shard else None


def _stray(letter: PulledLetter) -> Entry:
    return Entry.of_stray(letter.message_id, letter.size, letter.attributes, letter.published_at)


def _notification(letter: PulledLetter) -> Entry | None:
    """The entry of a notification that Pub/Sub dead-lettered; None where a message is something else."""
    if letter.letter is not None:
        return None
    try:
        drop = Notification.parse(letter.attributes).drop
    except DropforgeError:
        return None
    return Entry.of_notification(drop, letter.attributes, letter.published_at)
