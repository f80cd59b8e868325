"""Fetches each URL of a run once per fetcher: its rows share a running fetch, and its result for a while afterwards.

Variants of a product often have the same image, and a shop has one picture for "no image". Which of the rows is first
changes no cell: each row still gets an object of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache

from actors.errors import DropforgeError

from .download import Body


@dataclass(frozen=True, slots=True)
class RunUrl:
    """A URL in one run; other runs fetch it again."""

    run_folder: str
    url: str


class SharedFetches:
    """The running fetches, and a cache of the last bodies, of `kept_bytes` bytes in total. For one event loop.

    A failure is shared with the callers that waited for it, but not cached: later callers fetch again. `hold` makes a
    body from cached bytes, after it has waited for a place among the replica's images.
    """

    def __init__(self, hold: Callable[[bytes], Awaitable[Body]], *, kept_bytes: int) -> None:
        self._hold = hold
        self._kept: LRUCache[RunUrl, bytes] = LRUCache(kept_bytes, getsizeof=len)
        self._under_way: dict[RunUrl, asyncio.Future[bytes | None]] = {}

    async def fetch(self, url: RunUrl, fetch: Callable[[], Awaitable[Body]]) -> Body:
        """The result of `fetch()`, or of its call for another row of the run. Raises what `fetch` raises."""
        while (under_way := self._under_way.get(url)) is not None:
            data = await asyncio.shield(under_way)
            if data is not None:  # else it was cancelled with its shard, and another caller has to fetch
                return await self._hold(data)
        if (kept := self._kept.get(url)) is not None:
            return await self._hold(kept)
        return await self._lead(url, fetch)

    async def _lead(self, url: RunUrl, fetch: Callable[[], Awaitable[Body]]) -> Body:
        under_way = self._under_way[url] = asyncio.get_running_loop().create_future()
        try:
            body = await fetch()
        except DropforgeError as error:
            under_way.set_exception(error)
            under_way.exception()  # marks it as retrieved, because there may be no other caller
            raise
        else:
            under_way.set_result(body.data)
            if len(body.data) <= self._kept.maxsize:
                self._kept[url] = body.data
            return body
        finally:
            del self._under_way[url]
            if not under_way.done():
                under_way.set_result(None)
