"""The uploads of the watched bucket that have no run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime

from actors.model.drop import Drop
from actors.storage.bucket import Bucket
from actors.storage.object_info import ListedObject
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import MissedUpload
from serve_app.runs.run_registry import RunRegistry

from .known_runs import KnownRuns


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which an object must have been uploaded, by the store's clock; None: no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, moment: datetime) -> bool:
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the objects: how many there are, how many of them are drops of the window, and those without a run."""

    listed: int
    matching: int
    missed: tuple[MissedUpload, ...]


class Uploads:
    """Looks at the newest generation of each object of `source`; older ones are of no use any more."""

    def __init__(self, settings: Settings, source: Bucket, registry: RunRegistry) -> None:
        self._settings = settings
        self._source = source
        self._registry = registry

    async def pages(self, prefix: str, window: Window) -> AsyncIterator[Page]:
        """All objects below the prefix, a page at a time, so that other work goes on in between.

        Cloud Storage lists by name alone, so every object is listed: one request for 1,000. Beyond that only the drops
        of the window cost anything. Raises what `Bucket` raises.
        """
        listing, known = self._source.pages(prefix), KnownRuns(self._registry)
        while (page := await asyncio.to_thread(self._next, listing, known, window)) is not None:
            yield page

    def _next(self, listing: Iterator[list[ListedObject]], known: KnownRuns, window: Window) -> Page | None:
        listed = next(listing, None)
        if listed is None:
            return None
        bucket, watches = self._source.name, self._settings.watches
        drops = {
            Drop(bucket, found.name, found.generation): found
            for found in listed
            if window.has(found.created) and watches(bucket, found.name)
        }
        missed = tuple(_missed(drop, drops[drop]) for drop in known.missing(list(drops)))
        return Page(len(listed), len(drops), missed)


def _missed(drop: Drop, found: ListedObject) -> MissedUpload:
    return MissedUpload(drop=drop, run_id=drop.run_id, size=found.size, uploaded_at=found.created)
