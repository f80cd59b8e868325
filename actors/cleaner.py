"""The stage that turns descriptions into unique lemmas."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from . import liveness, logs
from .handoff import Handoff, ReadShard, hand_off
from .text.cleaner import DescriptionCleaner
from .text.settings import TextSettings


class Cleaner:
    """Holds the language model and the tables learned from earlier shards. CPU bound, one shard at a time."""

    def __init__(self, settings: TextSettings, project: str) -> None:
        logs.configure(project)
        self._cleaner = DescriptionCleaner(settings)
        # One thread, so that the replica's event loop stays free for health checks while a shard is cleaned.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clean")

    async def clean(self, read: Handoff) -> Handoff:
        """A string column of cleaned descriptions, in row order."""
        shard: ReadShard = await read.ref
        started = time.perf_counter()
        texts = shard.frame.rows.column("description").to_pylist()
        cleaned = await asyncio.get_running_loop().run_in_executor(self._thread, self._cleaner.clean, texts)
        column = pa.array(cleaned, type=pa.string())
        return hand_off(column, rows=len(cleaned), started=started, versions=self._cleaner.versions)

    async def check_health(self) -> None:
        """Cleans a word by the same path a shard takes; a wedged worker thread fails the check's time limit."""
        cleaned = await asyncio.get_running_loop().run_in_executor(self._thread, self._cleaner.clean, ["Shoes"])
        liveness.expect("The cleaned word", list(cleaned), ["shoe"])
