"""A fetcher fetches a run's URL once: its rows share the fetch that is under way, and what it gave for a while after.

Variants of a product have its image in common, and a shop has one picture for "no image". Which of the rows asks first
changes no cell: each still gets an object of its own.
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
    """A URL as one run knows it; another run asks for it anew."""

    run_folder: str
    url: str


class SharedFetches:
    """The fetches under way, and the bodies of the last ones up to `kept_bytes` in all. For one event loop.

    A failure is shared with those who waited for it and not kept: whoever comes later asks again. `hold` makes a body
    of bytes that need not be fetched, once it has a place among the replica's images.
    """

    def __init__(self, hold: Callable[[bytes], Awaitable[Body]], *, kept_bytes: int) -> None:
        self._hold = hold
        self._kept: LRUCache[RunUrl, bytes] = LRUCache(kept_bytes, getsizeof=len)
        self._under_way: dict[RunUrl, asyncio.Future[bytes | None]] = {}

    async def fetch(self, url: RunUrl, fetch: Callable[[], Awaitable[Body]]) -> Body:
        """What `fetch()` gives, or gave for another row of the run. Raises what it raises."""
        while (under_way := self._under_way.get(url)) is not None:
            data = await asyncio.shield(under_way)
            if data is not None:  # else it was cancelled with its shard, and somebody else has to fetch
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
            under_way.exception()  # looked at: nobody may be waiting
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
