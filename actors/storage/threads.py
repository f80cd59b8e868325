"""The number of blocking calls that a replica can have open at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from .bucket import CONNECTIONS


def one_for_each_connection() -> None:
    """Gives `asyncio.to_thread` a thread for each of a storage client's connections, instead of a few per core.

    Call it on the event loop that will use the threads.
    """
    threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="blocking")
    asyncio.get_running_loop().set_default_executor(threads)
