"""The stage that turns descriptions into unique lemmas."""

from __future__ import annotations

import time

import pyarrow as pa

from actors import logs
from actors.model.handoff import Handoff, ReadShard
from actors.text.cleaner import DescriptionCleaner
from actors.text.plain.settings import TextSettings
from actors.text.queue import TextQueue

from . import liveness
from .object_store import hand_off


class Cleaner:
    """Holds a text engine with the language model and what it learned. CPU bound, one call at a time."""

    def __init__(self, settings: TextSettings, project: str) -> None:
        logs.configure(project)
        self._cleaner = DescriptionCleaner(settings)
        self._queue = TextQueue(self._cleaner.clean, call_chars=self._cleaner.call_chars)

    async def clean(self, read: Handoff[ReadShard]) -> Handoff[pa.StringArray]:
        """A string column of cleaned descriptions, in row order."""
        shard = await read.ref
        cleaned = await self._queue.clean(shard.frame.rows.column("description").to_pylist())
        column = pa.array(cleaned.cells, type=pa.string())
        return hand_off(
            column, rows=len(column), started=time.perf_counter() - cleaned.seconds, versions=self._cleaner.versions
        )

    async def check_health(self) -> None:
        """Cleans a word by the same path a shard takes, ahead of those that wait.

        A wedged worker thread fails the check's time limit.
        """
        cleaned = await self._queue.clean(["Shoes"], ahead=True)
        liveness.expect("The cleaned word", cleaned.cells, ["shoe"])
